"""From a verdict to its proof: the causes that it names are run in the lab, and what that logs is compared."""
