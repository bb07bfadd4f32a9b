r"""Error codes in log text, in one canonical spelling (docs/events.md lists the forms).

Windows prints one and the same failure as `0x800705AA`, `(0x5aa)`, `ERROR 1450`, `800705aa`, `-2147023446`,
`%%2147944330` or `ERROR_NO_SYSTEM_RESOURCES`, and only some of these tell by themselves that they are a code. A plain
number counts as a code only behind a word for *error*, in the languages that Windows is sold in; a long one where its
facility is one that Windows defines. Facilities:
https://learn.microsoft.com/windows/win32/com/structure-of-com-error-codes; Hyper-V return values:
https://learn.microsoft.com/windows/win32/hyperv_v2/requeststatechange-msvm-computersystem; Kerberos: RFC 4120, 7.5.9.

Everything here works on lower-cased text and starts from literals: it runs over every line of every log.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from diagnostics.parsers.messages import ABOUT, code_said_by
from diagnostics.parsers.sieve import DIGIT, any_of
from diagnostics.parsers.symbols import symbols

_WIN32 = range(1, 16000)
"""https://learn.microsoft.com/windows/win32/debug/system-error-codes"""
_HRESULTS = range(0x80000001, 0x81100000)
"""Severity *error*, facilities 0 to 0x10F; the highest in use around backups is 0x100."""
_NTSTATUSES = range(0xC0000001, 0xC1000000)
_WRAPPED_NTSTATUSES = range(0xD0000001, 0xD1000000)  # HRESULT_FROM_NT
_EXCEPTIONS = (0xE0434352, 0xE06D7363)  # .NET, Visual C++
_VSS_SUCCESSES = range(0x00042300, 0x00042400)  # VSS_S_ASYNC_CANCELLED and its like
_BACKUP_EXEC = (range(0xA0000000, 0xA0010000), range(0xE0000000, 0xE0010000))
"""https://www.veritas.com/content/support/en_US/article.100031826"""
_VM_RETURN_VALUES = range(32768, 32779)
_ONLINE_IDS = range(100000, 200000)
"""The online backup agent's own, which it prints in hexadecimal too: `(0x1873D)`."""
_SIGN_EXTENSION = 0xFFFFFFFF00000000

_UNDECLARED = re.compile(
    r"8000(?:ffff|40[0-9a-f]{2})|80(?:01|03|04|07|08|09|31|78|99)[0-9a-f]{4}|8100[0-9a-f]{4}|c0(?:0[0-9a-f]|13|1c|3a)[0-9a-f]{4}"
)
"""Facilities that are believed without `0x` and without a word before them."""

_BEHIND_WORD = (
    r"(?:['’]?s)?(?:[ _-]?(?:code|koo?d[eiu]?|コード|코드|代?[碼码]|代號))?(?:[ ](?:is|was|of|ist|est))?"
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
    hint: re.compile(pattern, re.MULTILINE)
    for hint, pattern in {
        "id": r"[(（](?:id|id\.|identifi(?:ant|kation)|identifica(?:dor|tore))"
        r"[ \u00a0]?[:：]?[ \u00a0]?(?P<number>1?\d{1,5})(?!\d)",
        "id ": r"(?<![^\W_])id (?P<number>\d{1,5})(?![\w./-]*\d)",
        "(код": r"\(код[ :]*(?P<number>\d{1,5})(?!\d)",
        "dpm": r"^dpm ?[:：].*[(（](?P<number>\d{2,5})[)）][ \t\r]*$",
    }.items()
}
_ERROR_NAME = re.compile(r"(?<![a-z0-9_])(?P<number>error_[a-z0-9_]+(?: ?[(（]\d{1,5}[)）])?)")
_KERBEROS = re.compile(
    r"(?:(?<![\w.])(?P<given>0x[0-9a-f]{1,2}|\d{1,2})\s{1,3})?(?<![a-z0-9_])(?P<number>(?:krb_(?:ap_)?|kdc_)err_[a-z0-9_]+)"
)
"""`Error Code: 0x25 KRB_AP_ERR_SKEW`: the number is none of Windows."""
_SYMBOL_PREFIXES = (
    "vss_e_",
    "vss_s_",
    "rpc_s_",
    "rpc_e_",
    "co_e_",
    "sec_e_",
    "status_",
    "wsae",
    "regdb_e_",
    "e_access",
)

