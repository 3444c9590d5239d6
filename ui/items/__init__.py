"""Quick items drawn by ourselves, where QML has nothing that is safe enough for text from a model."""
