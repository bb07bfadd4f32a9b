"""From jobs and hits on component instances to the probability of each cause, and to a verdict."""

from diagnostics.localize.inference import Posterior, infer

__all__ = ["Posterior", "infer"]
