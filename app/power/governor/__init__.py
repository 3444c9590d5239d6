"""The policy that reads sensors and decides which devices may run: a pure function, and what keeps it fed."""
