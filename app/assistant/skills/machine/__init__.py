"""How this machine is doing: battery, watts, heat, memory, disk, load, and the model in use."""
