"""A real browser for tests: Chromium, spoken to through its debugging pipe; it can reach no host but this one."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
Message = dict[str, Any]
_PATIENCE = 30.0
_COMMANDS, _ANSWERS = 3, 4
"""File descriptors that Chromium's `--remote-debugging-pipe` reads commands from and writes answers to."""


def executable() -> str | None:
    """Where Chromium is, None where it is not installed."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def artefacts() -> Path:
    """Where pictures of pages are kept: `SHINDAN_ARTEFACTS`, else `build/artefacts`."""
    folder = Path(os.environ.get("SHINDAN_ARTEFACTS") or Path(__file__).parents[1] / "build" / "artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Browser:
    """One browser with one page."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._number = 0
        self._buffer = b""
        self._session: str | None = None
        self.events: list[Message] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "Security"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters) -> Message:
        """Do something, and wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: Message = answer["result"]
                return result
            self.events.append(answer)

    def _next(self) -> Message:
        deadline = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(self._answers, 1 << 20) if ready else b""
            if not data:
                raise TimeoutError("the browser does not answer")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\0")
        answer: Message = json.loads(line)
        return answer

    def open(
        self, page: Path | str, *, width: int = 1280, height: int = 800, scheme: str = "light", media: str = "screen"
    ) -> None:
        """Load a file, or an address on this machine, in a window of this size, for a screen or as if printed."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )  # fmt: skip
        self.call(
            "Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def ask(self, script: str):
        """What an expression comes to in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def requests(self) -> list[str]:
        """The addresses that the page asked for since it was opened."""
        return [
            event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """What the page's console says, for example of a policy that was violated."""
        return [event["params"]["entry"]["text"] for event in self.events if event["method"] == "Log.entryAdded"]

    def picture(self, name: str, *, whole: bool = False) -> Path:
        """A screenshot among the artefacts, of the window or of the whole page."""
        clip = {"clip": self._whole()} if whole else {}
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **clip)
        return self._keep(name, data["data"])

    def _whole(self) -> Message:
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}

    def print(self, name: str) -> Path:
        """The page as a PDF among the artefacts, on the paper that its style sheet asks for."""
        return self._keep(name, self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    def _keep(self, name: str, data: str) -> Path:
        path = artefacts() / name
        path.write_bytes(base64.b64decode(data))
        return path


def browser_or_skip() -> str:
    """Where Chromium is; the test is skipped where there is none."""
    found = executable()
    if found is None:
        pytest.skip("no Chromium is installed (apt-get install chromium)")
    return found


@contextmanager
def browsing(program: str) -> Iterator[Browser]:
    """Start a browser without a window, a profile or a network, and end it."""
    to_browser, commands = os.pipe()
    answers, from_browser = os.pipe()
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_browser, from_browser)]

    def connect() -> None:
        os.dup2(high[0], _COMMANDS)
        os.dup2(high[1], _ANSWERS)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        running = subprocess.Popen(
            [
                program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
                "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                f"--user-data-dir={profile}",
            ],
            preexec_fn=connect, pass_fds=(_COMMANDS, _ANSWERS),  # noqa: PLW1509 - no thread runs beside it
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for fd in (to_browser, from_browser, *high):
            os.close(fd)
        try:
            yield Browser(commands, answers)
        finally:
            running.terminate()
            running.wait(_PATIENCE)
            os.close(commands)
            os.close(answers)
