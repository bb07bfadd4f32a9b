"""From jobs and hits on component instances to the probability of each cause, and to a verdict."""

from diagnostics.localize.inference import Posterior, infer
from diagnostics.localize.judge import Judgement, judge

__all__ = ["Judgement", "Posterior", "infer", "judge"]
