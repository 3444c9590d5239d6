"""The `sotto` command: a consumer of the same event stream as the window, for people and for scripts."""
