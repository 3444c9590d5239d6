"""Lists of things and notes: filled, ticked off, read out and cleared by words and by card."""
