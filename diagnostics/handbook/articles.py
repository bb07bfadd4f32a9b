"""Articles on what the catalogs and rules are made of: causes, remedies, rules, components, stages."""

from collections.abc import Iterable

from diagnostics.event import Event, Kind
from diagnostics.handbook.article import (
    Article,
    Code,
    Form,
    Item,
    Line,
    Link,
    Ref,
    Section,
    Subject,
    after_colon,
    listed,
    mentioned,
)
from diagnostics.handbook.holdings import Library, Likeness, Pointer, decibans
from diagnostics.knowledge.catalog import Cause, Remedy, Step
from diagnostics.knowledge.events import named_values
from diagnostics.knowledge.updates import Update
from diagnostics.report.phrases import RISKS, command_line
from diagnostics.rules.reach import reach
from diagnostics.rules.rule import Polarity, Rule
from diagnostics.rules.samples import Sample, read_samples
from diagnostics.rules.words import outline
from engine.pipeline import COMPONENTS, STAGES, Component, Scope, Stage
from engine.sentence import Sentence

_POLARITIES = {
    Polarity.FAULT: Sentence("names the broken part"),
    Polarity.SYMPTOM: Sentence("true of many causes"),
    Polarity.PROGRESS: Sentence("proves that the stage passed"),
    Polarity.CONTEXT: Sentence("worth showing, weighs nothing"),
    Polarity.COVERAGE: Sentence("proves that the log is alive"),
    Polarity.NOISE: Sentence("known and harmless: counted, never blamed"),
}


def cause_article(cause: Cause, library: Library) -> Article:
    """A cause: what it is, how it shows, how to be sure, what to do."""
    pointers = library.pointers.get(cause.id, [])
    return Article(
        ref=Ref(Subject.CAUSE, cause.id),
        title=Sentence(cause.title),
        facts=(
            (Sentence("component"), (Ref(Subject.COMPONENT, cause.component),)),
            (Sentence("stages"), mentioned([Ref(Subject.STAGE, stage) for stage in cause.stages])),
            (Sentence("found on"), scopes_line(cause.scopes)),
            (Sentence("how often"), (_often(cause),)),
            (Sentence("severity"), (_severe(cause),)),
        ),
        lead=((Sentence(cause.explanation),),),
        sections=(
            *listed("How to confirm", [(Sentence(line),) for line in cause.confirm]),
            *listed("How it shows", [_shown(pointer) for pointer in pointers]),
            *listed("What else looks like it", [_likeness(likeness) for likeness in library.alike(cause)]),
            *_remedies(cause, library),
            *_updates(cause, library),
            *listed("How to see it in the lab", [(Code(f"shindan replay JOB --fault {it}"),) for it in cause.inject]),
            *references(cause.references),
        ),
    )


def _often(cause: Cause) -> Sentence:
    return Sentence("{prior}: in {share:.1%} of nights", prior=Sentence(cause.prior.value), share=cause.probability)


def _severe(cause: Cause) -> Sentence:
    return Sentence(
        "{severity}: {share:.0%} of the jobs that meet it fail",
        severity=Sentence(cause.severity.value), share=cause.failure,
    )  # fmt: skip


def scopes_line(scopes: Iterable[Scope]) -> Line:
    """Plates, in words."""
    words: list[str | Ref | Code | Link] = []
    for scope in scopes:
        words += [", ", Sentence(scope.value)] if words else [Sentence(scope.value)]
    return tuple(words)


def _shown(pointer: Pointer) -> Line:
    about = _about(pointer.rule)
    weight = f" {decibans(pointer.link):+.1f} dB"
    return (
        Ref(Subject.RULE, pointer.rule.name),
        after_colon(pointer.rule.title),
        f" ({about})" if about else "",
        weight,
    )


def _about(rule: Rule) -> str:
    """The records and codes of a rule, the first few."""
    asked = reach(rule)
    named = [*map(str, asked.sources), *asked.codes]
    more = f" and {len(named) - 4} more" if len(named) > 4 else ""
    return "; ".join(name if len(name) <= 80 else f"{name[:79]}…" for name in named[:4]) + more


def _likeness(likeness: Likeness) -> Line:
    told = Sentence("1 rule in common" if likeness.shared == 1 else "{count} rules in common", count=likeness.shared)
    if likeness.same:
        told = Sentence("the very same rules: no event tells the two apart")
    about = Sentence("{title} ({note})", title=Sentence(likeness.cause.title), note=told)
    return (Ref(Subject.CAUSE, likeness.cause.id), after_colon(about))


