"""Which processors this machine has, what each runtime says of them, and whether what ran there can be trusted.

Why it exists: a driver may be missing, out of date, forbidden or broken, and every runtime finds that out in its own
way, some by ending the process. Libraries are asked in child processes only (`models.devices.probe`), the hardware is
read from the system's own tree, and both together make one verdict per device with one thing to do about it.
"""
