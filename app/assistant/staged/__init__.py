"""The seven stages of an answer, and how one leads to the next."""
