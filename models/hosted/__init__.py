"""The ports, implemented over a host process."""
