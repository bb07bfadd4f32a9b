"""The same message in other words: what software keeps in every language stays, and the sentence around it changes.

Kept are codes, ids, numbers, GUIDs, paths, file names, quoted and placeholder values, abbreviations, identifiers of
programs (`GatherWriterMetadata`, `FAILED_AT_FREEZE`), and names that no language translates (`Registry Writer`).
"""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from zlib import crc32

import yaml

import diagnostics.parsers.plain as plain_reader

_WRITERS = yaml.safe_load(Path(plain_reader.__file__).with_suffix(".yml").read_text(encoding="utf-8"))["writers"]
_PROGRAMS = "bareos-fd netvsc restic storvsp swprv vhdmp vmbus vmicvss vmms volsnap vssadmin"
_NAMES = (
    *_WRITERS,
    *_PROGRAMS.split(),
    *(
        "VSS Hardware Provider",
        "VSS HW Provider",
        "Data ONTAP",
        "Hyper-V",
        "Microsoft",
        "Windows",
        "Veeam",
        "SnapManager",
        "Exchange",
    ),
    "Recovery",  # as a value of SnapshotType; the word in a sentence has a small letter
)
_KEPT = re.compile(
    "|".join(
        (
            r"<[^<>\n]{1,60}>|\{[^{}\n]{1,60}\}",
            r"(?<!\w)'[^'\n]{1,80}'(?!\w)|\"[^\"\n]{1,80}\"",
            r"\b[\w-]+\.[a-z]{2,4}\b",
            *(rf"\b{re.escape(name)}\b" for name in sorted(_NAMES, key=len, reverse=True)),
            r"[A-Za-z0-9_\\/.$%@#=*?~&+:-]*[0-9\\/_$=][A-Za-z0-9_\\/.$%@#=*?~&+:-]*",
            r"\b[A-Z][A-Z0-9+]+s?\b",
            r"\b[A-Z][a-z]+-[A-Z]\w+\b",  # a cmdlet
            r"\b[A-Za-z]+[A-Z][A-Za-z]*\b",
        )
    )
)
_WORD = re.compile(r"[^\W\d_]+")

TONGUES = {
    "german": (
        "ver",
        "ge",
        "be",
        "schlag",
        "zung",
        "kon",
        "den",
        "ern",
        "laf",
        "ühr",
        "önt",
        "mil",
        "tä",
        "ße",
        "rung",
    ),
    "japanese": ("これ", "そう", "みた", "たな", "はら", "ひと", "ゆき", "もの", "あさ", "くも", "なみ", "やま"),
    "russian": ("про", "ста", "вле", "ние", "каж", "дом", "пол", "чен", "пер", "ход", "сло", "бол"),
}
"""Syllables of words that mean nothing, so that no rule can know them."""


def translate(text: str, tongue: str, seed: int = 0) -> str:
    """The text with every word that a language would change replaced by one that nobody knows, the same every time."""
    syllables = TONGUES[tongue]

    def foreign(word: re.Match[str]) -> str:
        number = crc32(f"{seed} {word[0].lower()}".encode())
        return "".join(syllables[(number >> 6 * place) % len(syllables)] for place in range(2 + number % 2))

    return _around(text, lambda words: _WORD.sub(foreign, words))


def bare(text: str) -> str:
    """Without the words that a language would change: as of a record whose message nobody rendered."""
    return _around(text, lambda words: re.sub(" {2,}", " ", _WORD.sub("", words)))


def reword(text: str, seed: int = 0) -> str:
    """What a person would write who retells the message: the nouns stay, verbs and small words do not."""
    random = Random(seed)  # noqa: S311 - words, not secrets
    return _around(text, lambda words: _retold(words, random))


def tokens(text: str) -> list[str]:
    """What a text holds that every language keeps."""
    return [match[0] for match in _KEPT.finditer(text)]


def _around(text: str, change: Callable[[str], str]) -> str:
    """Change what lies between the kept pieces."""
    pieces, end = [], 0
    for match in _KEPT.finditer(text):
        pieces += [change(text[end : match.start()]), match[0]]
        end = match.end()
    return "".join((*pieces, change(text[end:])))


_SYNONYMS = {
    r"(?:has been|have been|was|were|is|are|has|have|had|will|be|been|the|an|a)": ("",),
    r"failed": ("did not succeed", "was unsuccessful", "came to nothing"),
    r"(?:could not|cannot|can't)": ("was unable to", "is not able to", "did not manage to"),
    r"unable to": ("not able to", "not in a position to"),
    r"(?:because of|due to)": ("as a result of", "owing to"),
    r"because": ("since", "as"),
    r"(?:during|while)": ("in the course of", "in"),
    r"encountered": ("ran into", "met"),
    r"terminated": ("ended", "went away"),
    r"aborted": ("given up", "cancelled"),
    r"deleted": ("removed", "thrown away"),
    r"occurred": ("came up", "happened"),
    r"unexpected": ("unforeseen", "surprising"),
    r"attempting": ("trying",),
    r"complete": ("finish", "end"),
    r"completed": ("finished", "ended"),
    r"create": ("make", "produce"),
    r"creating": ("making", "producing"),
    r"detected": ("found", "seen"),
    r"started": ("begun", "launched"),
    r"please check": ("have a look at", "look at"),
    r"ensure": ("make sure",),
    r"probably": ("presumably", "likely"),
    r"sufficient": ("enough", "adequate"),
    r"following": ("this", "subsequent"),
    r"returned": ("gave back", "answered with"),
    r"reported": ("told of", "showed"),
    r"Der Vorgang wurde": ("Dieser Vorgang ist", "Die Aktion wurde"),
    r"beendet": ("abgeschlossen", "zu Ende gebracht"),
}
_JAPANESE = {
    "しました": ("した", "したようだ"),
    "できませんでした": ("できず", "できなかった"),
    "できません": ("できない", "できない状態"),
    "が発生": ("発生", "が起き"),
    "のため": ("により", "が原因で"),
    "中に": ("の間に", "の途中で"),
    "ときに": ("際", "最中に"),
    "この": ("当該", "対象の"),
}
_RETELLING = re.compile("|".join(rf"(\b{pattern}\b)" for pattern in _SYNONYMS), re.IGNORECASE)
_JAPANESE_RETELLING = re.compile("|".join(_JAPANESE))


def _retold(words: str, random: Random) -> str:
    sayings = list(_SYNONYMS.values())
    said = _RETELLING.sub(lambda match: random.choice(sayings[(match.lastindex or 1) - 1]), words)
    said = _JAPANESE_RETELLING.sub(lambda match: random.choice(_JAPANESE[match[0]]), said)
    return re.sub(r"(?<=\S) {2,}", " ", said)
