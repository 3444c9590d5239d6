"""The person's documents: read in the sandbox, cut into passages, indexed, and found again.

`readers` and `parsing` run in the sandbox child only; `index` is what everybody else uses.
"""
