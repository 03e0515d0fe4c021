"""A scripted web server on the loopback interface: says what a test tells it to, and remembers what it was asked.

It is as rude as real servers are: it delays, drips, cuts answers in half, breaks chunks, resets connections. As a proxy
it answers for whatever host a request names.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

Rudeness = Literal["reset", "half", "chunks", "drip"]
"""How an answer is spoilt.

`reset`: the connection is reset before any answer. `half`: it ends after half of the promised body. `chunks`: it ends
inside a chunk. `drip`: a byte at a time, a twentieth of a second apart.
"""

_DRIP_S = 0.05


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came.

    Attributes:
        target: what stood in the request line.
        path: its path.
        query: its parameters; each may come several times.
        headers: names in lower case.
    """

    method: str
    target: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    Attributes:
        body: bytes and text go as they are, anything else as JSON.
        headers: more headers; `Content-Type` is `application/json` and `Date` the right one unless given.
        delay_s: seconds before the answer.
        rude: how it is spoilt; None: not.
    """

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    rude: Rudeness | None = None

    def content(self) -> bytes:
        """The bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


Script = Reply | Callable[[Received], Reply]


class ScriptedServer:
    """The server; a context manager.

    Args:
        certificate: file with certificate and key (PEM) to speak TLS with; None: plain HTTP.

    Attributes:
        requests: what it was asked, in order.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.requests: list[Received] = []
        self._scripts: dict[str, list[Script]] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.scripted = self
        self._scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name="scripted-server", daemon=True
        )

    @property
    def url(self) -> str:
        """Its address, by number."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port that it was given."""
        return self._server.server_address[1]

    def route(self, path: str, *replies: Script) -> None:
        """Say what a path answers: one reply after the other, the last one for ever. A path without any is a 404."""
        with self._lock:
            self._scripts[path] = list(replies)

    def asked(self, path: str) -> list[Received]:
        """The requests for a path, in order."""
        return [request for request in self.requests if request.path == path]

    def reply_to(self, request: Received) -> Reply:
        """What the script says to a request."""
        with self._lock:
            self.requests.append(request)
            script = self._scripts.get(request.path, [Reply({"error": "there is no such page"}, 404)])
            reply = script[0] if len(script) == 1 else script.pop(0)
        return reply(request) if callable(reply) else reply

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    scripted: ScriptedServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what tests do."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets; waiting for the first to be confirmed takes 40 ms
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """Say nothing."""

    def answer(self) -> None:
        """Answer one request as the script says."""
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        request = Received(
            self.command,
            self.path,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        reply = self.server.scripted.reply_to(request)
        time.sleep(reply.delay_s)
        if reply.rude == "reset":
            self._reset()
        else:
            self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_CONNECT = answer  # noqa: N815  names of the library

    def _send(self, reply: Reply) -> None:
        content = reply.content()
        self.send_response_only(reply.status)
        headers = {"Date": self.date_time_string(), "Content-Type": "application/json", **reply.headers}
        if reply.rude == "chunks":
            headers["Transfer-Encoding"] = "chunked"
        elif "Content-Length" not in headers:
            headers["Content-Length"] = str(len(content))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if reply.rude == "half":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        elif reply.rude == "chunks":
            self.wfile.write(f"{len(content):x}\r\n".encode() + content[: len(content) // 2])
            self.close_connection = True
        elif reply.rude == "drip":
            for byte in content:
                self.wfile.write(bytes([byte]))
                time.sleep(_DRIP_S)
        else:
            self.wfile.write(content)

    def _reset(self) -> None:
        """Leave without a word: the socket is told to throw away what is on the way, which the other side notices."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True
