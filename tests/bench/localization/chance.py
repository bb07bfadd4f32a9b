"""Random numbers that a name reproduces."""

from random import Random


def chance_of(*names: object) -> Random:
    """A stream of random numbers of its own, so that taking evidence away changes nothing else."""
    return Random(" ".join(map(str, names)))  # noqa: S311 - reproducible, not secret
