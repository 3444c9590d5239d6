"""Models on disk: what is installed, how it came here, and whether it is what it says."""
