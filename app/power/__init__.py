"""Watts, degrees and joules: read, accounted for, acted on. Every figure says whether it was measured or estimated."""
