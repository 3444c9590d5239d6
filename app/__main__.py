"""`python -m app` is the `sotto` command, for places where the script is not on the PATH."""

from __future__ import annotations

from app.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
