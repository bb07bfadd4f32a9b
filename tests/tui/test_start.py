"""How long a person waits for the first screen, in processor time: other work on the machine does not count."""

import json
import subprocess
import sys

_START = """
import json, sys, time
import textual.app
began = time.process_time()
from tui.app import ShindanApp
from tui.screens.open import OpenScreen
app = ShindanApp(language="en")

def painted():
    slow = {"networkx", "numpy", "diagnostics.diagnosis"} & set(sys.modules)
    print(json.dumps([time.process_time() - began, sorted(slow)]))
    app.exit()

on_mount = OpenScreen.on_mount
OpenScreen.on_mount = lambda screen: (on_mount(screen), screen.call_after_refresh(painted))
app.run(headless=True)
"""
GOAL = 0.8
"""Seconds beyond the import of Textual itself."""


def test_the_first_screen_is_there_quickly_and_waits_for_no_model():
    done = subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True)
    seconds, slow = json.loads(done.stdout.splitlines()[-1])
    assert slow == []
    assert seconds < GOAL
