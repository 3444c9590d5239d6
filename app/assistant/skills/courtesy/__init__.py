"""Thanks, greetings and a word to stop: answered at once, without a language model."""
