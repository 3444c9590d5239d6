"""Engines for embeddings."""
