"""What the words are taken for: intent, values, confidence and complexity, without a language model."""
