"""A web server that plays Hugging Face and PyPI, with the faults of real ones."""

import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """The contents of a path, and how the server sends them."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/octet-stream"
    location: str | None = None
    ranges: bool = True
    """Whether the server sends parts of the file on request."""
    cuts: list[int] = field(default_factory=list)
    """Bytes after which to cut each of the next responses."""
    hold: threading.Event | None = None
    """An event to wait for in the middle of the body."""
    length: bool = True
    """Whether to send the length of the body."""
    content_range: str | None = None
    """A Content-Range to send instead of the true one."""


@dataclass
class Request:
    path: str
    range: str | None
    authorization: str | None


class Server:
    def __init__(self, host: str, tls: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: list[Request] = []
        handler = type("Handler", (_Handler,), {"site": self})
        self._http = ThreadingHTTPServer((host, 0), handler)
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.port = self._http.server_address[1]
        self.url = f"http{'s' if tls else ''}://{host}:{self.port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            for page in self.pages.values():
                if page.hold is not None:
                    page.hold.set()
            self._http.shutdown()
            thread.join()
            self._http.server_close()

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


class _Handler(BaseHTTPRequestHandler):
    site: Server

    def do_GET(self) -> None:
        self.site.requests.append(Request(self.path, self.headers["Range"], self.headers["Authorization"]))
        page = self.site.pages.get(self.path, Page(status=404))
        start, status = 0, page.status
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if wanted and page.ranges and status == 200:
            start, status = int(wanted[1]), 206
            if start >= len(page.body):
                status = 416
        body = page.body[start:] if status in (200, 206) else b""
        self.send_response(status)
        self.send_header("Content-Type", page.kind)
        if page.location is not None:
            self.send_header("Location", page.location)
        if status == 206:
            truth = f"bytes {start}-{len(page.body) - 1}/{len(page.body)}"
            self.send_header("Content-Range", page.content_range or truth)
        if page.length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if page.cuts:
            body = body[: page.cuts.pop(0)]
        half = max(0, len(page.body) // 2 - start) if page.hold is not None else len(body)
        try:
            self.wfile.write(body[:half])
            if page.hold is not None:
                page.hold.wait(60)
                self.wfile.write(body[half:])
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass
