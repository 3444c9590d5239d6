"""Engines for speech synthesis."""
