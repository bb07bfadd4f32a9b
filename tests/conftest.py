"""How tests run: in English unless they say otherwise; property tests without deadlines, as machines are noisy."""

import os
import signal

import pytest
from hypothesis import settings

from diagnostics.language import ENGLISH, speak

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

for name in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(name, None)
os.environ["LANG"] = "C.UTF-8"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background job; programs under test inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def english():
    """Whatever a test spoke, the next one begins in English."""
    yield
    speak(ENGLISH)
