"""The processors of this machine as the system itself lists them, read without waking one."""
