"""Models compiled for an NPU or a graphics processor: made in the background, kept by version, checked before use."""