_NO_CODES = (
    *("address", "adress", "lba", "アドレス", "indirizzo", "direcci", "endere", "адрес", "주소", "位址", "地址"),
    *(
        "offset",
        "オフセット",
        "block",
        "flag",
        "mode",
        "state",
        "status",
        "attribut",
        "type",
        "level",
        "size",
        "length",
    ),
    *("mask", "handle", "count", "version", "id", "pid", "tid", "ptr"),
)
"""Words whose numbers are none: addresses, flags, sizes."""
_IS_AMOUNT = re.compile(r"[.,]\d|[ ]?(?:bytes|[kmg]b)\b")
_RETURNED = re.compile(r"(?:return(?:ed| ?value)?|rückgabewert|戻り値|valeur de retour)[ :='\"(]{1,4}$")
_CODE_OF_FAILURE = re.compile(r"(?:failure|return(?:ed)?|exit|exception|result|ausnahme|completion)[ _-]?$")
_ANOTHER_SYSTEM = ("native ", "vss ", "event ", "volsnap ", *(f"{digit} " for digit in range(10)))
"""Before `error 12293`: an event id, an error of SQL Server, or (behind a time) a log level before a process id."""
_DPM_SPEAKS = re.compile(r"(?:^|[^\w -] ?|(?:dpm|mabs|error|fehler|erreur|errore|alert|job|with|エラー) )$")


def find_codes(text: str) -> tuple[str, ...]:
    """Every error code in the text: canonical, in order of appearance, each once; without one, the one it words."""
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _found(text)


def _found(text: str) -> tuple[str, ...]:
    lowered = text.lower()
    found: list[tuple[int, str]] = []
    for literal in filter(lowered.__contains__, _ASCII_LITERALS if lowered.isascii() else _LITERALS):
        found += _codes(literal, lowered)
    if not found:
        said = code_said_by(lowered)
        return (said,) if said else ()
    found.sort()
    return told_apart(code for _, code in found)


def told_apart(codes: Iterable[str]) -> tuple[str, ...]:
    """Each once; without the Win32 error of a number that stands beside its Kerberos name."""
    once = dict.fromkeys(codes)
    numbers = {_win32(int(code.removeprefix("KRB "))) for code in once if code.startswith("KRB ")}
    return tuple(code for code in once if code not in numbers)


_LONGEST_REMEMBERED = 4096  # characters
_remembered = lru_cache(maxsize=1024)(_found)
"""A log says the same over and over."""


def canonical(code: str) -> str | None:
    """The canonical spelling of what is known to be a code (`1450` -> `0x800705AA`), None where it is none."""
    lowered = code.strip().lower()
    for pattern, read in _SPELLINGS:
        if match := pattern.fullmatch(lowered):
            return read(match[1])
    return None


def _codes(literal: str, lowered: str) -> Iterator[tuple[int, str]]:
    """Places and codes of the kind that this literal leads to."""
    pattern, read = _KINDS[literal]
    for match in pattern.finditer(lowered):
        code = read(literal, match)
        if code:
            yield match.start("number"), code


def _before(match: re.Match[str], length: int = 24) -> str:
    return match.string[max(0, match.start() - length) : match.start()]


def _is_word_for_error(word: str, match: re.Match[str]) -> bool:
    before = _before(match)
    if word == "code":
        return bool(_CODE_OF_FAILURE.search(before))
    inside_word = before[-1:].isalnum() and not before.endswith(("last", "win32", "dw", "sys"))
    return not (inside_word and before[-1:].isascii() and word.isascii()) and not before.endswith(_ANOTHER_SYSTEM)


def _read_error(word: str, match: re.Match[str]) -> str | None:
    if not _is_word_for_error(word, match):
        return None
    number = match["number"]
    if number.startswith("0x"):
        return _declared_hex(number[2:])
    return _dpm(number) if _is_dpm_error(match) else _number(int(number))


def _read_status(word: str, match: re.Match[str]) -> str | None:
    """A status is a code where it is too large for a state or an HTTP status."""
    number = match["number"]
    return _read_error(word, match) if number.isdecimal() and int(number) >= 1000 else None


def _read_dpm_id(hint: str, match: re.Match[str]) -> str | None:
    return _dpm(match["number"]) if hint != "id " or _DPM_SPEAKS.search(_before(match)) else None


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
        or any(value in own for own in _BACKUP_EXEC)
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
    return f"ID {int(digits)}" if 0 < int(digits) < 65536 or 100000 <= int(digits) < 200000 else None


