"""An HTTP proxy on loopback, which tunnels (CONNECT) and forwards (a URL as the target)."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from notetaker.discordsim.server import LocalDiscord

BEHIND = ".invalid"
"""Names that only the proxy can resolve, to this host (RFC 6761, section 6.4)."""

Change = Callable[[bytes], bytes]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class HttpProxy:
    def __init__(self) -> None:
        self.url = ""
        self.heads: list[str] = []
        """The head of each connection's first request."""
        self.refuses = False
        self.mute_after: bytes | None = None
        """Once a request has this in it, nothing comes back any more, from any connection."""
        self._mute = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head.decode())
            if self.refuses:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
            else:
                await self._forward(head, reader, writer)
        writer.close()

    async def _forward(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = head.split(maxsplit=2)
        place = urlsplit(target.decode() if method != b"CONNECT" else f"//{target.decode()}")
        assert place.hostname is not None
        host = "127.0.0.1" if place.hostname.endswith(BEHIND) else place.hostname
        there, out = await asyncio.open_connection(host, place.port)
        if method == b"CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            out.write(self._request(head))
        await _relay(reader, writer, there, out, self._request, self._answer)

    def _request(self, data: bytes) -> bytes:
        self._mute = self._mute or (self.mute_after is not None and self.mute_after in data)
        return data

    def _answer(self, data: bytes) -> bytes:
        return b"" if self._mute else data


async def _relay(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    there: asyncio.StreamReader,
    out: asyncio.StreamWriter,
    request: Change = bytes,
    answer: Change = bytes,
) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_pipe(reader, out, request))
            tasks.create_task(_pipe(there, writer, answer))
    finally:
        out.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, change: Change) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(change(data))
            await writer.drain()
    writer.close()


@asynccontextmanager
async def http_proxy() -> AsyncIterator[HttpProxy]:
    proxy = HttpProxy()
    async with _served(proxy.serve) as port:
        proxy.url = f"http://ada:hunter2@127.0.0.1:{port}"
        yield proxy


@asynccontextmanager
async def behind_it(local: LocalDiscord, folder: Path) -> AsyncIterator[dict[str, str]]:
    """Offer REST and gateway of the local Discord by TLS, under names that only the proxy knows. Yields settings."""
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    api, gateway = f"discord{BEHIND}", f"gateway{BEHIND}"
    authority.issue_cert(api, gateway).configure_cert(context)
    ca_file = folder / "both.pem"
    ca_file.write_bytes(authority.cert_pem.bytes() + local.ca_file.read_bytes())
    plain = urlsplit(local.api_url)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection(plain.hostname, plain.port)
        await _relay(reader, writer, there, out)

    async with _served(relay, context) as port:
        local.gateway.url = f"wss://{gateway}:{port}/gateway"
        yield {"DISCORD_API_BASE_URL": f"https://{api}:{port}/api", "DISCORD_CA_FILE": str(ca_file)}


@asynccontextmanager
async def _served(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Yield the port. Connections that are still open at the end are cut."""
    tasks = set[asyncio.Task[None]]()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        await asyncio.wait({task})
        tasks.discard(task)
        writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await server.wait_closed()
