"""Watts, degrees and joules. Today every figure is an estimate from a device model, and says so."""
