"""Routines: workflows a person makes by saying them, keeps, and finds again by meaning."""
