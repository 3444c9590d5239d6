"""Sensors: each platform's own, behind `app.power.sensors.sample.Sensors`. Looking wakes nothing."""