def _neighbours(match: re.Match[str]) -> tuple[str, str]:
    """The characters before and behind a match, blank at the ends of the text."""
    start, end = match.span()
    return (match.string[start - 1] if start else " "), match.string[end : end + 1] or " "


def _read_hex(_: str, match: re.Match[str]) -> str | None:
    before, behind = _neighbours(match)
    if before.isalnum() or behind.isalnum():
        return None
    value = int(match[0], 16)
    enclosed = before in "([（" and behind in ")],）"
    code = _hresult(value) or (_win32(value) or _online(value) if enclosed else None)
    return code if code and not _last_word(_before(match)).startswith(_NO_CODES) else None


def _online(value: int) -> str | None:
    return f"ID {value}" if value in _ONLINE_IDS else None


def _read_unified(_: str, match: re.Match[str]) -> str | None:
    """Backup Exec prints the halves of a code in decimal, of its own (`V-79-57344-65233` is 0xE000FED1) and of others.

    `V-79-32772-8966` is 0x80042306 of VSS; `V-79-10000-11226` is no code, but numbers one of its messages.
    """
    high, low = int(match["high"]), int(match["number"])
    return _hresult(high << 16 | low) if low <= 0xFFFF else None


def _read_named_win32(_: str, match: re.Match[str]) -> str | None:
    """`Win32 error:The network path was not found. Code: 53`, as Veeam tells what Windows said."""
    return _win32(int(match["number"]))


def _read_symbol(_: str, match: re.Match[str]) -> str | None:
    return symbols().get(match["number"])


def _read_kerberos(_: str, match: re.Match[str]) -> str | None:
    """The name is believed, and the number before it where nobody knows the name."""
    given = match["given"]
    number = int(given, 16 if given.startswith("0x") else 10) if given else 0
    return symbols().get(match["number"]) or (f"KRB {number}" if number else None)


def _read_error_name(_: str, match: re.Match[str]) -> str | None:
    """`ERROR_ACCESS_DENIED (5)`: the number is believed, where there is one."""
    name, _, number = match["number"].partition("(" if "(" in match["number"] else "（")
    return _win32(int(number[:-1])) if number else symbols().get(name)


def _last_word(before: str) -> str:
    return before.rstrip(" \t\u00a0:：=([").rpartition(" ")[2]


def _read_bare(_: str, match: re.Match[str]) -> str | None:
    before, behind = _neighbours(match)
    inside = before.isalnum() or behind.isalnum() or before in "_.,\\/{#-" or behind in "_-"
    if inside or not _UNDECLARED.fullmatch(match[0]) or _IS_AMOUNT.match(match.string, match.end()):
        return None
    return _hresult(int(match[0], 16))


def _read_insert(_: str, match: re.Match[str]) -> str | None:
    """`%%n` refers to a message of the system, or in Security logs to msobjs.dll, whose ids start at 1536."""
    value = int(match["number"])
    if 1536 <= value < 10004 and value not in range(1700, 1792):
        return None
    return _number(value)


def _read_negative(_: str, match: re.Match[str]) -> str | None:
    before, behind = _neighbours(match)
    return None if before.isalnum() or behind.isalnum() else _hresult((1 << 32) - int(match["number"]))


def _read_unsigned(_: str, match: re.Match[str]) -> str | None:
    """A decimal in quotes, or alone, in a facility that sizes rarely hit."""
    before, behind = _neighbours(match)
    alone = match.string.strip() == match[0]
    if not alone and not (before in "\"'“‘([" and behind in "\"'”’)]"):
        return None
    return _hresult(int(match[0])) if _UNDECLARED.fullmatch(f"{int(match[0]):08x}") else None


def _read_vm(_: str, match: re.Match[str]) -> str | None:
    before, behind = _neighbours(match)
    if int(match[0]) not in _VM_RETURN_VALUES or before.isalnum() or behind.isalnum():
        return None
    enclosed = before in "\"'“‘(" and behind in "\"'”’)"
    return f"VM {match[0]}" if enclosed or _RETURNED.search(_before(match)) else None


def _read_digits(digits: str) -> str | None:
    """`80070005` has no letter, but is hexadecimal."""
    return _hresult(int(digits, 16)) if _UNDECLARED.fullmatch(digits) else None


