"""From a verdict to its proof: the causes that it suspects are run in the lab, and what that logs is compared.

`suspicion` chooses the causes, `laboratory` builds a lab like the case, `running` runs them; `signature` is what a case
logged, `likeness` how alike two are, `conclusion` what that says of the verdict.
"""

from diagnostics.reproduce.running import Bounds, reproduce, reproducing

__all__ = ["Bounds", "reproduce", "reproducing"]
