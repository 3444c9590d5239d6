"""The window: it shows events and passes on keys. Nothing is decided here that a terminal would decide too."""
