"""What the person asked Sotto to remember: kept, listed, deleted, and brought to mind when it matters."""
