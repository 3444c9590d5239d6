"""Sound and the text that becomes sound: capture, playback, the voice gate, sentences and their spoken form."""
