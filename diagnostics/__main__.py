"""`diagnose`, also as `python -m diagnostics`."""

from diagnostics.interruption import leave_when_interrupted


def main() -> None:
    """The `diagnose` command."""
    leave_when_interrupted("diagnose")
    from diagnostics.cli import main as diagnose  # noqa: PLC0415 - not before Ctrl-C is taken care of

    diagnose()


if __name__ == "__main__":
    main()