def _remedies(cause: Cause, library: Library) -> tuple[Section, ...]:
    if not cause.remedies:
        return (
            Section("What to do", (Item((Sentence("Nothing: {reason}", reason=Sentence(cause.reason)),)),), Form.PROSE),
        )
    items: list[Item] = []
    for remedy in (library.catalog.remedies[id_] for id_ in cause.remedies if id_ in library.catalog.remedies):
        told = Sentence(
            "{title} ({risk}, on the {role})",
            title=Sentence(remedy.title), risk=RISKS[remedy.risk], role=Sentence(remedy.role.value),
        )  # fmt: skip
        items.append(Item((Ref(Subject.REMEDY, remedy.id), after_colon(told))))
        items += [Item(line, 1) for line in _steps(remedy)]
    return (Section("What to do", tuple(items)),)


def _updates(cause: Cause, library: Library) -> tuple[Section, ...]:
    """Updates that mend it."""
    known = [update for update in library.catalog.updates if cause.id in update.fixes]
    lines: list[Line] = [(Ref(Subject.UPDATE, update.kb), after_colon(_for_whom(update))) for update in known]
    return listed("Known updates", lines)


def _for_whom(update: Update) -> Sentence:
    return Sentence(
        "{title} ({products}, on the {role})",
        title=Sentence(update.title), products=", ".join(update.applies), role=Sentence(update.role.value),
    )  # fmt: skip


def _steps(remedy: Remedy) -> list[Line]:
    return [_step(step) for step in remedy.steps]


def _step(step: Step) -> Line:
    do = Sentence(step.do)
    return (Sentence("{what}: ", what=do), Code(command_line(step.run))) if step.run else (do,)


def references(addresses: Iterable[str]) -> tuple[Section, ...]:
    """Where to read more."""
    return listed("Read more", [(Link(url),) for url in addresses])


def rule_article(rule: Rule, library: Library) -> Article:
    """A rule: what it matches, what that says, by which samples it is held."""
    weighed = sorted(rule.causes, key=lambda link: (-decibans(link), link.id))
    causes: list[Line] = [
        (
            Ref(Subject.CAUSE, link.id),
            f": {decibans(link):+.1f} dB",
            Sentence(
                " (in {sensitivity:.0%} of its cases, in {spurious:.2%} without it; by {basis})",
                sensitivity=link.sensitivity,
                spurious=link.spurious,
                basis=link.basis,
            ),
        )
        for link in weighed
    ]
    family = [Ref(Subject.RULE, it.name) for it in library.rules.values() if it.family == rule.family and it != rule]
    stage: tuple[tuple[str, Line], ...] = (
        ((Sentence("stage"), (Ref(Subject.STAGE, rule.stage),)),) if rule.stage else ()
    )
    return Article(
        ref=Ref(Subject.RULE, rule.name),
        title=Sentence(rule.title),
        facts=(
            (Sentence("polarity"), (rule.polarity.value, after_colon(_POLARITIES[rule.polarity]))),
            (
                Sentence("component"),
                (Ref(Subject.COMPONENT, rule.component), Sentence(", on the plate of: {plate}", plate=rule.plate)),
            ),
            *stage,
            *(((Sentence("family"), (Sentence("echoes that count once: "), *mentioned(family))),) if family else ()),
            (Sentence("status"), (f"{rule.status}, {rule.level}",)),
            (Sentence("id"), (rule.id,)),
            (Sentence("file"), (rule.file,)),
        ),
        lead=tuple((Sentence(text),) for text in (rule.description, rule.why) if text),
        sections=(
            *_matches(rule),
            *listed("Which causes", causes),
            *_samples(rule),
            *references(rule.references),
        ),
    )


def _matches(rule: Rule) -> tuple[Section, ...]:
    anything = len(rule.kinds) == len(Kind)
    kinds = Sentence("anything that was read") if anything else ", ".join(sorted(rule.kinds))
    items = [
        Item((Sentence("of kind {kinds}", kinds=kinds),)),
        *(Item((text,), depth) for depth, text in outline(rule.condition)),
    ]
    return (Section("What it matches", tuple(items)),)


def _samples(rule: Rule) -> tuple[Section, ...]:
    samples, _ = read_samples(rule)
    return (
        *listed("Hits, for example", [_sample(sample) for sample in samples.hits[:2]]),
        *listed("Near misses, for example", [_sample(sample) for sample in samples.near_misses[:2]]),
    )


