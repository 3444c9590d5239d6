"""Open questions answered in stages: a quick answer, a deeper one, and both brought together."""
