"""Where things lie, what the person chose, and which profile is in force."""
