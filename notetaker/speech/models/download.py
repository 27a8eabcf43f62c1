"""Files over HTTP: resumed where the connection was cut, today or in an earlier run."""

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
"""How often one download is resumed. Each time, something must have arrived."""
_BLOCK = 1 << 18

_FAILURES = (aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError)


def client(connect_s: float, silence_s: float) -> aiohttp.ClientSession:
    """An HTTP client that honours HTTPS_PROXY and NO_PROXY, and SSL_CERT_FILE, too, as OpenSSL does."""
    return aiohttp.ClientSession(
        trust_env=True,
        timeout=aiohttp.ClientTimeout(total=None, connect=connect_s, sock_read=silence_s),
        headers={"User-Agent": f"notetaker/{__version__}", "Accept-Encoding": "identity"},
        auto_decompress=False,
        requote_redirect_url=False,  # the signature of a download's address covers how it is spelled
    )


async def get(http: aiohttp.ClientSession, url: str, accept: str) -> tuple[str, str, str]:
    """Reads a page. Returns where it was in the end, its content type and its text. Raises SourceFailed."""
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
    """Downloads a file unless it is there already, and reports how many of its bytes have arrived.

    Raises SourceFailed when it cannot be had from this address, and OSError when it cannot be written.
    """
    if is_whole(target, file):
        progress(file.size)
        return
    with PartialFile(target, file) as partial:
        if await _fill(http, url, partial, progress) and not partial.whole:
            # what was resumed may have come from a server with other contents
            partial.restart()
            await _fill(http, url, partial, progress)
        partial.finish()


async def _fill(
    http: aiohttp.ClientSession, url: str, partial: PartialFile, progress: Callable[[int], None]
) -> bool:
    """Requests the file until all its bytes have arrived. Returns whether a part was taken over from before."""
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
    raise SourceFailed("the connection was cut too often")


async def _request(
    http: aiohttp.ClientSession, url: str, partial: PartialFile, progress: Callable[[int], None]
) -> None:
    """Receives as much of the file as one response gives."""
    headers = {"Range": f"bytes={partial.size}-"} if partial.size else {}
    async with http.get(url, headers=headers) as response:
        if response.status == 200:
            _check_size(response.content_length, partial.file)
            partial.restart()
        elif response.status == 206:
            start, size = _content_range(response)
            _check_size(size, partial.file)
            if start != partial.size:
                raise SourceFailed("it sends another part of the file than it was asked for")
        else:
            raise SourceFailed(_status(response))
        async for block in response.content.iter_chunked(_BLOCK):
            partial.append(block)
            progress(partial.size)


def _check_size(size: int | None, file: File) -> None:
    if size is not None and size != file.size:
        raise SourceFailed(f"its {file.name} has {size:,} bytes instead of {file.size:,}")


def _content_range(response: aiohttp.ClientResponse) -> tuple[int, int | None]:
    """The first byte, and how many there are in all if the server says so; RFC 9110 §14.4."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if found is None:
        raise SourceFailed("it does not say which part of the file it sends")
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _status(response: aiohttp.ClientResponse) -> str:
    return f"HTTP status {response.status} {response.reason or ''}".rstrip()


def _reason(error: BaseException) -> str:
    """In a few words, without the address, which the source's name stands for."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            return "its certificate is not accepted"
        case aiohttp.ClientConnectorDNSError():
            return "its name cannot be resolved"
        case aiohttp.ConnectionTimeoutError():
            return "it cannot be reached in time"
        case TimeoutError():
            return "it does not answer in time"
        case aiohttp.ClientProxyConnectionError():
            return f"the proxy cannot be reached ({_plain(error.os_error)})"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy answers with HTTP status {error.status}"
        case aiohttp.ClientConnectorError():
            return f"it cannot be reached ({_plain(error.os_error)})"
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return "its address is not a web address"
        case aiohttp.TooManyRedirects():
            return "it redirects without end"
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError() | OSError():
            return "the connection was cut"
        case _:
            return f"it cannot be understood ({error})"


def _plain(error: OSError) -> str:
    """What the system calls the error: asyncio adds the address to ``strerror``."""
    return os.strerror(error.errno) if error.errno else str(error)
