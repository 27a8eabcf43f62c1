"""Types of setting values. Each checks a value, or raises ValueError with the reason."""

import re
import ssl
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from notetaker.model.languages import find
from notetaker.model.vocabulary import fault_of, tidy


def _token(token: SecretStr) -> SecretStr:
    value = token.get_secret_value()
    if value.lower().startswith("bot "):
        raise ValueError('it starts with "Bot"; enter the token alone')
    if not value.isascii() or not value.isprintable() or " " in value:  # it would not fit into an HTTP header
        raise ValueError("it contains a space or another character that is never part of a token")
    return token


def _http_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("it must start with https:// (or http://)")
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("it has no host name")
    try:
        _ = parts.port
    except ValueError:  # its message quotes what may be part of a password
        raise ValueError("its port is not a number up to 65535") from None
    return url.rstrip("/")


def _ca_file(path: Path) -> Path:
    try:
        if not path.is_file():
            raise ValueError(f"there is no file {path}")
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise ValueError(f"{path} is not a PEM file of certificates") from None
    except OSError as error:
        raise ValueError(f"cannot read {path} ({error.strerror})") from None
    return path


def _state_folder(path: Path) -> Path:
    if "?" in str(path):  # begins the options in the URL of a SQLite file
        raise ValueError("it must not contain a question mark")
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError(f"there is no user {path.parts[0].removeprefix('~')}") from None


def _items(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _terms_file(path: Any) -> Any:
    """Return the lines of a file. Messages never quote them."""
    if not isinstance(path, str):
        return path
    try:
        lines = Path(path).expanduser().read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not a text file in UTF-8") from None
    except OSError as error:
        raise ValueError(f"cannot read {path} ({error.strerror})") from None
    except (RuntimeError, ValueError):  # there is no such user; a NUL
        raise ValueError(f"there is no file {path}") from None
    terms = []
    for number, line in enumerate(lines, start=1):
        term = tidy(line)
        if not term or term.startswith("#"):
            continue
        if (fault := fault_of(term)) is not None:
            raise ValueError(f"line {number} of {path} {fault}")
        terms.append(term)
    return tuple(terms)


def _regions(regions: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(map(str.lower, regions))
    for name in names:
        if not re.fullmatch(r"[a-z0-9-]{1,32}", name):
            raise ValueError(f"{name!r} is not a voice region")
    return names


def _time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):  # OSError: a folder of the database, such as Europe
        raise ValueError(f"there is no time zone {name!r}") from None


def _language(code: str | None) -> str | None:
    if code is None or code.lower() == "auto":
        return None
    language = find(code)
    if language is None:
        raise ValueError(f"Whisper does not know the language {code!r}; use a code or an English name")
    return language.code


def _upper(level: Any) -> Any:
    return level.upper() if isinstance(level, str) else level


Token = Annotated[SecretStr, AfterValidator(_token)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
CaFile = Annotated[Path, AfterValidator(_ca_file)]
StateFolder = Annotated[Path, AfterValidator(_state_folder)]
Terms = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_items)]
"""Separated by commas."""
TermsFile = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_terms_file)]
"""The terms in a file, one on each line; lines that begin with ``#`` are comments."""
Regions = Annotated[Terms, AfterValidator(_regions)]
"""Ids from Discord's List Voice Regions, separated by commas."""
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Language = Annotated[str | None, AfterValidator(_language)]
"""A code or an English name; None or ``auto`` to detect it."""
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], NoDecode, BeforeValidator(_upper)]
