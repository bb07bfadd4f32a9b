"""The verdict in GitHub-flavoured Markdown, for tickets and chats: compact, in the order of the page.

Log text never becomes markup. A word of which every character is known to be harmless is written as it is; any other
goes into a code span, in which neither Markdown nor a forge's extensions (mentions, issue numbers, commit hashes,
addresses, formulas) find anything. Escapes would not do: addresses are found in text after escapes are undone.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import networkx as nx

from diagnostics.language import Sentence, in_words, say
from diagnostics.report import phrases
from diagnostics.report.plates import plates_of_case, tree
from diagnostics.verdict import (
    Candidate,
    DamageReport,
    Evidence,
    Fault,
    JobReport,
    NextEvidence,
    SourceLine,
    Verdict,
    foremost,
    rivals,
)

_EVIDENCE_SHOWN = 8
_CANDIDATES_SHOWN = 6
_ROWS_SHOWN = 12
_MOMENTS_SHOWN = 25
_TEXT_SHOWN = 120
_HARMLESS = re.compile(
    r"[('\"“（「]*(?:[+-](?=\d))?[^\W_]+(?:(?:[-.,'’/+%=]|[、。：；・（）「」]+)[^\W_]+)*[%)'\"”.,;:!?、。：；）」]*|[-–·…+/]"
)
"""Letters and digits, joined by single signs that mean nothing in Markdown, with ordinary punctuation around them;
Japanese writes whole sentences so."""
_BEHIND = "),;.:"
"""Marks of a sentence that make nothing of a code span before them."""
_TELLING = re.compile(r"(?i)www\.|^\d+[.)]$|[0-9a-f]{7,}|^\W*gh-\d|^[-+]$")
"""What would be an address, a number of a list, a commit, an issue of a forge or a list's dash, though harmless."""
_BACKTICKS = re.compile("`+")


def to_markdown(verdict: Verdict, graph: "nx.DiGraph[str]") -> bytes:
    """The whole report in the user's language; `graph` is the pipeline of the case."""
    verdict = in_words(verdict)
    blocks = [_headline(verdict), _fenced(tree(plates_of_case(graph, verdict)))]
    first, beside = foremost(verdict.faults)
    for number, fault in enumerate(first, 1):
        blocks += _fault(fault, say("Fault {number}", number=number) if len(first) > 1 else say("Fault"))
    blocks.append(_beside(beside))
    blocks += [
        block for section in (_reproduction, _notes, _candidates, _jobs, _timeline) for block in section(verdict)
    ]
    told: set[str] = set()
    for fault in first:
        blocks += _remedies(fault, told)
    blocks += [block for section in (_next, _machines, _files, _not_checked, _noise) for block in section(verdict)]
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()


def code(text: str) -> str:
    """A text as a code span, whatever backticks it holds; empty for an empty text."""
    if not text.strip():
        return ""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """A sentence in which every word that could be more than a word is a code span, without the marks around it."""
    return " ".join(word if _is_harmless(word) else _marked(word) for word in text.split())


def _marked(word: str) -> str:
    opened = word.removeprefix("(")
    core = opened.rstrip(_BEHIND)
    return f"{word.removesuffix(opened)}{code(core)}{opened.removeprefix(core)}" if core else code(word)


def _is_harmless(word: str) -> bool:
    return _HARMLESS.fullmatch(word) is not None and _TELLING.search(word) is None


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _headline(verdict: Verdict) -> str:
    word, meaning = say(verdict.verdict).capitalize(), say(phrases.MEANINGS[verdict.verdict])
    return f"## {word}: {prose(verdict.summary)}\n\n*{meaning}*"


def _fenced(lines: Iterable[str]) -> str:
    """Lines as they are; each begins with a sign that closes no fence."""
    return "\n".join(("```text", *lines, "```"))


def _fault(fault: Fault, heading: str) -> Iterator[str]:
    yield f"### {heading}: {prose(fault.title)}"
    yield _table(
        (say("how sure"), say("where"), say("stage"), say("cause")),
        [(phrases.percent(fault.probability), code(fault.instance), code(say(fault.stage or "not known")),
          code(phrases.cause_named(fault)) or say("not told apart"))],
    )  # fmt: skip
    yield prose(fault.explanation)
    yield _lines(say("Evidence"), fault.evidence, frozenset(fault.minimal_evidence))
    yield _lines(say("Against it"), fault.counter_evidence, frozenset())
    if fault.confirm:
        yield f"**{say('How to confirm')}**\n\n" + "\n".join(f"- {prose(text)}" for text in fault.confirm)


def _beside(faults: Sequence[Fault]) -> str:
    named = (f"{prose(fault.title)} {code(fault.instance)} {phrases.percent(fault.probability)}" for fault in faults)
    return say("Beside it, these logs do not tell apart: {named}.", named=phrases.joined(named)) if faults else ""


