"""HTTP to a server that need not be trusted: it bounds answers, and keeps the key off other servers."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, Final

import httpx2
import openai

from notetaker.remote.errors import ServerSettingError

LONGEST_ANSWER: Final = 1_000_000
"""Longest answer in bytes. The words of 30 s with all their details, or the minutes of a part, take a twentieth."""


class BoundedClient(openai.DefaultHttpxClient):
    """An HTTP client that bounds size and time of an answer, and takes neither key nor content along a redirect."""

    def __init__(self, timeout_s: float, clock: Callable[[], float]) -> None:
        super().__init__(follow_redirects=False, timeout=timeout_s)
        self._clock = clock

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Return the answer with its body. Of an error, only the status and the Retry-After header are kept.

        Raises ValueError if the answer is too long.
        """
        deadline = self._clock() + request.extensions["timeout"]["read"]  # the library's timeout is per chunk
        response = super().send(request, **{**options, "stream": True})
        try:
            kept = {name: response.headers[name] for name in ("retry-after",) if name in response.headers}
            body = self._read(response, deadline) if response.is_success else b""
            return httpx2.Response(response.status_code, headers=kept, content=body, request=request)
        finally:
            response.close()

    def _read(self, response: httpx2.Response, deadline: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LONGEST_ANSWER:
                raise ValueError("the answer is too long")
            if self._clock() > deadline:
                raise httpx2.ReadTimeout("the answer takes too long", request=response.request)
        return bytes(body)


def open_client(
    prefix: str, base_url: str, api_key: str | None, timeout_s: float, clock: Callable[[], float]
) -> openai.OpenAI:
    """Return a client for the server that ``<prefix>_BASE_URL`` and ``<prefix>_API_KEY`` set.

    Pass ``headers(api_key)`` with every request, so that no key, organization or project of other programs is sent.
    Raises ServerSettingError.
    """
    if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
        raise ServerSettingError(f"{prefix}_API_KEY: the key contains invalid characters.")
    return openai.OpenAI(
        base_url=_checked(prefix, base_url),
        api_key=api_key or "none",  # or the library would look for one in the environment
        timeout=timeout_s,
        max_retries=0,
        http_client=BoundedClient(timeout_s, clock),
    )


def headers(api_key: str | None) -> dict[str, str | openai.Omit]:
    return {
        "Authorization": f"Bearer {api_key}" if api_key else openai.omit,
        "OpenAI-Organization": openai.omit,
        "OpenAI-Project": openai.omit,
    }


def _checked(prefix: str, base_url: str) -> str:
    try:
        url = httpx2.URL(base_url.strip())
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise ServerSettingError(f"{prefix}_BASE_URL: use an address like http://host:8000/v1.")
    if url.userinfo or url.query or url.fragment:
        raise ServerSettingError(
            f"{prefix}_BASE_URL: use an address without user, password or query; set the key in {prefix}_API_KEY."
        )
    return str(url)


def is_this_host(url: str) -> bool:
    host = httpx2.URL(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def retry_after_s(value: str) -> float:
    """Parse either form of the header (RFC 9110 section 10.2.3) into seconds; return 0 if it makes no sense."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):  # TypeError: a time without a zone
            return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
