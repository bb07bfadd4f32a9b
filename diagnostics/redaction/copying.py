"""The whole road: documents, the names in them, pseudonyms, and a copy of each document with these."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import IO

import msgspec

from diagnostics.evidence.document import Document, Tally
from diagnostics.evidence.intake import Intake
from diagnostics.evidence.inventory import SourceReport
from diagnostics.evidence.signatures import signature
from diagnostics.parsers.format import Format, everything
from diagnostics.parsing import Progress, choose_format
from diagnostics.redaction.addresses import Addresses
from diagnostics.redaction.eventlog import copy_log
from diagnostics.redaction.finds import Finds
from diagnostics.redaction.kinds import Kind
from diagnostics.redaction.known import known
from diagnostics.redaction.naming import targets
from diagnostics.redaction.output import Output
from diagnostics.redaction.pseudonyms import Pseudonym, assign
from diagnostics.redaction.rewriting import Rewriter
from diagnostics.redaction.secret import Secret
from diagnostics.redaction.survey import Survey
from diagnostics.redaction.texts import copy_text, pieces_of
from engine.sentence import Sentence

_EVENT_LOG = "evtx"
_TRACE, _COPIED_TEXT = "errlog", "event-text"
"""Documents whose readers tell no name that the text does not; of the latter, each machine and its roles."""
_ENOUGH = 20
"""Records of a kind that tell all that such a document's records tell."""
_PIECE = 1 << 20


class CancelledError(Exception):
    """The user has had enough; nothing is left behind."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants redacted, and how."""

    paths: tuple[str, ...]
    output: Path | None
    """None: look only."""
    key: bytes = b""
    keep: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


class LeftOut(msgspec.Struct, frozen=True):
    """A file that is not in the copy, or not all of it."""

    path: str
    why: str


class Redaction(msgspec.Struct, kw_only=True):
    """What was done."""

    files: int
    names: list[Pseudonym]
    """In the order of kinds and names."""
    shapes: dict[Kind, dict[str, str]]
    """Addresses and identifiers -> what stands for them."""
    places: Counter[Kind]
    common: list[str]
    """Names that are words of logs as well: replaced only where they stand alone."""
    left_out: list[LeftOut]
    untouched: frozenset[str]
    """Pieces of text that stayed as they were."""


def redact(wish: Wish, progress: Progress, stdin: IO[bytes] | None = None) -> Redaction:
    """Make the copy.

    Raises:
        UnreadableInput: a path does not exist.
        OSError: the copy cannot be written.
        CancelledError: as said.
    """
    with Intake(stdin=stdin) as intake:
        documents, left_out = _sorted_out(intake.documents(wish.paths), progress)
        left_out += [LeftOut(name, damage.why) for name, parts in intake.damage.items() for damage in parts]
        advanced = _watch(progress)
        progress.started(2 * sum(document.path.stat().st_size for document, _ in documents))
        finds = Finds(wish.keep, wish.also)
        survey = Survey(finds)
        digests = [_surveyed(document, form, survey, progress, advanced) for document, form in documents]
        survey.finish()
        secret = Secret(wish.key) if wish.key else None
        names = assign(finds.kinds, finds.spelled, survey.topology(), secret)
        addresses = Addresses(secret or Secret.of_input(digests), known().guids | finds.guids)
        rewriter = Rewriter(names, addresses, forced=finds.forced, keep=wish.keep, versions=finds.versions)
        with Output(wish.output) as output:
            modified, told = _copied(
                documents, output, rewriter, names.values(), progress, advanced, of_one=len(wish.paths) == 1
            )
            if modified:
                output.finish(modified)
    return Redaction(
        files=len(modified),
        names=sorted(names.values(), key=lambda name: (list(Kind).index(name.kind), name.stands.lower(), name.name)),
        shapes=dict(rewriter.shapes),
        places=rewriter.places,
        common=sorted(names[name].name for name in rewriter.common),
        left_out=sorted([*left_out, *told], key=lambda one: one.path),
        untouched=rewriter.untouched,
    )


_Chosen = tuple[Document, Format | None]


def _sorted_out(items: Iterable[Document | SourceReport], progress: Progress) -> tuple[list[_Chosen], list[LeftOut]]:
    """What can be redacted, and why the rest cannot."""
    documents: list[_Chosen] = []
    left_out: list[LeftOut] = []
    for item in items:
        if progress.cancelled():
            raise CancelledError
        if isinstance(item, SourceReport):
            left_out += [LeftOut(item.path, damage.why) for damage in item.damage] or [LeftOut(item.path, item.kind)]
            continue
        form = choose_format(item)
        if item.encoding or (form and form.kind == _EVENT_LOG):
            documents.append((item, form))
        else:
            left_out.append(LeftOut(item.name, _why_not(item)))
    return documents, left_out


def _why_not(document: Document) -> str:
    with document.path.open("rb") as file:
        known_as = signature(file.read(512))
    return known_as.told if known_as else Sentence("neither text nor an event log")


def _watch(progress: Progress) -> Callable[[int], None]:
    def advanced(count: int) -> None:
        if progress.cancelled():
            raise CancelledError
        progress.advanced(count)

    return advanced


def _surveyed(
    document: Document, form: Format | None, survey: Survey, progress: Progress, advanced: Callable[[int], None]
) -> bytes:
    """Find the names in a document; gives the digest of its content."""
    progress.reading(document.name)
    survey.document(document.name, document.machine)
    digest = blake2b(digest_size=32)
    with document.path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            advanced(0 if document.encoding else len(piece))
    if document.encoding:
        for text in pieces_of(document, advanced):
            survey.text(text)
    if form is not None and form.kind != _TRACE:
        tally = Tally()
        tally.watch = lambda: advanced(0)
        for event in form.read(document, _Sated() if form.kind == _COPIED_TEXT else everything, tally):
            survey.event(event)
        for machine in tally.machines:
            survey.machine(machine, document.machine)
    return digest.digest()


class _Sated:
    """Is interested in the first records of each kind."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, int]] = Counter()

    def __call__(self, provider: str, event_id: int) -> bool:
        """Whether there were few such records yet."""
        self._seen[provider, event_id] += 1
        return self._seen[provider, event_id] <= _ENOUGH


def _copied(
    documents: Sequence[_Chosen],
    output: Output,
    rewriter: Rewriter,
    names: Collection[Pseudonym],
    progress: Progress,
    advanced: Callable[[int], None],
    *,
    of_one: bool,
) -> tuple[dict[str, int | None], list[LeftOut]]:
    """Copy each document; path in the copy -> its time, and what could not be copied."""
    machines = {name.stands for name in names if name.kind is Kind.MACHINE}
    places = targets([document.name for document, _ in documents], rewriter, machines, of_one_input=of_one)
    modified: dict[str, int | None] = {}
    told: list[LeftOut] = []
    for document, _ in documents:
        progress.reading(document.name)
        place = places[document.name]
        target = output.file(place)
        if document.encoding:
            copy_text(document, target, rewriter, advanced)
        elif lost := copy_log(document, target, rewriter, advanced):
            told.append(LeftOut(document.name, Sentence("{count} records cannot be read", count=lost)))
        modified[place] = document.modified
    return modified, told
