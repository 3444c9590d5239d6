"""Pipelines: YAML in, running stages out.

`definition` is what a file says, `plan` what it comes to on this machine, `runner` what happens then. Everything a
stage may use stands in `tools`; what it hands on goes through its `outlet`.
"""
