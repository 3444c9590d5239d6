"""How a text stage gets its answer: from one tier, up a ladder, from several experts, or from a draft that is verified.

Each way is a `steps.Strategy`; monitor, confidence and guard work on the steps as they come.
"""
