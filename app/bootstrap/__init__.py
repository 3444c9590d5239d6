"""Where everything is put together: `core` for every terminal command, `desktop` only to open the window."""
