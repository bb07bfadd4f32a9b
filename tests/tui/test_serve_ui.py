"""The screens in a real browser, and who may not see them."""

import asyncio
import base64
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from tests.browser import Browser, browser_or_skip, browsing
from tests.bundled import SAMPLES

aiohttp = pytest.importorskip("aiohttp", reason="the extra `web` is not installed")


@contextmanager
def served(home, *arguments: str, within: float = 20) -> Iterator[str]:
    """The address of screens that are being served; an interrupt ends that within so many seconds."""
    environment = {**os.environ, "XDG_STATE_HOME": str(home), "TEXTUAL_ANIMATIONS": "none"}
    running = subprocess.Popen(
        [sys.executable, "-m", "tui", "serve-ui", "--lang", "en", *arguments],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert running.stdout
    try:
        yield running.stdout.readline().strip()
    finally:
        running.send_signal(signal.SIGINT)
        assert running.wait(within) == 0


def status(address: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def received(browser: Browser) -> str:
    """What the page has been sent to draw: the terminal in it paints on a canvas, whose text nobody can read."""
    browser.ask("1")
    told = [one["params"]["response"] for one in browser.events if one["method"] == "Network.webSocketFrameReceived"]
    drawn = (base64.b64decode(frame["payloadData"]) for frame in told if frame["opcode"] == 2)
    return b"".join(drawn).decode("utf-8", "replace")


def left_the_machine(browser: Browser) -> list[str]:
    """The addresses elsewhere that were asked for; a request that the page's policy blocked never left."""
    sent = {
        one["params"]["requestId"]: one["params"]["request"]["url"]
        for one in browser.events
        if one["method"] == "Network.requestWillBeSent"
    }
    blocked = {
        one["params"]["requestId"]
        for one in browser.events
        if one["method"] == "Network.loadingFailed" and one["params"].get("blockedReason") == "csp"
    }
    return [url for id_, url in sent.items() if url.startswith("http") and not own(url) and id_ not in blocked]


def own(url: str) -> bool:
    return url.startswith("http://127.0.0.1:")


def test_a_browser_shows_the_verdict_on_a_sample(tmp_path):
    program = browser_or_skip()
    with served(tmp_path, str(SAMPLES / "guest-sql-writer" / "logs")) as address, browsing(program) as browser:
        browser.open(address)
        deadline = time.monotonic() + 40
        while "SqlServerWriter" not in received(browser) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "ASSERTED" in received(browser)
        assert "SqlServerWriter" in received(browser)
        time.sleep(0.5)  # for the picture: the page fades in
        browser.picture("serve-ui-guest-sql-writer.png")
        assert left_the_machine(browser) == []


def test_an_interrupt_does_not_wait_for_windows_that_are_open(tmp_path):
    opened = Event()

    async def look_on(address: str) -> None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            async with session.get(address) as answer:
                socket = re.findall(r'data-session-websocket-url="([^"]+)"', await answer.text())[0]
            async with session.ws_connect(f"{socket}?width=80&height=24") as window:
                async for _ in window:
                    opened.set()

    with served(tmp_path, within=5) as address:
        window = Thread(target=lambda: asyncio.run(look_on(address)))
        window.start()
        assert opened.wait(30)
    window.join(10)
    assert not window.is_alive()


def test_only_who_knows_the_address_is_answered(tmp_path):
    with served(tmp_path) as address:
        base = address.split("/?")[0]
        assert status(address) == 403  # urllib keeps no cookies: the secret alone is not enough twice
        assert status(base) == 403
        assert status(f"{base}/?key=guess") == 403
        assert status(f"{base}/ws") == 403
        assert status(address, Origin="https://evil.example") == 403
        assert status(address, Host="evil.example") == 403
