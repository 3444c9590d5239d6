"""Scripted stand-ins for every port: no library, no device, no model; what they are asked is recorded.

Why it exists: `sotto --demo` runs the whole window on them, and tests tell them what to answer and how to fail.
Those in `models.fakes.engines` and `models.fakes.trouble` run inside a real host process instead.
"""
