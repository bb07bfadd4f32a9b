"""Long runs of what must not lose or hide anything: `python -m tests.bench.durability --help`."""
