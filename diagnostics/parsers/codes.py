r"""Error codes in log text, in one canonical spelling (docs/events.md lists the forms).

Windows prints one and the same failure as `0x800705AA`, `(0x5aa)`, `ERROR 1450`, `800705aa`, `-2147023446` or
`%%2147944330`, and only some of these tell by themselves that they are a code. A plain number counts as a code only
behind a word for *error*, in the languages that Windows is sold in; a long one where its facility is one that Windows
defines. Facilities: https://learn.microsoft.com/windows/win32/com/structure-of-com-error-codes; Hyper-V return values:
https://learn.microsoft.com/windows/win32/hyperv_v2/requeststatechange-msvm-computersystem.

Everything here works on lower-cased text and starts from literals: it runs over every line of every log.
"""

# ruff: noqa: RUF001 - full-width and typographic characters are what the logs hold

import re
from collections.abc import Callable, Iterator

_WIN32 = range(1, 16000)
"""https://learn.microsoft.com/windows/win32/debug/system-error-codes"""
_HRESULTS = range(0x80000001, 0x81100000)
"""Severity *error*, facilities 0 to 0x10F; the highest in use around backups is 0x100."""
_NTSTATUSES = range(0xC0000001, 0xC1000000)
_WRAPPED_NTSTATUSES = range(0xD0000001, 0xD1000000)  # HRESULT_FROM_NT
_EXCEPTIONS = (0xE0434352, 0xE06D7363)  # .NET, Visual C++
_VSS_SUCCESSES = range(0x00042300, 0x00042400)  # VSS_S_ASYNC_CANCELLED and its like
_VM_RETURN_VALUES = range(32768, 32778)
_SIGN_EXTENSION = 0xFFFFFFFF00000000

_NUMERALS = re.compile(
    r"(?P<hex>0x[0-9a-f]{1,16})|(?P<bare>[8c][01][0-9a-f]{6})|(?P<insert>%%\d{1,10})|(?P<long>[123]\d{9})|(?P<vm>327[67]\d)"
)
_UNDECLARED = re.compile(
    r"8000(?:ffff|40[0-9a-f]{2})|80(?:01|03|04|07|08|09|31|78|99)[0-9a-f]{4}|8100[0-9a-f]{4}|c0(?:0[0-9a-f]|1c|3a)[0-9a-f]{4}"
)
"""Facilities that are believed without `0x` and without a word before them."""

_BEHIND_WORD = (
    r"(?:['’]?s)?(?:[ _-]?(?:code|kodu|コード|코드|代?[碼码]|代號))?(?:[ ](?:is|was|of|ist|est))?"
    r"[ \u00a0:：=(\"'“„«‘\[#]{0,4}(?P<number>0x[0-9a-f]{1,8}(?![0-9a-z])|\d{1,10}(?![\w%]|[.,:/-]\d|,[ ]severity))"
)
_ERROR_WORDS = {
    word: re.compile(word + endings + _BEHIND_WORD)
    for word, endings in {
        "err": "(?:or|eur|ore|o)",
        "hr": "(?=[ ]?[=:])",
        "chyb": "[ay]",
        "ошибк": "[аи]",
        "σφάλμα": "(?:τος)?",
        **dict.fromkeys(("code", "hresult", "fehler", "fout", "fejl", "feil", "fel", "virhe", "hata", "hiba"), ""),
        **dict.fromkeys(("eroare", "błąd", "błędu", "エラー", "例外", "오류", "錯誤", "错误"), ""),
    }.items()
}
_STATUS_WORDS = {
    word: re.compile(word + _BEHIND_WORD)
    for word in ("status", "状態", "état", "stato", "estado", "상태", "狀態", "状态", "stav", "состояние")
}
_DPM_IDS = {
    hint: re.compile(pattern)
    for hint, pattern in {
        "id": r"[(（](?:id|id\.|identifi(?:ant|kation)|identifica(?:dor|tore))"
        r"[ \u00a0]?[:：]?[ \u00a0]?(?P<number>\d{1,5})(?!\d)",
        "id ": r"(?<![^\W_])id (?P<number>\d{1,5})(?![\w./-]*\d)",
        "(код": r"\(код[ :]*(?P<number>\d{1,5})(?!\d)",
        "dpm": r"^dpm ?[:：].*[(（](?P<number>\d{2,5})[)）][ \t\r]*$",
    }.items()
}
_ERROR_NAMES = {"error_": re.compile(r"error_[a-z0-9_]+ ?[(（](?P<number>\d{1,5})[)）]")}

