"""`sotto bench`: measures a spoken turn, the overhead over the bare libraries, and the window, beside the promises."""
