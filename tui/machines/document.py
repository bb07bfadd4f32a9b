"""What exports tell of each machine, line by line: writers, conditions of an online backup, storage, software, gaps."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from textual.content import Content

from diagnostics.eligibility.answer import ConditionLine, MachineAnswer, answer
from diagnostics.eligibility.facts import facts_of
from diagnostics.inspection.settings import MachineSettings, StorageLine, WriterLine, settings_of
from diagnostics.language import in_words, say
from diagnostics.understanding import Case
from engine.hyperv.conditions import Outcome
from engine.pipeline import Component, Mode
from tui.i18n import Words
from tui.plain import plain
from tui.themes import Glyphs
from tui.verdict.document import evidence_content, evidence_what, term
from tui.widgets.lines import Line, What

_FAINT = "$foreground-muted"
_UPDATES_IN_LINE = 8


class Told(NamedTuple):
    """All that exports tell of the machines of a case."""

    machines: tuple[MachineSettings, ...]
    answers: tuple[MachineAnswer, ...]
    """Of each virtual machine that exports tell settings of: may it be backed up online?"""


def told_by(case: Case) -> Told:
    """Gather it; takes a moment in a large case."""
    known = facts_of(case.reading.events).machines
    return Told(settings_of(case), tuple(in_words(answer(machine)) for machine in known))


def machine_lines(told: Told, words: Words, glyphs: Glyphs) -> Iterator[Line]:
    """Everything, machine by machine; what is in trouble comes first."""
    document = _Document(words, glyphs)
    answers = {found.vm.upper(): found for found in told.answers}
    trouble = sorted(told.machines, key=lambda machine: all(writer.well for writer in machine.writers))
    for machine in trouble:
        yield from document.machine(machine, answers.pop(machine.machine.upper(), None))
    for found in answers.values():
        yield from document.conditions(found)
    if not told.machines and not told.answers:
        yield Line(Content(words("writers.nothing")))


class _Document:
    def __init__(self, words: Words, glyphs: Glyphs) -> None:
        self._words = words
        self._glyphs = glyphs

    def machine(self, told: MachineSettings, conditions: MachineAnswer | None) -> Iterator[Line]:
        role = self._words(f"role.{told.role}")
        head = [
            plain(told.machine or self._words("writers.unnamed"), "bold $primary"),
            plain(role),
            plain(told.windows),
        ]
        yield Line(Content("  ").join(filter(None, head)), heading=True)
        yield from self._writers(told.writers)
        if conditions:
            yield from self.conditions(conditions)
        yield from self._section("storage", map(self._storage, told.storage))
        yield from self._section("updates", self._software(told))
        missing = [
            Line(plain(f"{say(item.title)}: {say(item.why)}"), What(copied=item.command), self._glyphs.command, 3)
            for item in told.lacking
        ]
        yield from self._section("lacking", missing)

    def conditions(self, told: MachineAnswer) -> Iterator[Line]:
        """The conditions of an online backup, with the lines that decide about them."""
        name = told.vm or self._words("writers.unnamed")
        mode = self._words(f"writers.mode.{told.mode}")
        mark = {Mode.ONLINE: self._glyphs.passed, Mode.OFFLINE: self._glyphs.failed}.get(
            told.mode, self._glyphs.unknown
        )
        yield Line(plain(f"{name}: {mode}", "bold"), term(Component.ONLINE_ELIGIBILITY), mark, 1)
        for condition in told.conditions:
            yield from self._condition(condition)
        if told.writer_says:
            says = self._words("writers.writer-says", mode=say(told.writer_says), source=told.writer_source)
            yield Line(plain(says), indent=3)
        for export in told.collect:
            what = f"{', '.join(export.letters)}: {export.title} {export.machine}".rstrip()
            yield Line(
                plain(self._words("writers.would-tell", what=what)),
                What(copied=export.command),
                self._glyphs.command,
                3,
            )

    def _condition(self, told: ConditionLine) -> Iterator[Line]:
        marks = {Outcome.MET: self._glyphs.passed, Outcome.FAILED: self._glyphs.failed}
        outcome = self._words(f"writers.outcome.{told.outcome}")
        yield Line(
            Content("  ").join([plain(told.letter, "bold"), plain(outcome), plain(told.condition)]),
            term(Component.ONLINE_ELIGIBILITY),
            marks.get(told.outcome, self._glyphs.unknown),
            3,
        )
        for reason in told.reasons:
            sources = ", ".join(reason.sources)
            yield Line(Content("  ").join(filter(None, [plain(reason.text), plain(sources, _FAINT)])), indent=8)

    def _writers(self, writers: Iterable[WriterLine]) -> Iterator[Line]:
        lines = [line for writer in writers for line in self._writer(writer)]
        yield from self._section("list", lines)

    def _writer(self, told: WriterLine) -> Iterator[Line]:
        number = told.state.partition("]")[0].lstrip("[")
        terms = term(told.code, f"state {number}" if number.isdecimal() else "", Component.GUEST_WRITER)
        mark = self._glyphs.passed if told.well else self._glyphs.failed
        parts = [plain(told.name, "bold"), plain(told.state), plain(told.last_error), plain(told.code)]
        place = plain(f"{told.source}:{told.record}", _FAINT)
        yield Line(Content("  ").join([*filter(None, parts), place]), terms, mark, 3)
        if told.well:
            return
        for meaning in (told.meaning, told.error_means):
            if meaning:
                yield Line(plain(say(meaning)), terms, indent=5)
        for event in told.events:
            yield Line(evidence_content(event), evidence_what(event), self._glyphs.event, 5)

    def _storage(self, told: StorageLine) -> Line:
        where = self._words("writers.kept-on", volume=told.volume, kept_on=told.kept_on)
        size = self._words("writers.used-of", used=told.used, maximum=told.maximum)
        place = plain(f"{told.source}:{told.record}", _FAINT)
        return Line(Content("  ").join([plain(where), plain(size), place]), term(Component.VOLSNAP_DIFFAREA), indent=3)

    def _software(self, told: MachineSettings) -> Iterator[Line]:
        for start in range(0, len(told.updates), _UPDATES_IN_LINE):
            some = told.updates[start : start + _UPDATES_IN_LINE]
            yield Line(plain(" ".join(some)), term(*some), indent=3)
        for file in told.files:
            yield Line(plain(file), indent=3)

    def _section(self, name: str, lines: Iterable[Line]) -> Iterator[Line]:
        found = list(lines)
        if found:
            yield Line(plain(self._words(f"writers.{name}"), "bold"), heading=True, indent=1)
        yield from found
