"""The verdict for a terminal: 80 columns suffice; `plain` is linear text for screen readers and tickets."""

from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from diagnostics.language import in_words, say
from diagnostics.language.lines import wrapped
from diagnostics.report.inventory import (
    by_machine,
    damages_texts,
    files_texts,
    machine_text,
    remarks_texts,
    zones_texts,
)
from diagnostics.report.phrases import (
    RISKS,
    by_reason,
    cause_named,
    command_line,
    compared,
    counted,
    damage_text,
    in_favour,
    job_text,
    joined,
    known_updates,
    lab_run,
    line_compared,
    moment,
    name_told,
    odds,
    percent,
    reckoned,
    redundancy,
    source_text,
    sums,
    suspect_named,
)
from diagnostics.verdict import (
    Evidence,
    Fault,
    JobReport,
    NextEvidence,
    Note,
    RemedyAdvice,
    Reproduction,
    SourceLine,
    UpdateAdvice,
    Verdict,
    VerdictWord,
    foremost,
    rivals,
)

_STYLES = {
    VerdictWord.ASSERTED: "bold white on red",
    VerdictWord.LEADING: "bold black on yellow",
    VerdictWord.AMBIGUOUS: "bold black on yellow",
    VerdictWord.INSUFFICIENT: "bold black on cyan",
    VerdictWord.TRANSIENT: "bold black on cyan",
    VerdictWord.UNEXPLAINED: "bold white on magenta",
    VerdictWord.HEALTHY: "bold black on green",
}
_EVIDENCE_SHOWN = 6
_CANDIDATES_SHOWN = 5
_NOT_CHECKED_SHOWN = 8
_COMPARED_SHOWN = 8
_PATHS_SHOWN = 8
_MACHINES_SHOWN = 20
_TEXT_SHOWN = 160
_COLUMN = 14
"""Wide enough for `>1,000,000 : 1`."""


def print_verdict(verdict: Verdict, file: TextIO, *, plain: bool = False, explain: bool = False) -> None:
    """Print a verdict in the user's language; `explain` shows every line of evidence and the whole ranking."""
    console = Console(
        file=file, no_color=plain or None, force_terminal=False if plain else None, highlight=False, emoji=False
    )
    write_report(verdict, console, plain=plain, explain=explain)


def write_report(verdict: Verdict, console: Console, *, plain: bool = False, explain: bool = False) -> None:
    """The same on a console of one's own, for example one that records a picture."""
    _Report(console, plain=plain, explain=explain).print(in_words(verdict))


