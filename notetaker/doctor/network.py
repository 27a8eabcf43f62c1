"""Checks of Discord from here, layer by layer: name, connection, HTTP, clock, token, main gateway."""

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
from notetaker.doctor.checkup import CheckFailed, CheckSkipped
from notetaker.settings.proxy import Proxy
from notetaker.settings.values import token_place

PROXY = "Check DISCORD_API_BASE_URL, and whether a proxy answers instead of Discord."
OUR_PROXY = (
    "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and that the proxy lets this host connect to Discord."
)
PORTAL = "the Bot page of the application at https://discord.com/developers/applications"

MAX_CLOCK_ERROR_S = 5.0
HELLO = 10
"""Opcode of the main gateway's first message."""


class NetworkChecks:
    """The checks must run in this order: each uses the results of the ones before."""

    def __init__(
        self,
        base_url: str,
        tls: ssl.SSLContext,
        http: aiohttp.ClientSession,
        proxy: Proxy | None = None,
        unix_s: Callable[[], float] = time.time,
    ) -> None:
        """``base_url`` is DISCORD_API_BASE_URL; ``http`` uses ``tls``; ``unix_s`` is the system clock.

        Behind a ``proxy``, the first two checks are of the way to it.
        """
        self._base_url = base_url
        self._tls = tls
        self._http = http
        self._proxy = proxy
        self._unix_s = unix_s
        self._advice = PROXY if proxy is None else OUR_PROXY
        self._through = None if proxy is None else proxy.url
        self._nearest = base_url if proxy is None else proxy.url
        self._host = urlsplit(self._nearest).hostname or ""
        self._secure = self._nearest.startswith("https:")
        self._port = 0
        self._ahead_s: float | None = None
        self._gateway_url = ""

    async def name(self) -> str:
        try:
            self._port = urlsplit(self._nearest).port or (443 if self._secure else 80)
            found = await asyncio.get_running_loop().getaddrinfo(self._host, self._port)
        except (OSError, ValueError) as error:  # ValueError: the name is malformed, such as discord..com
            advice = RESOLVER if self._proxy is None else OUR_PROXY
            raise CheckFailed(f"cannot resolve {self._host}: {_reason(error)}", advice) from None
        return f"{self._host}: {', '.join(sorted({str(address[4][0]) for address in found}))}"

    async def connection(self) -> str:
        began = time.monotonic()
        tls = self._tls if self._secure else None
        try:
            _, writer = await asyncio.open_connection(
                self._host, self._port, ssl=tls, happy_eyeballs_delay=0.25
            )
        except ssl.SSLCertVerificationError as error:
            raise CheckFailed(
                f"the certificate of {self._host} is not trusted: {error.verify_message}",
                "Check the date of this host, and that ca-certificates is installed. Behind a proxy that inspects "
                "TLS, set DISCORD_CA_FILE to its certificate authority.",
            ) from None
        except ssl.SSLError as error:
            raise CheckFailed(
                f"{self._host}:{self._port} does not speak TLS: {error.reason}", ALLOW
            ) from None
        except OSError as error:
            advice = ALLOW if self._proxy is None else OUR_PROXY
            raise CheckFailed(
                f"cannot connect to {self._host}:{self._port}: {_reason(error)}", advice
            ) from None
        writer.transport.abort()
        kind = "TCP and TLS" if self._secure else "TCP, without TLS"
        found = f"{self._host}:{self._port}, {kind} in {_ms(time.monotonic() - began)}"
        return found if self._proxy is None else f"proxy {found}; not for voice, which needs UDP"

    async def http(self) -> str:
        asked = self._unix_s()
        answer = await self._get("/gateway")
        self._ahead_s = _ahead_s(asked + answer.took_s / 2, answer.date)
        self._gateway_url = str(answer.body.get("url"))
        if urlsplit(self._gateway_url).scheme not in ("wss", "ws"):
            raise CheckFailed("the response has no gateway URL", PROXY)
        return f"responds in {_ms(answer.took_s)}"

    async def clock(self) -> str:
        if self._ahead_s is None:
            raise CheckSkipped("Discord's response has no date to compare with")
        if abs(self._ahead_s) > MAX_CLOCK_ERROR_S:
            direction = "ahead of" if self._ahead_s > 0 else "behind"
            raise CheckFailed(
                f"it is {abs(self._ahead_s):.0f} s {direction} Discord's, so times in the notes will be wrong",
                "Synchronize it: timedatectl set-ntp true",
            )
        return f"within {max(1, round(abs(self._ahead_s)))} s of Discord's"

    async def token(self, token: str) -> str:
        answer = await self._get("/users/@me", Authorization=f"Bot {token}")
        if answer.status == 401:
            raise CheckFailed(
                f"Discord rejected the token in {token_place()}",
                f"Copy it again, or reset it, on {PORTAL}.",
            )
        return f"bot {answer.body.get('username')}, id {answer.body.get('id')}"

    async def gateway(self) -> str:
        began = time.monotonic()
        host = urlsplit(self._gateway_url).hostname
        url = f"{self._gateway_url.rstrip('/')}/?v=10&encoding=json"
        try:
            async with self._http.ws_connect(url, proxy=self._through) as socket:
                hello = await socket.receive_json()
        except (aiohttp.ClientError, OSError, TypeError, ValueError) as error:
            raise CheckFailed(f"cannot connect to {host}: {_reason(error)}", ALLOW) from None
        if not isinstance(hello, dict) or hello.get("op") != HELLO:
            raise CheckFailed(f"{host} sent no HELLO", PROXY)
        return f"{host} sent HELLO after {_ms(time.monotonic() - began)}"

    async def _get(self, path: str, **headers: str) -> "_Answer":
        """Return the response to a request. Raises CheckFailed unless it is one of Discord's."""
        began = time.monotonic()
        try:
            async with self._http.get(
                f"{self._base_url}/v10{path}", headers=headers, proxy=self._through
            ) as response:
                status, date = response.status, response.headers.get("Date")
                body = await response.json() if status == 200 else None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise CheckFailed(f"no valid response: {_reason(error)}", self._advice) from None
        if status == 429:
            raise CheckFailed(
                "Discord is rate limiting this address (429)",
                "Stop the program that sends so many requests, and try again in an hour.",
            )
        if status >= 500:
            raise CheckFailed(f"Discord responded with {status}: it has an outage", STATUS)
        if status != 401 and not isinstance(body, dict):
            raise CheckFailed(f"the response ({status}) is not Discord's", self._advice)
        return _Answer(status, body or {}, date, time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: dict[str, Any]
    date: str | None
    took_s: float


def _ahead_s(now: float, date: str | None) -> float | None:
    """Return how far ``now`` is ahead of an HTTP date, which is truncated to whole seconds."""
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
