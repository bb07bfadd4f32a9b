"""The Volume Shadow Copy Service: requestor, coordinator, writers and providers, as Windows documents them.

`requestor.shadow_copies` is the whole cycle; `coordinator` leads it, `writer` and `shadow_set.Provider` take part in
it, `states` and `errors` are its vocabulary, `occurrences` what it announces, `faults` what can be made to go wrong.
"""

from engine.vss.coordinator import Coordinator, Limits
from engine.vss.errors import VssError, WriterError
from engine.vss.requestor import Requestor, shadow_copies
from engine.vss.shadow_set import Provider, ShadowCopy, ShadowSet, Volume
from engine.vss.states import Phase, WriterState
from engine.vss.writer import Application, Writer

__all__ = [
    "Application",
    "Coordinator",
    "Limits",
    "Phase",
    "Provider",
    "Requestor",
    "ShadowCopy",
    "ShadowSet",
    "Volume",
    "VssError",
    "Writer",
    "WriterError",
    "WriterState",
    "shadow_copies",
]