def _lines(heading: str, lines: Sequence[Evidence], minimal: frozenset[int]) -> str:
    if not lines:
        return ""
    shown = _table(
        ("dB", "UTC", say("machine"), say("event"), say("says"), say("record")),
        [_evidence(line, "◆ " if at in minimal else "") for at, line in enumerate(lines[:_EVIDENCE_SHOWN])],
    )
    needed = f" (◆ {say('needed')})" if minimal else ""
    return f"**{heading}**{needed}\n\n{shown}{_more(len(lines) - _EVIDENCE_SHOWN, _LIGHTER)}"


def _evidence(line: Evidence, mark: str) -> tuple[str, ...]:
    times = f" {line.count}×" if line.count > 1 else ""
    text = line.text if len(line.text) <= _TEXT_SHOWN else f"{line.text[:_TEXT_SHOWN]}…"
    record = f"{line.source}:{line.record}"
    moment = phrases.moment(line.time)
    return (
        f"{mark}{line.weight_db:+.1f}",
        moment,
        code(line.machine),
        code(line.event) + times,
        code(text),
        code(record),
    )


_MORE = Sentence("… and {count} more")
_LIGHTER = Sentence("… and {count} lighter lines")
_LESS_LIKELY = Sentence("… and {count} less likely ones")
_LESS_TELLING = Sentence("… and {count} less telling moments")


def _more(count: int, told: Sentence = _MORE) -> str:
    return f"\n\n{say(told.template, count=count)}" if count > 0 else ""


def _reproduction(verdict: Verdict) -> Iterator[str]:
    told = verdict.reproduced
    if told is None:
        return
    yield f"### {say('Run in the lab')}\n\n{prose(told.summary)}"
    yield "\n".join(f"- {prose(phrases.lab_run(run))}" for run in told.runs[:_CANDIDATES_SHOWN])
    for heading, lines in phrases.compared(told.runs[0]) if told.runs else ():
        yield (
            f"**{heading}**\n\n"
            + "\n".join(f"- {prose(phrases.line_compared(line))}" for line in lines[:_ROWS_SHOWN])
            + _more(len(lines) - _ROWS_SHOWN)
        )
    yield " ".join(prose(line) for line in told.lab)


def _notes(verdict: Verdict) -> Iterator[str]:
    if verdict.notes:
        rows = [
            (code(note.note) or say("marked"), phrases.moment(note.time), code(note.machine), code(note.event),
             code(f"{note.source}:{note.record}"), code(_cut(note.text)))
            for note in verdict.notes
        ]  # fmt: skip
        yield f"### {say('Notes')}"
        yield _table((say("note"), "UTC", say("machine"), say("event"), say("where"), say("says")), rows)


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_SHOWN else f"{text[:_TEXT_SHOWN]}…"


def _candidates(verdict: Verdict) -> Iterator[str]:
    others = rivals(verdict)
    if others:
        yield f"### {say('Other candidates' if verdict.faults else 'Candidates')}"
        shown = [
            (phrases.percent(one.probability), f"{prose(one.title)} ({code(one.instance)})", prose(_why(verdict, one)))
            for one in others[:_CANDIDATES_SHOWN]
        ]
        headings = (say("probability"), say("component and cause"), say("why it ranks here"))
        yield _table(headings, shown) + _more(len(others) - _CANDIDATES_SHOWN, _LESS_LIKELY)


def _why(verdict: Verdict, suspect: Candidate) -> str:
    return phrases.joined(filter(None, (phrases.in_favour(verdict, suspect), suspect.why)))


def _jobs(verdict: Verdict) -> Iterator[str]:
    failed = [job for job in verdict.jobs if job.outcome != "succeeded"]
    if verdict.jobs:
        count, passed = len(verdict.jobs), len(verdict.jobs) - len(failed)
        yield "### " + say("Jobs ({count}, {passed} succeeded)", count=count, passed=passed)
    if failed:
        rows = [
            (code(job.vm or "?"), code(job.host or "?"), _outcome(job), say(job.mode), phrases.moment(job.ended))
            for job in failed[:_ROWS_SHOWN]
        ]
        headings = (say("machine"), say("host"), say("outcome"), say("mode"), say("ended"))
        yield _table(headings, rows) + _more(len(failed) - _ROWS_SHOWN)


def _outcome(job: JobReport) -> str:
    return prose(phrases.fared_text(job))


def _timeline(verdict: Verdict) -> Iterator[str]:
    told = verdict.timeline
    if told.moments:
        telling = [one for one in told.moments if one.job or one.kind in ("evidence", "context")] or told.moments
        rows = [
            (one.time[:23].replace("T", " ") + "Z", code(one.machine), phrases.kind_text(one.kind), code(one.event),
             code(_cut(one.text)))
            for one in telling[:_MOMENTS_SHOWN]
        ]  # fmt: skip
        yield f"### {say('What happened when')}"
        left_out = len(told.moments) + told.left_out - len(rows)
        headings = ("UTC", say("machine"), say("kind"), say("event"), say("says"))
        yield _table(headings, rows) + _more(left_out, _LESS_TELLING)