_NOT_A_CODE = re.compile(
    r"(?:add?ress|lba|アドレス|indirizzo|direcci|endere[cç]|адрес|주소|位址|地址|offset|オフセット|block|"
    r"flags?|mode|stat(?:e|us)|attribut|type|level|size|length|mask|handle|count|version|[pt]?id|ptr)\w*[\s:：=(\[]*$"
)
_IS_AMOUNT = re.compile(r"[.,]\d|[ ]?(?:bytes|[kmg]b)\b")
_RETURNED = re.compile(r"(?:return(?:ed| ?value)?|rückgabewert|戻り値|valeur de retour)[ :='\"(]{1,4}$")
_CODE_OF_FAILURE = re.compile(r"(?:failure|return(?:ed)?|exit|exception|result|ausnahme|completion)[ _-]?$")
_ANOTHER_SYSTEM = re.compile(r"(?:native|vss|event|volsnap|\d) $")
"""Before `error 12293`: an event id, an error of SQL Server, or (behind a time) a log level before a process id."""
_DPM_SPEAKS = re.compile(r"(?:^|[^\w -] ?|(?:dpm|mabs|error|fehler|erreur|errore|alert|job|with|エラー) )$")


def find_codes(text: str) -> tuple[str, ...]:
    """Every error code in the text: canonical, in order of appearance, each once."""
    lowered = text.lower()
    found = [*_numerals(lowered), *_declared(lowered), *_dpm_ids(lowered)]
    if not found:
        return ()
    found.sort()
    return tuple(dict.fromkeys(code for _, code in found))


def canonical(code: str) -> str | None:
    """The canonical spelling of what is known to be a code (`1450` -> `0x800705AA`), None where it is none."""
    lowered = code.strip().lower()
    for pattern, read in _SPELLINGS:
        if match := pattern.fullmatch(lowered):
            return read(match[1])
    return None


def _numerals(lowered: str) -> Iterator[tuple[int, str]]:
    """Codes that their own look gives away."""
    for match in _NUMERALS.finditer(lowered):
        code = _READERS[match.lastgroup or ""](match)
        if code:
            yield match.start(), code


def _declared(lowered: str) -> Iterator[tuple[int, str]]:
    """Numbers behind a word for *error* or *status*."""
    for word, match in _matches(_ERROR_WORDS, lowered):
        if _is_word_for_error(word, match) and (code := _read_declared(match)):
            yield match.start("number"), code
    for _, match in _matches(_STATUS_WORDS, lowered):
        if match["number"].isdecimal() and int(match["number"]) >= 1000 and (code := _read_declared(match)):
            yield match.start("number"), code
    for _, match in _matches(_ERROR_NAMES, lowered):
        if code := _win32(int(match["number"])):
            yield match.start("number"), code


def _dpm_ids(lowered: str) -> Iterator[tuple[int, str]]:
    for hint, match in _matches(_DPM_IDS, lowered):
        code = _dpm(match["number"])
        if code and (hint != "id " or _DPM_SPEAKS.search(_before(match))):
            yield match.start("number"), code


