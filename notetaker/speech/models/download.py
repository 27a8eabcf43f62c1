"""Downloads files over HTTP, resuming interrupted downloads, even of an earlier run."""

import os
import re
import ssl
from collections.abc import Callable
from pathlib import Path

import aiohttp

from notetaker import __version__
from notetaker.speech.models.catalogue import File
from notetaker.speech.models.errors import SourceFailed
from notetaker.speech.models.partial import PartialFile, is_whole

_CUTS = 100
"""How often one download may be resumed. Each time, some data must have arrived."""
_BLOCK = 1 << 18

_FAILURES = (aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError)


def client(connect_s: float, silence_s: float) -> aiohttp.ClientSession:
    """Create an HTTP client that honours HTTPS_PROXY, NO_PROXY and, like OpenSSL, SSL_CERT_FILE."""
    return aiohttp.ClientSession(
        trust_env=True,
        timeout=aiohttp.ClientTimeout(total=None, connect=connect_s, sock_read=silence_s),
        headers={"User-Agent": f"notetaker/{__version__}", "Accept-Encoding": "identity"},
        auto_decompress=False,
        requote_redirect_url=False,  # or it would break the signature of a download's address
    )


async def get(http: aiohttp.ClientSession, url: str, accept: str) -> tuple[str, str, str]:
    """Get a page. Return its final address, content type and text. Raises SourceFailed."""
    try:
        async with http.get(url, headers={"Accept": accept}) as response:
            if response.status != 200:
                raise SourceFailed(_status(response))
            return str(response.url), response.content_type, await response.text("utf-8", errors="replace")
    except _FAILURES as error:
        raise SourceFailed(_reason(error)) from error


async def download(
    http: aiohttp.ClientSession, url: str, file: File, target: Path, progress: Callable[[int], None]
) -> None:
    """Download a file unless it is already there, and report how many of its bytes have arrived.

    Raises SourceFailed if it cannot be downloaded from this address, and OSError if it cannot be written.
    """
    if is_whole(target, file):
        progress(file.size)
        return
    with PartialFile(target, file) as partial:
        if await _fill(http, url, partial, progress) and not partial.whole:
            # the first part may be from a server with a different file
            partial.restart()
            await _fill(http, url, partial, progress)
        partial.finish()


async def _fill(
    http: aiohttp.ClientSession, url: str, partial: PartialFile, progress: Callable[[int], None]
) -> bool:
    """Request the file until all its bytes have arrived. Return whether the download was resumed."""
    resumed = partial.size > 0
    for _ in range(_CUTS):
        before = partial.size
        if before == partial.file.size:
            return resumed
        resumed = resumed or before > 0
        reason = "the connection was closed too early"
        try:
            await _request(http, url, partial, progress)
        except _FAILURES as error:
            reason = _reason(error)
        if partial.size <= before:
            raise SourceFailed(reason)
    raise SourceFailed("the connection was lost too often")


async def _request(
    http: aiohttp.ClientSession, url: str, partial: PartialFile, progress: Callable[[int], None]
) -> None:
    """Receive as much of the file as one response contains."""
    headers = {"Range": f"bytes={partial.size}-"} if partial.size else {}
    async with http.get(url, headers=headers) as response:
        if response.status == 200:
            _check_size(response.content_length, partial.file)
            partial.restart()
        elif response.status == 206:
            start, size = _content_range(response)
            _check_size(size, partial.file)
            if start != partial.size:
                raise SourceFailed("it sent the wrong part of the file")
        else:
            raise SourceFailed(_status(response))
        async for block in response.content.iter_chunked(_BLOCK):
            partial.append(block)
            progress(partial.size)


def _check_size(size: int | None, file: File) -> None:
    if size is not None and size != file.size:
        raise SourceFailed(f"its {file.name} has {size:,} bytes, not {file.size:,}")


def _content_range(response: aiohttp.ClientResponse) -> tuple[int, int | None]:
    """Return the first byte's position, and the file's size if the server gives it; RFC 9110 §14.4."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if found is None:
        raise SourceFailed("it sent a part of the file without saying which")
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _status(response: aiohttp.ClientResponse) -> str:
    return f"HTTP status {response.status} {response.reason or ''}".rstrip()


def _reason(error: BaseException) -> str:
    """Return the reason in a few words, without the address, because it follows the source's name."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            return "its certificate is not trusted"
        case aiohttp.ClientConnectorDNSError():
            return "its name cannot be resolved"
        case aiohttp.ConnectionTimeoutError():
            return "connecting timed out"
        case TimeoutError():
            return "it did not respond in time"
        case aiohttp.ClientProxyConnectionError():
            return f"the proxy cannot be reached ({_plain(error.os_error)})"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy returned HTTP status {error.status}"
        case aiohttp.ClientConnectorError():
            return f"it cannot be reached ({_plain(error.os_error)})"
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return "its address is invalid"
        case aiohttp.TooManyRedirects():
            return "it redirects endlessly"
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError() | OSError():
            return "the connection was lost"
        case _:
            return f"its response is invalid ({error})"


def _plain(error: OSError) -> str:
    """Return the system's name of the error, because asyncio adds the address to ``strerror``."""
    return os.strerror(error.errno) if error.errno else str(error)
