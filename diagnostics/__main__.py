"""`python -m diagnostics` is `diagnose`."""

from diagnostics.cli import main

if __name__ == "__main__":
    main()
