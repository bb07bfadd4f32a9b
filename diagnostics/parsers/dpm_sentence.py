r"""The virtual machine and the protected computer that a sentence of DPM names.

`Microsoft Hyper-V \Backup Using Child Partition Snapshot\SQL01`: the data source is called so in every language
(https://support.microsoft.com/help/2755884); what stands around it is translated. Later versions print the machine
alone, or `RCT` (resilient change tracking) before it; `Microsoft Hyper-V RCT on HV01` names none
(https://learn.microsoft.com/system-center/dpm/dpm-release-notes, ID 30135).

`DPM failed to communicate with HV01.contoso.com because the computer is unreachable. (ID 41 ...)`: which errors name it
is listed in `dpm_sentence.yml`, so the words around the name may be of any language.
"""

import re
from functools import cache
from pathlib import Path

import msgspec

from diagnostics.parsers.codes import find_codes

_NAME = r"[^\\\s:*?\"<>|]{1,100}"
_SOURCE = re.compile(
    r"Microsoft Hyper-V (?:RCT)?\\{1,2}"
    rf"(?:(?:Backup Using (?:Child Partition Snapshot|Saved State)|Online|Offline|RCT)\\{{1,2}})?(?P<named>{_NAME})"
    r"|Microsoft Hyper-V (?:RCT )?(?!(?:RCT|on|vms?|servers?|hosts?|role|service|backups?|jobs?|data|protection) )"
    rf"(?P<alone>{_NAME})(?= (?:on|auf|sur|en|su|em) | ?の)",
    re.IGNORECASE,
)
_FULL_NAME = re.compile(
    r"(?<![\w.\\/@:<-])[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9][a-z0-9-]{0,62}){1,8}\.[a-z][a-z0-9-]{1,62}(?![\w\\/@:-])",
    re.IGNORECASE | re.ASCII,
)
"""With its domain, and no part of a path, an address of mail or web, or a version."""
_OF_A_CLUSTER = "resources."
"""Clustered machines are called `SCVMM SQL01 Resources.CLUSTER.contoso.com` and `SQL01.CLUSTER.contoso.com`."""
_LONGEST = 2000  # characters of a hostile text


class _Errors(msgspec.Struct, frozen=True):
    ids: frozenset[int]


@cache
def _errors() -> frozenset[str]:
    read = msgspec.yaml.decode(Path(__file__).with_suffix(".yml").read_bytes(), type=_Errors)
    return frozenset(f"ID {number}" for number in read.ids)


def vm_in(sentence: str) -> str:
    """The virtual machine that the sentence is about, empty where it is about none."""
    found = _SOURCE.search(sentence[:_LONGEST])
    return found["named"] or found["alone"] if found else ""


def server_in(sentence: str, vm: str = "", dpm: str = "") -> str:
    """The one computer that the sentence names in full, empty where it is not certain which that is.

    Neither the virtual machine `vm` that the sentence is about nor the DPM server `dpm` itself is meant.
    """
    sentence = sentence[:_LONGEST]
    name = _beside_its_machine(sentence) or _only_name(sentence)
    others = {_label(vm), _label(dpm)}
    return "" if name.lower().startswith(_OF_A_CLUSTER) or _label(name) in others else name


def _beside_its_machine(sentence: str) -> str:
    """Of whatever error: `<DatasourceType> <DatasourceName> on <ServerName>`, as all of them have it in English."""
    source = _SOURCE.search(sentence)
    if source is None or not sentence.startswith(" on ", source.end()):
        return ""
    name = _FULL_NAME.match(sentence, source.end() + len(" on "))
    return name[0] if name else ""


def _only_name(sentence: str) -> str:
    if _errors().isdisjoint(find_codes(sentence)):
        return ""
    names = {name.lower(): name for name in _FULL_NAME.findall(sentence)}
    return next(iter(names.values())) if len(names) == 1 else ""


def _label(name: str) -> str:
    return name.partition(".")[0].lower()
