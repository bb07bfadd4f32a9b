"""`shindan`, also as `python -m tui`."""

from diagnostics.interruption import leave_when_interrupted


def main() -> None:
    """The `shindan` command."""
    leave_when_interrupted("shindan")
    from tui.cli import main as shindan  # noqa: PLC0415 - not before Ctrl-C is taken care of

    shindan()


if __name__ == "__main__":
    main()
