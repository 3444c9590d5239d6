"""How sure an answer is: from what a model shows of itself to a number that means how often such answers are right.

Fitting and scoring need numpy and run in the benchmark only; applying a fitted mapping needs arithmetic.
"""