def _remedies(fault: Fault, told: set[str]) -> Iterator[str]:
    """What to do about a fault; what another one has `told` already is not repeated."""
    for remedy in fault.remedy_details:
        if remedy.id in told:
            continue
        told.add(remedy.id)
        risk = say(phrases.RISKS.get(remedy.risk, remedy.risk))
        yield "### " + say("What to do: {title} ({risk})", title=prose(remedy.title), risk=prose(risk))
        steps = []
        for number, step in enumerate(remedy.steps, 1):
            command = f"\n   {code(phrases.command_line(step.run))}" if step.run else ""
            steps.append(f"{number}. {prose(step.do)}{command}")
        yield "\n".join(steps)
        for label, text in ((say("Undo"), remedy.undo), (say("Then check"), remedy.verify)):
            yield f"**{label}:** {prose(text)}" if text else ""
    if fault.updates:
        yield f"**{say('Known updates against it')}**\n\n" + "\n".join(
            f"- {prose(text)}{f' <{address}>' if _is_address(address) else ''}"
            for text, address in phrases.known_updates(fault.updates)
        )
    if fault.references:
        yield f"**{say('Read more')}:** " + " ".join(
            f"<{text}>" if _is_address(text) else code(text) for text in fault.references
        )


def _is_address(text: str) -> bool:
    """Addresses from rules become links, where nothing in them can end the link."""
    return re.fullmatch(r"https?://[^\s<>`]+", text) is not None


def _next(verdict: Verdict) -> Iterator[str]:
    yield from _collected(say("What would tell them apart"), verdict.told_apart_by)
    yield from _collected(say("What to collect next, what tells most for its effort first"), verdict.next_evidence)


def _collected(heading: str, wanted: Sequence[NextEvidence]) -> Iterator[str]:
    if wanted:
        yield f"### {heading}"
        yield "\n".join(
            f"{number}. {_wanted(item)}" + (f": {code(item.command)}" if item.command else "")
            for number, item in enumerate(wanted, 1)
        )


def _wanted(item: NextEvidence) -> str:
    return say(
        "{machine}: {export} (tells about {bits:.2f} bits)",
        export=prose(item.collect), machine=code(item.machine), bits=item.gain_bits,
    )  # fmt: skip


def _machines(verdict: Verdict) -> Iterator[str]:
    topology = verdict.topology
    machines = [*topology.site.get("machines", []), *topology.hosts, *topology.vms]
    if machines:
        yield "### " + say("Machines ({count})", count=len(machines))
        rows = [(code(one.name), say(one.role), code(one.host), prose(one.basis)) for one in machines[:_ROWS_SHOWN]]
        headings = (say("machine"), say("role"), say("runs on"), say("known because"))
        yield _table(headings, rows) + _more(len(machines) - _ROWS_SHOWN)


def _files(verdict: Verdict) -> Iterator[str]:
    yield "### " + say("Files ({count})", count=len(verdict.sources))
    ranked = sorted(verdict.sources, key=lambda source: not source.damage)
    rows = [
        (
            code(one.path),
            say(one.kind),
            code(one.machine),
            str(one.records),
            _span(one),
            "; ".join([*map(_damage, one.damage), *map(prose, one.remarks)]),
        )
        for one in ranked[:_ROWS_SHOWN]
    ]
    if rows:
        headings = (say("file"), say("kind"), say("machine"), say("records"), say("time"), say("damage"))
        yield _table(headings, rows) + _more(len(ranked) - _ROWS_SHOWN)


def _span(source: SourceLine) -> str:
    return phrases.span_text(source.first, source.last) if source.first else ""


def _damages(source: SourceLine) -> str:
    return "; ".join(map(_damage, source.damage))


def _damage(damage: DamageReport) -> str:
    return code(": ".join(filter(None, (damage.where, damage.why))))


def _not_checked(verdict: Verdict) -> Iterator[str]:
    if verdict.not_checked:
        yield f"### {say('Not checked')}"
        shown = [f"- {code(item.what)}: {prose(item.why)}" for item in verdict.not_checked[:_ROWS_SHOWN]]
        yield "\n".join(shown) + _more(len(verdict.not_checked) - _ROWS_SHOWN)


def _noise(verdict: Verdict) -> Iterator[str]:
    if verdict.noise:
        yield f"### {say('Known and harmless, left out')}"
        yield "\n".join(
            f"- {code(item.event)} {item.count}×: {prose(item.why)}" for item in verdict.noise[:_ROWS_SHOWN]
        )
