"""The assistant itself: one turn from key press to the last spoken word, as one stream of events."""
