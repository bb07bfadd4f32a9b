"""The lab on the screen: a bench that runs it on a thread, its pace, and what is seen of a night. Without Textual."""

from tui.lab.bench import Bench, State
from tui.lab.pace import SPEEDS, Pace, StoppedError
from tui.lab.seen import JobSeen, NightSeen

__all__ = ["SPEEDS", "Bench", "JobSeen", "NightSeen", "Pace", "State", "StoppedError"]