_KINDS: dict[str, tuple[re.Pattern[str], Callable[[str, re.Match[str]], str | None]]] = {
    "0x": (re.compile(r"(?P<number>0x[0-9a-f]{1,16})"), _read_hex),
    "80": (re.compile(r"(?P<number>80[0-9a-f]{6})"), _read_bare),
    "8100": (re.compile(r"(?P<number>8100[0-9a-f]{4})"), _read_bare),
    "c0": (re.compile(r"(?P<number>c0[0-9a-f]{6})"), _read_bare),
    "%%": (re.compile(r"%%(?P<number>\d{1,10})(?!\d)"), _read_insert),
    "-1": (re.compile(r"-(?P<number>1\d{9})(?!\.?\d)"), _read_negative),
    "-2": (re.compile(r"-(?P<number>2\d{9})(?!\.?\d)"), _read_negative),
    "21": (re.compile(r"(?P<number>21\d{8})"), _read_unsigned),
    "32": (re.compile(r"(?P<number>32\d{8})"), _read_unsigned),
    "327": (re.compile(r"(?P<number>327[67]\d)"), _read_vm),
    **{word: (pattern, _read_error) for word, pattern in _ERROR_WORDS.items()},
    **{word: (pattern, _read_status) for word, pattern in _STATUS_WORDS.items()},
    **{hint: (pattern, _read_dpm_id) for hint, pattern in _DPM_IDS.items()},
    **dict.fromkeys(("krb_", "kdc_"), (_KERBEROS, _read_kerberos)),
    "error_": (_ERROR_NAME, _read_error_name),
    "v-79-": (re.compile(r"v-79-(?P<high>\d{5})-(?P<number>\d{1,5})(?!\d)"), _read_unified),
    "win32 error": (re.compile(r"win32 error ?:[^:]{1,200}?\.?\s*code: (?P<number>\d{1,5})(?!\d)"), _read_named_win32),
    **{
        prefix: (re.compile(rf"(?<![a-z0-9_])(?P<number>{prefix}[a-z0-9_]+)"), _read_symbol)
        for prefix in _SYMBOL_PREFIXES
    },
}
"""How codes are found: a literal, the pattern around it, and what a match of it means."""
_LITERALS = tuple(_KINDS)
_ASCII_LITERALS = tuple(literal for literal in _LITERALS if literal.isascii())
"""Most lines hold none of them, and that is quickly seen."""
_RARER = {
    "0x": "0x[0-9a-f]",
    "80": "80[0-9a-f]{6}",
    "8100": "8100[0-9a-f]{4}",
    "c0": "c0[0-9a-f]{6}",
    "%%": rf"%%{DIGIT}",
    "-1": rf"-1{DIGIT}{{9}}",
    "-2": rf"-2{DIGIT}{{9}}",
    "21": rf"21{DIGIT}{{8}}",
    "32": rf"32{DIGIT}{{8}}",
    "327": rf"327[67]{DIGIT}",
    "hr": "hr ?[=:]",
    "krb_": "krb_(?:ap_)?err_",
    "kdc_": "kdc_err_",
    "id": "[(（]id",
    "id ": rf"id {DIGIT}",
}
"""What a code has that begins with such a literal: lines are full of these."""


def hint() -> str:
    """A pattern for the sieve: lines in which a code is found."""
    usual = [literal for literal in _LITERALS if literal not in _RARER]
    return "|".join((any_of((*usual, *ABOUT)), *_RARER.values()))


_SPELLINGS: tuple[tuple[re.Pattern[str], Callable[[str], str | None]], ...] = (
    (re.compile(r"id[ :]*(1?\d{1,5})"), _dpm),
    (re.compile(r"krb (\d{1,3})"), lambda digits: f"KRB {int(digits)}"),
    (re.compile(r"vm (\d{5})"), lambda digits: f"VM {digits}" if int(digits) in _VM_RETURN_VALUES else None),
    (re.compile(r"0x([0-9a-f]{1,16})"), _declared_hex),
    (re.compile(r"%*(\d{1,10})"), lambda digits: _number(int(digits)) or _read_digits(digits)),
    (re.compile(r"-(\d{1,10})"), lambda digits: _hresult((1 << 32) - int(digits))),
    (re.compile(rf"({_UNDECLARED.pattern})"), lambda digits: _hresult(int(digits, 16))),
)