def _matches(patterns: dict[str, re.Pattern[str]], lowered: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Matches of the patterns whose literal, their key, occurs at all."""
    for literal, pattern in patterns.items():
        if literal in lowered:
            for match in pattern.finditer(lowered):
                yield literal, match


def _before(match: re.Match[str], length: int = 24) -> str:
    return match.string[max(0, match.start() - length) : match.start()]


def _is_word_for_error(word: str, match: re.Match[str]) -> bool:
    before = _before(match)
    if word == "code":
        return bool(_CODE_OF_FAILURE.search(before))
    inside_word = before[-1:].isalnum() and not before.endswith(("last", "win32", "dw", "sys"))
    return not (inside_word and before[-1:].isascii() and word.isascii()) and not _ANOTHER_SYSTEM.search(before)


def _read_declared(match: re.Match[str]) -> str | None:
    number = match["number"]
    if number.startswith("0x"):
        return _declared_hex(number[2:])
    return _dpm(number) if _is_dpm_error(match) else _number(int(number))


def _is_dpm_error(match: re.Match[str]) -> bool:
    """`Error 270: The agent operation failed ...`: so DPM's console titles its own ids."""
    before = _before(match).rstrip(" \t")
    begins = not before or before.endswith(("\n", ":", "dpm"))
    return begins and match.string.startswith(": the ", match.end()) and "dpm" in match.string


def _hresult(value: int) -> str | None:
    """A failure in 32 bits, whatever printed it; None where Windows defines no such facility."""
    if value & _SIGN_EXTENSION == _SIGN_EXTENSION:
        value &= 0xFFFFFFFF
    known = (
        value in _HRESULTS
        or value in _NTSTATUSES
        or value in _WRAPPED_NTSTATUSES
        or value in _VSS_SUCCESSES
        or value in _EXCEPTIONS
    )
    return f"0x{value:08X}" if known else None


def _win32(value: int) -> str | None:
    return f"0x8007{value:04X}" if value in _WIN32 else None


def _number(value: int) -> str | None:
    """A number that is known to be an error code."""
    if value in _VM_RETURN_VALUES:
        return f"VM {value}"
    return _win32(value) or _hresult(value)


def _declared_hex(digits: str) -> str | None:
    """A hexadecimal number that is known to be an error code: programs have facilities of their own."""
    value = int(digits, 16)
    if value & _SIGN_EXTENSION == _SIGN_EXTENSION:
        value &= 0xFFFFFFFF
    return _win32(value) or (f"0x{value:08X}" if 0xFFFF < value < 1 << 32 else None)


def _dpm(digits: str) -> str | None:
    return f"ID {int(digits)}" if 0 < int(digits) < 65536 else None


def _neighbours(match: re.Match[str]) -> tuple[str, str]:
    """The characters before and behind a match, blank at the ends of the text."""
    start, end = match.span()
    return (match.string[start - 1] if start else " "), match.string[end : end + 1] or " "


def _read_hex(match: re.Match[str]) -> str | None:
    before, behind = _neighbours(match)
    if before.isalnum() or behind.isalnum():
        return None
    value = int(match["hex"], 16)
    code = _hresult(value) or (_win32(value) if before in "([（" and behind in ")],）" else None)
    return code if code and not _NOT_A_CODE.search(_before(match)) else None


def _read_bare(match: re.Match[str]) -> str | None:
    before, behind = _neighbours(match)
    inside = before.isalnum() or behind.isalnum() or before in "_.,\\/{#-" or behind in "_-"
    if inside or not _UNDECLARED.fullmatch(match[0]) or _IS_AMOUNT.match(match.string, match.end()):
        return None
    return _hresult(int(match[0], 16))


def _read_insert(match: re.Match[str]) -> str | None:
    """`%%n` refers to a message of the system, or in Security logs to msobjs.dll, whose ids start at 1536."""
    value = int(match[0][2:])
    if 1536 <= value < 10004 and value not in range(1700, 1792):
        return None
    return _number(value)


def _read_long(match: re.Match[str]) -> str | None:
    """Decimals: signed ones anywhere; unsigned ones in quotes, or alone, and in facilities that sizes rarely hit."""
    before, behind = _neighbours(match)
    if behind.isalnum():
        return None
    if before == "-":
        joined = match.string[match.start() - 2 : match.start() - 1].isalnum()
        return None if joined else _hresult((1 << 32) - int(match[0]))
    alone = match.string.strip() == match[0]
    if not alone and not (before in "\"'“‘([" and behind in "\"'”’)]"):
        return None
    return _hresult(int(match[0])) if _UNDECLARED.fullmatch(f"{int(match[0]):08x}") else None


def _read_vm(match: re.Match[str]) -> str | None:
    before, behind = _neighbours(match)
    if int(match[0]) not in _VM_RETURN_VALUES or before.isalnum() or behind.isalnum():
        return None
    enclosed = before in "\"'“‘(" and behind in "\"'”’)"
    return f"VM {match[0]}" if enclosed or _RETURNED.search(_before(match)) else None


_READERS: dict[str, Callable[[re.Match[str]], str | None]] = {
    "hex": _read_hex,
    "bare": _read_bare,
    "insert": _read_insert,
    "long": _read_long,
    "vm": _read_vm,
}
_SPELLINGS: tuple[tuple[re.Pattern[str], Callable[[str], str | None]], ...] = (
    (re.compile(r"id[ :]*(\d{1,5})"), _dpm),
    (re.compile(r"vm (\d{5})"), lambda digits: f"VM {digits}" if int(digits) in _VM_RETURN_VALUES else None),
    (re.compile(r"0x([0-9a-f]{1,16})"), _declared_hex),
    (re.compile(r"%*(\d{1,10})"), lambda digits: _number(int(digits)) or _read_digits(digits)),
    (re.compile(r"-(\d{1,10})"), lambda digits: _hresult((1 << 32) - int(digits))),
    (re.compile(rf"({_UNDECLARED.pattern})"), lambda digits: _hresult(int(digits, 16))),
)


def _read_digits(digits: str) -> str | None:
    """`80070005` has no letter, but is hexadecimal."""
    return _hresult(int(digits, 16)) if _UNDECLARED.fullmatch(digits) else None
