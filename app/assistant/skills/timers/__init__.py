"""Timers, alarms and reminders: set by words, kept over restarts, rung on time."""
