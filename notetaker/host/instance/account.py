"""Which bot account a token is of, told without asking Discord.

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
"""The hosts that serve one API: today's domain and the former one, with their test builds."""

PORTS = {"http": 80, "https": 443}
"""Where no port is named."""


def bot_identity(token: str, api_base_url: str) -> str:
    """A name for the account: its id. At most 32 letters, digits and dashes, which give nothing of the token away.

    Ids of another Discord than the one everybody knows are of other accounts, and get a fingerprint of its host and
    port. A proxy cannot be told from one. A token that has no id in it is known by its own fingerprint.
    """
    account = _account(token)
    url = urlsplit(api_base_url)
    host = (url.hostname or "").removesuffix(".")
    if host in DISCORD:
        return account
    return f"{account}-{_fingerprint(f'{host}:{url.port or PORTS.get(url.scheme)}', 8)}"


def _account(token: str) -> str:
    encoded, dot, _ = token.partition(".")
    try:
        decoded = b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        decoded = b""
    if dot and re.fullmatch(rb"[1-9][0-9]{0,19}", decoded):
        return decoded.decode()
    return f"token-{_fingerprint(token, 16)}"


def _fingerprint(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
