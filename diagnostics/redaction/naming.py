"""What files and folders of a copy are called: as before, with pseudonyms; each tells the machine that it told."""

from collections.abc import Collection

from diagnostics.evidence.machines import machine_in
from diagnostics.redaction.folding import fold
from diagnostics.redaction.rewriting import Rewriter

_LETTERS = str.maketrans("0123456789", "abcdefghij")


def targets(
    names: Collection[str], rewriter: Rewriter, machines: Collection[str], *, of_one_input: bool
) -> dict[str, str]:
    """Name of a document -> its path below the copy, with slashes; no two differ in case only.

    What was handed in is itself a folder of the copy where there are several, or where its name tells a machine.
    `machines` are the pseudonyms of machines.
    """
    renamed = {name: [_part(part, rewriter, machines) for part in name.split("/")] for name in sorted(names)}
    roots = {name.partition("/")[0] for name in names}
    if of_one_input and len(roots) == 1 and all("/" in name for name in names):
        (root,) = roots
        if _part(root, rewriter, machines) == root and not machine_in(root):
            renamed = {name: parts[1:] for name, parts in renamed.items()}
    taken: set[str] = set()
    found: dict[str, str] = {}
    for name, (*folders, file) in renamed.items():
        number, path = 1, "/".join((*folders, file))
        while fold(path) in taken:
            number += 1
            stem, dot, ending = file.rpartition(".")
            path = "/".join((*folders, f"{stem}-{number}{dot}{ending}" if dot else f"{file}-{number}"))
        taken.add(fold(path))
        found[name] = path
    return found


def _part(part: str, rewriter: Rewriter, machines: Collection[str]) -> str:
    made = rewriter.words(part)
    told = machine_in(made)
    if made != part and told and not machine_in(part) and told.partition(".")[0].upper() not in machines:
        made = made.translate(_LETTERS)  # a pseudonym with a number in it would be taken for a machine's name
    return made
