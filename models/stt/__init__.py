"""Engines for speech recognition."""
