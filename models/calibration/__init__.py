"""How fast and how costly each model is on each device of this machine: measured, kept, and measured again when due."""
