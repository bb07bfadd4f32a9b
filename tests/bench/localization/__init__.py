"""How well faults are localized: generated nights through the ordinary road, beside three yardsticks.

setting (the numbers) -> site (machines) -> faults (what is broken, which jobs it fails) -> signals (the rules' own
sample events, placed) -> night (a `Reading`, and the truth) -> trial (verdict and yardsticks on it) -> table.
"""
