#!/usr/bin/env bash
# What `make run` starts: the window where there is a screen, otherwise one question to the terminal.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if .venv/bin/python -P -c 'import sys; from app.cli.display import reachable_display; sys.exit(not reachable_display())'; then
    exec .venv/bin/sotto
fi
echo "No screen here, so Sotto answers a recording in the terminal: sotto ask --audio assets/recordings/capital-of-france.wav" >&2
exec .venv/bin/sotto ask --audio assets/recordings/capital-of-france.wav
