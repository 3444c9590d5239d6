"""The command `sotto servers`."""

from __future__ import annotations

import argparse

from app.cli.console import Console
from app.contracts.errors import Unavailable


def servers(options: argparse.Namespace, console: Console) -> int:
    """Run it; returns the exit code."""
    raise Unavailable(f"{console} {options.command} is not there yet.")
