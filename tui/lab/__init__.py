"""The lab without a screen: a bench that runs it in a process of its own, its pace, and what is seen of a night."""

from tui.lab.bench import Bench, LabFailedError, State
from tui.lab.pace import SPEEDS, Pace, StoppedError
from tui.lab.seen import JobSeen, NightSeen

__all__ = ["SPEEDS", "Bench", "JobSeen", "LabFailedError", "NightSeen", "Pace", "State", "StoppedError"]
