"""Engines for voice activity."""
