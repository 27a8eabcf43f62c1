"""Discord from here, a layer at a time: name, connection, HTTP, clock, token, main gateway."""

import asyncio
import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from notetaker.doctor.checks import ALLOW, RESOLVER, STATUS
from notetaker.doctor.checkup import NotTried, Trouble
from notetaker.settings.values import token_place

PROXY = "See whether DISCORD_API_BASE_URL is right, and whether a proxy answers in Discord's place."
PORTAL = "the Bot page of the application at https://discord.com/developers/applications"

MAX_CLOCK_ERROR_S = 5.0
HELLO = 10
"""Opcode of the first message of the main gateway."""


class Reach:
    """The checks are made in the order in which they stand here; each builds on what the ones before found."""

    def __init__(
        self,
        base_url: str,
        tls: ssl.SSLContext,
        http: aiohttp.ClientSession,
        unix_s: Callable[[], float] = time.time,
    ) -> None:
        """``base_url`` is DISCORD_API_BASE_URL; ``http`` uses ``tls``; ``unix_s`` is the system clock."""
        self._base_url = base_url
        self._tls = tls
        self._http = http
        self._unix_s = unix_s
        self._host = urlsplit(base_url).hostname or ""
        self._secure = base_url.startswith("https:")
        self._port = 0
        self._ahead_s: float | None = None
        self._gateway_url = ""

    async def name(self) -> str:
        try:
            self._port = urlsplit(self._base_url).port or (443 if self._secure else 80)
            found = await asyncio.get_running_loop().getaddrinfo(self._host, self._port)
        except (OSError, ValueError) as error:  # ValueError: no name can be like this, such as discord..com
            raise Trouble(f"{self._host} has no address here: {_reason(error)}", RESOLVER) from None
        return f"{self._host}: {', '.join(sorted({str(address[4][0]) for address in found}))}"

    async def connection(self) -> str:
        began = time.monotonic()
        tls = self._tls if self._secure else None
        try:
            _, writer = await asyncio.open_connection(
                self._host, self._port, ssl=tls, happy_eyeballs_delay=0.25
            )
        except ssl.SSLCertVerificationError as error:
            raise Trouble(
                f"the certificate of {self._host} is not accepted: {error.verify_message}",
                "See whether the date of this computer is right and ca-certificates is installed; behind a proxy "
                "that reads TLS, name its authority in DISCORD_CA_FILE.",
            ) from None
        except ssl.SSLError as error:
            raise Trouble(f"{self._host}:{self._port} does not speak TLS: {error.reason}", ALLOW) from None
        except OSError as error:
            raise Trouble(f"{self._host}:{self._port} cannot be reached: {_reason(error)}", ALLOW) from None
        writer.transport.abort()
        kind = "TCP and TLS" if self._secure else "TCP, without TLS"
        return f"{self._host}:{self._port}, {kind} in {_ms(time.monotonic() - began)}"

    async def http(self) -> str:
        asked = self._unix_s()
        answer = await self._get("/gateway")
        self._ahead_s = _ahead_s(asked + answer.took_s / 2, answer.date)
        self._gateway_url = str(answer.body.get("url"))
        if urlsplit(self._gateway_url).scheme not in ("wss", "ws"):
            raise Trouble("its answer names no gateway", PROXY)
        return f"answers in {_ms(answer.took_s)}"

    async def clock(self) -> str:
        if self._ahead_s is None:
            raise NotTried("Discord's answer had no date to compare it with")
        if abs(self._ahead_s) > MAX_CLOCK_ERROR_S:
            direction = "ahead of" if self._ahead_s > 0 else "behind"
            raise Trouble(
                f"it is {abs(self._ahead_s):.0f} s {direction} Discord's, and so will be the times in the notes",
                "Have systemd-timesyncd set it from the network: timedatectl set-ntp true",
            )
        return f"within {max(1, round(abs(self._ahead_s)))} s of Discord's"

    async def token(self, token: str) -> str:
        answer = await self._get("/users/@me", Authorization=f"Bot {token}")
        if answer.status == 401:
            raise Trouble(
                f"Discord does not accept the token in {token_place()}",
                f"Copy it again, or reset it, on {PORTAL}.",
            )
        return f"it is the bot {answer.body.get('username')}, with the id {answer.body.get('id')}"

    async def gateway(self) -> str:
        began = time.monotonic()
        host = urlsplit(self._gateway_url).hostname
        url = f"{self._gateway_url.rstrip('/')}/?v=10&encoding=json"
        try:
            async with self._http.ws_connect(url) as socket:
                hello = await socket.receive_json()
        except (aiohttp.ClientError, OSError, TypeError, ValueError) as error:
            raise Trouble(f"{host} does not speak with us: {_reason(error)}", ALLOW) from None
        if not isinstance(hello, dict) or hello.get("op") != HELLO:
            raise Trouble(f"{host} does not say hello", PROXY)
        return f"{host} says hello after {_ms(time.monotonic() - began)}"

    async def _get(self, path: str, **headers: str) -> "_Answer":
        """Raises ``Trouble`` when there is no answer that Discord would give."""
        began = time.monotonic()
        try:
            async with self._http.get(f"{self._base_url}/v10{path}", headers=headers) as response:
                status, date = response.status, response.headers.get("Date")
                body = await response.json() if status == 200 else None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Trouble(f"no usable answer: {_reason(error)}", PROXY) from None
        if status == 429:
            raise Trouble(
                "Discord turns away requests from this address for now (429)",
                "Stop whatever asks it so often, and try again in an hour.",
            )
        if status >= 500:
            raise Trouble(f"Discord answers {status}: it has an outage", STATUS)
        if status != 401 and not isinstance(body, dict):
            raise Trouble(f"the answer is {status}, which is not Discord's", PROXY)
        return _Answer(status, body or {}, date, time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: dict[str, Any]
    date: str | None
    took_s: float


def _ahead_s(now: float, date: str | None) -> float | None:
    """How far the clock that said ``now`` is ahead of an HTTP date, which is cut off to whole seconds."""
    try:
        return None if date is None else now - (parsedate_to_datetime(date).timestamp() + 0.5)
    except ValueError:
        return None


def _reason(error: Exception) -> str:
    if not isinstance(error, OSError) or isinstance(error, ssl.SSLError | aiohttp.ClientSSLError):
        return str(error) or type(error).__name__
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