class _Report:
    """Writes the sections of a report; everything from logs goes in as `Text`, never as markup."""

    def __init__(self, console: Console, *, plain: bool, explain: bool) -> None:
        self._console = console
        self._plain = plain
        self._explain = explain

    def print(self, verdict: Verdict) -> None:
        self._headline(verdict)
        first, beside = foremost(verdict.faults)
        shown = [*first, *beside] if self._explain else first
        for number, fault in enumerate(shown, 1):
            several = len(shown) > 1
            self._fault(
                fault, say("Fault {number} of {count}", number=number, count=len(shown)) if several else say("Fault")
            )
        if len(shown) < len(verdict.faults):
            self._beside(beside)
        if verdict.reproduced:
            self._reproduction(verdict.reproduced)
        self._notes(verdict.notes)
        self._candidates(verdict)
        if self._explain:
            self._arithmetic(verdict)
        self._jobs(verdict.jobs)
        self._next(say("What would tell them apart"), verdict.told_apart_by)
        self._next(say("What to collect next, what tells most for its effort first"), verdict.next_evidence)
        self._noise(verdict)
        self._not_checked(verdict)
        self._sources(verdict.sources)

    def _headline(self, verdict: Verdict) -> None:
        word = say(verdict.verdict)
        styled = Text(f" {word.upper()} ", style=_STYLES[verdict.verdict])
        plain = say("Verdict: {word}.", word=word)
        self._block(Text.assemble(plain if self._plain else styled, " ", verdict.summary), indent=0)

    def _fault(self, fault: Fault, heading: str) -> None:
        self._heading(heading)
        self._facts(
            (say("where"), f"{fault.title} ({fault.instance})"),
            (say("stage"), say(fault.stage or "not known")),
            (say("cause"), cause_named(fault) or say("not told apart by these logs")),
            (say("probability"), percent(fault.probability)),
        )
        if fault.explanation:
            self._line(fault.explanation)
        self._evidence(say("Why"), fault.evidence)
        self._evidence(say("Against it"), fault.counter_evidence)
        self._bullets(say("How to confirm"), fault.confirm)
        for remedy in fault.remedy_details:
            self._remedy(remedy)
        self._updates(fault.updates)
        if fault.references:
            self._heading(say("Read more"), level=2)
        for reference in fault.references:
            self._whole(reference)

    def _beside(self, faults: list[Fault]) -> None:
        self._heading(say("Beside it, these logs do not tell apart (--explain shows all of it)"))
        for fault in faults:
            self._bullet(Text(f"{percent(fault.probability):>4}  {fault.title} ({fault.instance})"))

    def _evidence(self, heading: str, lines: list[Evidence]) -> None:
        if not lines:
            return
        self._heading(heading, level=2)
        shown = lines if self._explain else lines[:_EVIDENCE_SHOWN]
        for line in shown:
            self._bullet(_evidence_text(line))
        if len(shown) < len(lines):
            more = counted(
                len(lines) - len(shown),
                "… and 1 more line (--explain shows all)",
                "… and {count} more lines (--explain shows all)",
            )
            self._bullet(Text(more, style="dim"))

    def _remedy(self, remedy: RemedyAdvice) -> None:
        risk = say(RISKS.get(remedy.risk, remedy.risk))
        self._heading(say("What to do: {title} ({risk})", title=remedy.title, risk=risk), level=2)
        for number, step in enumerate(remedy.steps, 1):
            self._bullet(Text(step.do), mark=f"{number}.")
            if step.run:
                self._whole(command_line(step.run))
        for label, text in ((say("Undo"), remedy.undo), (say("Then check"), remedy.verify)):
            if text:
                self._line(f"{label}: {text}")

    def _updates(self, updates: list[UpdateAdvice]) -> None:
        if updates:
            self._heading(say("Known updates against it"), level=2)
        for text, address in known_updates(updates):
            self._bullet(Text(text))
            if address:
                self._whole(address)

    def _reproduction(self, told: Reproduction) -> None:
        self._heading(say("Run in the lab"))
        self._line(told.summary)
        for number, run in enumerate(told.runs):
            self._bullet(Text(lab_run(run)))
            for heading, lines in compared(run) if self._explain or number == 0 else ():
                shown = lines if self._explain else lines[:_COMPARED_SHOWN]
                rest = len(lines) - len(shown)
                more = [say("and {count} more", count=rest)] if rest else []
                self._block(Text(f"{heading}: {joined([*map(line_compared, shown), *more])}"), indent=4, hang=2)
        for line in told.lab:
            self._line(line)

    def _notes(self, notes: list[Note]) -> None:
        if notes:
            self._heading(say("Notes"))
        for note in notes:
            where = f"{moment(note.time)}  {note.machine or '?'}  {note.event}  {note.source}:{note.record}"
            said = note.text if len(note.text) <= _TEXT_SHOWN else f"{note.text[:_TEXT_SHOWN]}…"
            self._bullet(
                Text.assemble(
                    (note.note or say("(marked)"), "bold"), (f"\n{where}", "dim"), f"\n{said}" if said else ""
                )
            )

    def _candidates(self, verdict: Verdict) -> None:
        rest = rivals(verdict)
        if not self._explain:
            rest = [candidate for candidate in rest[:_CANDIDATES_SHOWN] if candidate.probability > 0.01]
        if not rest or (verdict.verdict is VerdictWord.HEALTHY and not self._explain):
            return
        self._heading(say("What else it could be" if verdict.faults else "What it could be"))
        for candidate in rest:
            self._bullet(Text(f"{percent(candidate.probability):>4}  {suspect_named(candidate)}"))
            if for_it := in_favour(verdict, candidate):
                self._line(for_it, indent=10)
            if candidate.why and self._explain:
                self._line(candidate.why, indent=10)

    def _arithmetic(self, verdict: Verdict) -> None:
        """Prior, every line and posterior of the faults, and of the first that lost, in columns that add up."""
        told, columns = verdict.reckoning, reckoned(verdict.reckoning, verdict.faults)
        if not columns:
            return
        self._heading(say("The arithmetic, in decibans (10 log10 of the odds)"))
        suspects = [told.suspects[place] for _, place in columns]
        self._row("", [heading for heading, _ in columns])
        self._row(say("before anything is observed"), [_decibans(suspect.prior_db) for suspect in suspects])
        for line in told.lines:
            label = "  ".join(part for part in (line.event, line.machine, line.rule) if part)
            self._row(label, [_decibans(line.adds_db[place]) for _, place in columns])
        rest = counted(told.rest_lines, "all else (1 line)", "all else ({count} lines)")
        self._row(rest, [_decibans(suspect.rest_db) for suspect in suspects])
        for label, cells in sums(suspects):
            self._row(label, [_decibans(cell) for cell in cells])
        self._row(say("as odds"), [odds(suspect.probability_db) for suspect in suspects])
        for (heading, _), suspect in zip(columns, suspects, strict=True):
            grown = say(
                "{heading}: {instance}, from {prior} ({odds}) to {probability}",
                heading=heading, instance=suspect.instance, prior=percent(suspect.prior), odds=odds(suspect.prior_db),
                probability=percent(suspect.probability),
            )  # fmt: skip
            self._line(grown)
        for fault in verdict.faults:
            for suspect in suspects:
                if suspect.instance == fault.instance:
                    for note in filter(None, (redundancy(fault, suspect), name_told(fault))):
                        self._line(note)

    def _row(self, label: str, cells: list[str]) -> None:
        width = max(self._console.width - 2 - _COLUMN * len(cells), 20)
        told = Text(label)
        told.truncate(width, overflow="ellipsis", pad=True)
        self._line_of(Text.assemble(told, *(_to_the_right(cell) for cell in cells)))

    def _jobs(self, jobs: list[JobReport]) -> None:
        if not jobs:
            return
        self._heading(say("Jobs ({count})", count=len(jobs)))
        shown = jobs if self._explain else [job for job in jobs if job.outcome != "succeeded"][:10]
        for job in shown:
            self._bullet(Text(job_text(job)))
        succeeded = sum(job.outcome == "succeeded" for job in jobs)
        if succeeded and not self._explain:
            self._line(say("{count} succeeded.", count=succeeded))

    def _next(self, heading: str, wanted: list[NextEvidence]) -> None:
        if not wanted:
            return
        self._heading(heading)
        for item in wanted:
            told = say(
                "{machine}: {export} (tells about {bits:.2f} bits)",
                export=item.collect, machine=item.machine, bits=item.gain_bits,
            )  # fmt: skip
            self._bullet(Text(told))
            if item.command:
                self._whole(item.command)

    def _noise(self, verdict: Verdict) -> None:
        if verdict.noise:
            self._heading(say("Known and harmless, left out"))
            for line in verdict.noise:
                self._bullet(Text(f"{line.event} ({line.count}×): {line.why}"))

    def _not_checked(self, verdict: Verdict) -> None:
        unread = {source.path for source in verdict.sources if not source.records and not self._explain}
        lacking = [line for line in verdict.not_checked if line.what not in unread]  # these are told among the files
        if not lacking:
            return
        self._heading(say("Not checked"))
        shown = lacking if self._explain else lacking[:_NOT_CHECKED_SHOWN]
        for line in shown:
            self._bullet(Text(f"{line.what}: {line.why}"))
        if len(shown) < len(lacking):
            more = say("… and {count} more (--explain shows all)", count=len(lacking) - len(shown))
            self._bullet(Text(more, style="dim"))

    def _sources(self, sources: list[SourceLine]) -> None:
        """What was read, machine by machine; what held nothing by the reason: a folder may hold thousands of files."""
        read = sources if self._explain else [source for source in sources if source.records]
        if self._explain and read:
            self._heading(counted(len(read), "Read (1 file)", "Read ({count} files)"))
            for source in read:
                self._bullet(Text(source_text(source)))
                for damage in source.damage:
                    self._line(damage_text(damage), indent=4)
        elif read:
            self._heading(counted(len(read), "Read (1 file)", "Read ({count} files; --explain tells of each)"))
            machines = by_machine(read)
            shown = [
                (machine, theirs)
                for number, (machine, theirs) in enumerate(machines)
                if number < _MACHINES_SHOWN or any(source.damage or source.remarks for source in theirs)
            ]
            for machine, theirs in shown:
                self._machine(machine, theirs)
            if len(shown) < len(machines):
                more = counted(
                    len(machines) - len(shown),
                    "… and 1 more machine, whose files were read whole (--explain shows all)",
                    "… and {count} more machines, whose files were read whole (--explain shows all)",
                )
                self._bullet(Text(more, style="dim"))
        others = by_reason(source for source in sources if not source.records) if len(read) < len(sources) else []
        if others:
            self._heading(say("Not read, or nothing in it is understood"))
        for why, paths in others:
            named = ", ".join(paths[:_PATHS_SHOWN])
            if len(paths) > _PATHS_SHOWN:
                named = say("{count} files, {some}, … (--explain names all)", count=len(paths), some=named)
            self._bullet(Text(f"{why}: {named}"))

    def _machine(self, machine: str, sources: list[SourceLine]) -> None:
        self._bullet(Text(machine_text(machine, sources)))
        for told in (*files_texts(sources), *zones_texts(sources), *remarks_texts(sources), *damages_texts(sources)):
            self._block(Text(told), indent=4, hang=2)

    def _facts(self, *facts: tuple[str, str]) -> None:
        for label, value in facts:
            self._block(Text.assemble((set_cell_size(f"{label}:", 13), "bold"), value), indent=2, hang=13)

    def _bullets(self, heading: str, lines: list[str]) -> None:
        if lines:
            self._heading(heading, level=2)
            for line in lines:
                self._bullet(Text(line))

    def _heading(self, text: str, level: int = 1) -> None:
        if level == 1:
            self._console.print()
        style = "bold underline" if level == 1 else "bold"
        self._block(Text(text, style=style), indent=0 if level == 1 else 2)

    def _bullet(self, text: Text, mark: str = "-") -> None:
        self._block(Text.assemble(f"{mark} ", text), indent=2, hang=len(mark) + 1)

    def _line(self, text: str, indent: int = 2) -> None:
        self._block(Text(text), indent=indent)

    def _line_of(self, text: Text) -> None:
        self._console.print(Text.assemble("  ", text), soft_wrap=True)

    def _block(self, text: Text, indent: int, hang: int = 0) -> None:
        """Print text wrapped to the console, later lines `hang` columns further in."""
        width = max(self._console.width - indent - hang, 20)
        for number, line in enumerate(wrapped(text, self._console, width)):
            line.rstrip()
            margin = " " * (indent + (hang if number else 0))
            self._console.print(Text.assemble(margin, line), soft_wrap=True)

    def _whole(self, text: str) -> None:
        """A command or an address stays on one line, whatever the width, so that it can be copied."""
        self._console.print(Text(f"      {text}", style="cyan"), soft_wrap=True)


def _evidence_text(line: Evidence) -> Text:
    """When, where and what; what it weighs, and where to find it; what it says."""
    times = f"  {line.count}×" if line.count > 1 else ""
    codes = f"  {', '.join(line.codes)}" if line.codes else ""
    head = f"{moment(line.time)}  {line.machine or '?'}  {line.event}{times}{codes}"
    where = f"\n{line.weight_db:+.1f} dB  {line.source}:{line.record}  {line.rule}"
    text = line.text if len(line.text) <= _TEXT_SHOWN else f"{line.text[:_TEXT_SHOWN]}…"
    return Text.assemble((head, "bold"), (where, "dim"), f"\n{text}" if text else "")


def _to_the_right(cell: str) -> str:
    return " " * max(_COLUMN - cell_len(cell), 0) + cell


def _decibans(value: float) -> str:
    return f"{value:+.1f}"
