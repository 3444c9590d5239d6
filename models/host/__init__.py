"""The host process: a model library in a child, supervised, reached through pipes."""
