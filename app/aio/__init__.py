"""Small tools over asyncio: owned tasks, bounded channels, the processor lease, a clock.

Why it exists: a task without an owner loses its error, a queue without a bound hides a stall, and two heavy engines at
full width are many times slower than one after the other. Each of these is solved here once. Uses the contracts only.
"""
