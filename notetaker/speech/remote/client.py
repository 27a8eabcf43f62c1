"""HTTP to a transcription server that need not be trusted: it bounds answers, and keeps the key off other servers."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

import httpx2
import openai

from notetaker.speech.engine import EngineSettingError

LONGEST_ANSWER: Final = 1_000_000
"""Longest answer in bytes. The words of 30 s with all their details take a twentieth of it."""


class BoundedClient(openai.DefaultHttpxClient):
    """An HTTP client that bounds size and time of an answer, and never takes key or sound along a redirect."""

    def __init__(self, timeout_s: float, clock: Callable[[], float]) -> None:
        super().__init__(follow_redirects=False, timeout=timeout_s)
        self._timeout_s = timeout_s
        self._clock = clock

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Return the answer with its body. Of an error, only the status and the Retry-After header are kept.

        Raises ValueError if the answer is too long.
        """
        deadline = self._clock() + self._timeout_s  # the library's timeout is per chunk
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


def checked_url(base_url: str) -> str:
    """Return the stripped address. Raises EngineSettingError, which does not quote it."""
    try:
        url = httpx2.URL(base_url.strip())
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise EngineSettingError("SPEECH_BASE_URL: use an address like http://host:8000/v1.")
    if url.userinfo or url.query or url.fragment:
        raise EngineSettingError(
            "SPEECH_BASE_URL: use an address without user, password or query; set the key in SPEECH_API_KEY."
        )
    return str(url)


def is_this_host(url: str) -> bool:
    host = httpx2.URL(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
