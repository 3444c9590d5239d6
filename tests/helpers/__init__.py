"""Shared by tests: virtual sound and screen, fakes, fixtures."""
