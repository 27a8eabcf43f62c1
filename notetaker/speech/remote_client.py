"""HTTP to a transcription server that need not be trusted: where the key may go, and what an answer may cost."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

import httpx2
import openai

from notetaker.speech.engine import EngineSettingError

LONGEST_ANSWER: Final = 1_000_000
"""Bytes. The words of 30 s with all their details are a twentieth of that."""


class BoundedClient(openai.DefaultHttpxClient):
    """Bounds what an answer may cost, and takes neither the key nor the sound to where a redirect points."""

    def __init__(self, timeout_s: float, clock: Callable[[], float]) -> None:
        super().__init__(follow_redirects=False, timeout=timeout_s)
        self._timeout_s = timeout_s
        self._clock = clock

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """The answer, read; of one that reports a failure only the status and how long to wait.

        Raises ValueError when it is too long.
        """
        deadline = self._clock() + self._timeout_s  # that of the library is for each chunk
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
    """The address without blanks around it. Raises EngineSettingError, which does not quote it."""
    try:
        url = httpx2.URL(base_url.strip())
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise EngineSettingError("SPEECH_BASE_URL: use an address like http://host:8000/v1.")
    if url.userinfo or url.query or url.fragment:
        raise EngineSettingError(
            "SPEECH_BASE_URL: use an address without name, password or query; a key is SPEECH_API_KEY."
        )
    return str(url)


def is_this_host(url: str) -> bool:
    host = httpx2.URL(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
