"""The assistant without a screen and without a model library: what it is, apart from how it looks and runs."""
