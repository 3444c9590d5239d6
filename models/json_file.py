"""Small JSON files that somebody else wrote, beside a model for instance."""

from __future__ import annotations

import json
from pathlib import Path

from models.host.engine import JsonValue


def read_object(path: Path) -> dict[str, JsonValue]:
    """The JSON object in a file; empty when it is not there, is damaged, or holds something else."""
    try:
        content: JsonValue = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
