"""How this very program is started again in another process."""

import sys


def python(statements: str) -> list[str]:
    """A command that runs statements in a Python like this one, with the same packages.

    -P: what lies in the folder where a person happens to be, next to logs of strangers, is never imported.
    """
    return [sys.executable, "-P", "-c", f"import sys; sys.path[:] = {sys.path!r}; {statements}"]
