"""Calculations and units of measure, exactly and without a language model."""