def _sample(sample: Sample) -> Line:
    return (Code(told(sample.event)),)


def told(event: Event) -> str:
    """An event on one line: `VSS 8229 hr=...`, or its text."""
    values = (f"{name or 'value'}={' '.join(value.split())}" for name, value in named_values(event) if value.strip())
    head = [event.provider, str(event.event_id or "")] if event.kind is Kind.RECORD else [event.kind.value]
    line = " ".join(part for part in (*head, *values, " ".join(event.text.split())) if part)
    return line if len(line) <= 160 else f"{line[:159]}…"


def remedy_article(remedy: Remedy, library: Library) -> Article:
    """A remedy: what to do, with which risk, and what to look at before and after."""
    after: list[Line] = [
        (label, after_colon(text))
        for label, text in ((Sentence("Then check"), remedy.verify), (Sentence("Undo"), remedy.undo))
        if text
    ]
    return Article(
        ref=Ref(Subject.REMEDY, remedy.id),
        title=Sentence(remedy.title),
        facts=(
            (Sentence("where"), (Sentence(remedy.role.value),)),
            (Sentence("risk"), (RISKS[remedy.risk],)),
            (
                Sentence("against"),
                mentioned([Ref(Subject.CAUSE, cause.id) for cause in library.helped.get(remedy.id, [])]),
            ),
        ),
        lead=(),
        sections=(
            *listed("Before", [(Sentence(line),) for line in remedy.before]),
            *listed("Steps", _steps(remedy), Form.STEPS),
            *listed("After", after),
            *references(remedy.references),
        ),
    )


def rule_lines(rules: Iterable[Rule], library: Library) -> list[Line]:
    """Rules, and the causes that each points to most."""
    return [_rule_line(rule, library) for rule in rules]


def _rule_line(rule: Rule, library: Library) -> Line:
    known = [link for link in rule.causes if link.id in library.catalog.causes]
    best = sorted(known, key=lambda link: (-decibans(link), link.id))[:3]
    points = (" -> ", *mentioned([Ref(Subject.CAUSE, link.id) for link in best])) if best else (f" ({rule.polarity})",)
    return (Ref(Subject.RULE, rule.name), after_colon(rule.title), *points)


def _titled(cause: Cause) -> Line:
    return (Ref(Subject.CAUSE, cause.id), after_colon(cause.title))


def component_article(component: Component, library: Library) -> Article:
    """A part of the pipeline: where it sits, how it fails, which rules speak of it."""
    about = COMPONENTS[component]
    causes = [cause for cause in library.catalog.causes.values() if cause.component is component]
    rules = [rule for rule in library.rules.values() if rule.component is component]
    return Article(
        ref=Ref(Subject.COMPONENT, component),
        title=Sentence(about.title),
        facts=(
            (Sentence("sits on"), scopes_line(about.scopes)),
            (Sentence("needed in"), mentioned([Ref(Subject.STAGE, stage) for stage in about.stages])),
        ),
        lead=(),
        sections=(
            *listed("How it fails", [_titled(cause) for cause in causes]),
            *listed("Rules", rule_lines(rules, library)),
        ),
    )


def stage_article(stage: Stage, library: Library) -> Article:
    """A step of the pipeline: what it needs, and what can fail it."""
    place = STAGES.index(stage)
    around = [(Sentence("after"), STAGES[place - 1 : place]), (Sentence("before"), STAGES[place + 1 : place + 2])]
    needed = [component for component in Component if stage in COMPONENTS[component].stages]
    causes = [cause for cause in library.catalog.causes.values() if stage in cause.stages]
    rules = [rule for rule in library.rules.values() if rule.stage is stage]
    return Article(
        ref=Ref(Subject.STAGE, stage),
        title=Sentence(
            "Stage {number} of {count}: {stage}", number=place + 1, count=len(STAGES), stage=Sentence(stage.value)
        ),
        facts=(
            *((label, (Ref(Subject.STAGE, near[0]),)) for label, near in around if near),
            (Sentence("needs"), mentioned([Ref(Subject.COMPONENT, component) for component in needed])),
        ),
        lead=(),
        sections=(
            *listed("What can fail it", [_titled(cause) for cause in causes]),
            *listed("Rules that speak of it", rule_lines(rules, library)),
        ),
    )
