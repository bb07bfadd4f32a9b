"""How property tests run: without deadlines, for machines are noisy; the same examples in CI, new ones everywhere else."""

import os

from hypothesis import settings

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
