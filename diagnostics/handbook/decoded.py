"""Articles on what logs print: error codes, events, states of writers; and on updates."""

from diagnostics.handbook.article import Article, Line, Ref, Subject, listed, mentioned
from diagnostics.handbook.articles import references, rule_lines
from diagnostics.handbook.holdings import Library
from diagnostics.knowledge.catalog import CodeInfo
from diagnostics.knowledge.events import EventInfo
from diagnostics.knowledge.updates import Update
from diagnostics.knowledge.writer_states import WriterStateInfo
from diagnostics.rules.conditions import Number, leaves
from engine.sentence import Sentence

_RETRYABLE = {True: Sentence("yes"), False: Sentence("no"), None: Sentence("that depends")}


def code_article(info: CodeInfo, library: Library) -> Article:
    """An error code: what it means, and which rules ask for it."""
    component: tuple[tuple[str, Line], ...] = (
        ((Sentence("usually from"), (Ref(Subject.COMPONENT, info.component),)),) if info.component else ()
    )
    stages = [Ref(Subject.STAGE, stage) for stage in dict.fromkeys((info.first_stage, info.last_stage)) if stage]
    return Article(
        ref=Ref(Subject.CODE, info.code),
        title=info.symbol or info.code,
        facts=(
            *(((Sentence("also printed as"), (spelled(info.code),)),) if info.code.startswith("0x") else ()),
            *component,
            (Sentence("worth a retry"), (_RETRYABLE[info.retryable],)),
            *(((Sentence("jobs fail in"), mentioned(stages)),) if stages else ()),
        ),
        lead=((Sentence("{meaning}.", meaning=Sentence(info.meaning)),),),
        sections=listed("Rules that ask for it", rule_lines(library.coded(info.code), library)),
    )


def spelled(code: str) -> str:
    """How else logs print an HRESULT: as numbers with and without a sign, and without Win32's facility."""
    value = int(code, 16)
    spellings = [str(value - (1 << 32))] * (value >> 31) + [str(value)]
    return ", ".join((*spellings, *([f"{value & 0xFFFF}"] if value >> 16 == 0x8007 else [])))


def event_article(info: EventInfo, library: Library) -> Article:
    """Records of one provider and id: what they mean, what their values are, which rules are about them."""
    values = " ".join(info.fields) or Sentence("not known, or named by each record itself")
    return Article(
        ref=Ref(Subject.EVENT, info.name),
        title=info.name,
        facts=((Sentence("values"), (values,)), (Sentence("known from"), (info.source,))),
        lead=((Sentence("{meaning}.", meaning=Sentence(info.meaning)),),),
        sections=listed("Rules about it", rule_lines(library.about_event(info), library)),
    )


def update_article(update: Update) -> Article:
    """An update: what it mends, for which products, and how to see that it is there."""
    build: tuple[tuple[str, Line], ...] = ((Sentence("from build"), (update.build,)),) if update.build else ()
    files: list[Line] = [(f"{name} {', '.join(versions)}",) for name, versions in update.files.items()]
    later: list[Line] = [(f"{product}: {', '.join(kbs)}",) for product, kbs in update.superseded_by.items()]
    return Article(
        ref=Ref(Subject.UPDATE, update.kb),
        title=Sentence(update.title),
        facts=(
            (Sentence("for"), (", ".join(update.applies),)),
            (Sentence("on the"), (Sentence(update.role.value),)),
            (Sentence("mends"), mentioned([Ref(Subject.CAUSE, cause) for cause in update.fixes])),
            *build,
        ),
        lead=(),
        sections=(
            *listed("Files from these versions on hold it", files),
            *listed("Later updates that hold it", later),
            *references(update.references),
        ),
    )


def writer_state_article(info: WriterStateInfo, library: Library) -> Article:
    """A state of a VSS writer: what it means, and which rules ask for just this one."""
    asked = Number("state", "=", info.state)
    rules = [rule for rule in library.rules.values() if asked in leaves(rule.condition)]
    return Article(
        ref=Ref(Subject.WRITER_STATE, info.name),
        title=info.symbol,
        facts=(
            (Sentence("printed as"), (f"[{info.state}]",)),
            (Sentence("points to"), (Ref(Subject.COMPONENT, info.component),)),
            *(((Sentence("in stage"), (Ref(Subject.STAGE, info.stage),)),) if info.stage else ()),
        ),
        lead=((Sentence("{meaning}.", meaning=Sentence(info.meaning)),),),
        sections=listed("Rules that ask for it", rule_lines(rules, library)),
    )
