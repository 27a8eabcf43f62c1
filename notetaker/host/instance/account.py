"""The bot account that a token belongs to, without asking Discord.

The part of a token before its first dot is the account's id in base64, which client libraries rely on
(discordeno's getBotIdFromToken, Nostrum.Token). It stays the same when the token is reset.
"""

import binascii
import hashlib
import re
from base64 import b64decode
from urllib.parse import urlsplit

DISCORD = frozenset(
    prefix + domain for prefix in ("", "ptb.", "canary.") for domain in ("discord.com", "discordapp.com")
)
"""Hosts of the same API: the current and the former domain, with their test builds."""

PORTS = {"http": 80, "https": 443}
"""Default ports."""


def bot_identity(token: str, api_base_url: str) -> str:
    """Return a name for the account: at most 32 letters, digits and dashes that reveal nothing about the token.

    It is the account's id. For a server other than Discord's it ends with a fingerprint of host and port, since ids
    there are of other accounts; a proxy looks like such a server. For a token without an id it is a fingerprint.
    """
    account = account_id(token) or f"token-{_fingerprint(token, 16)}"
    url = urlsplit(api_base_url)
    host = (url.hostname or "").removesuffix(".")
    if host in DISCORD:
        return account
    return f"{account}-{_fingerprint(f'{host}:{url.port or PORTS.get(url.scheme)}', 8)}"


def account_id(token: str) -> str | None:
    """Return the id in a token, or None if it has none."""
    encoded, dot, _ = token.partition(".")
    try:
        decoded = b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        decoded = b""
    if dot and re.fullmatch(rb"[1-9][0-9]{0,19}", decoded):
        return decoded.decode()
    return None


def _fingerprint(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
