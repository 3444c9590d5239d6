"""Figures and traces of runs for those who watch over programs. Off unless somebody switches it on.

The only package that knows prometheus_client and opentelemetry, both of which come with the extra ``telemetry``.
"""
