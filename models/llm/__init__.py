"""Engines for language models."""
