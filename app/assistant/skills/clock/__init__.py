"""What time it is here and elsewhere, and how far one day is from another."""
