"""The screens in a browser of this machine, through textual-serve: on loopback, for whoever knows the address.

Every page of the web can make a browser ask for addresses on this machine, and other users of it can too. So the
address holds a secret, which becomes a cookie that no other site's requests carry. Nothing is loaded from elsewhere.
"""

import hmac
import logging
import os
import secrets
import shlex
import socket
import subprocess
from collections.abc import Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler
from textual_serve.server import Server

LOOPBACK = "127.0.0.1"
_COOKIE = "shindan"
_PATIENCE = 0.1
"""Seconds after Ctrl-C in which windows may end by themselves; aiohttp would wait a minute."""
_POLICY = (
    "default-src 'self' data:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; connect-src ws:"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class ScreensServer(Server):
    """Shows a command's screens to those who know the secret."""

    def __init__(self, command: Sequence[str], port: int, started: Callable[[str], None]) -> None:
        """A server that calls `started` with its address; port 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        self._socket = socket.create_server((LOOPBACK, port))
        line = subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)
        super().__init__(line, host=LOOPBACK, port=self._socket.getsockname()[1], title="Shindan")
        self._secret = secrets.token_urlsafe(24)
        self._started = started

    @property
    def address(self) -> str:
        """What a person opens."""
        return f"{self.public_url}/?key={self._secret}"

    def serve(self, debug: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - textual-serve's signature
        """Serve until Ctrl-C; each browser window has a process of its own."""
        logging.getLogger("aiohttp.access").setLevel(logging.WARNING)  # addresses hold the secret
        web.run_app(self._make_app(), sock=self._socket, print=lambda _: None, shutdown_timeout=_PATIENCE)

    async def on_startup(self, app: web.Application) -> None:  # noqa: ARG002 - as above
        """Say where it is."""
        self._started(self.address)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        app.on_response_prepare.append(_with_headers)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Host") != f"{LOOPBACK}:{self.port}":
            raise web.HTTPForbidden(text="This address is not ours.")  # another name that leads here: DNS rebinding
        if request.headers.get("Origin", self.public_url) != self.public_url:
            raise web.HTTPForbidden(text="Another site asks.")
        key = request.query.get("key", "")
        if request.path == "/" and self._is_secret(key):
            answer = web.HTTPFound("/")
            answer.set_cookie(_COOKIE, key, httponly=True, samesite="Strict")
            return answer
        if not self._is_secret(request.cookies.get(_COOKIE, "")):
            raise web.HTTPForbidden(text="Open the address that `shindan serve-ui` has printed.")
        return await handler(request)

    def _is_secret(self, told: str) -> bool:
        return hmac.compare_digest(told.encode("utf-8", "replace"), self._secret.encode())


async def _with_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
