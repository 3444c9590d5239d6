"""Joules: the device model, the accounts that share them out, the days, the comparison."""
