"""Skills: what answers without, or before, the language model."""
