"""`python -m tui` is `shindan`."""

from tui.cli import main

if __name__ == "__main__":
    main()
