"""The words every layer shares: events, ports, cards, capabilities and errors.

Why it exists: a turn is one stream of typed events, and every runtime, device and store stands behind a port. Both are
fixed here so that the layers above never need to know each other. Only the standard library may be imported, and data
that flows is frozen.
"""
