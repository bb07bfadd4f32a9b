"""Block sync against what people use instead: `python -m tests.bench.sync --help`."""
