"""Asks Discord for the application that a token belongs to."""

import asyncio
from typing import Any

import aiohttp

from notetaker import __version__
from notetaker.settings.values import Settings
from notetaker.voice.websocket import tls_context

TIMEOUT_S = 15.0


class Rejected(Exception):
    """Discord does not know the token."""


class NoAnswer(Exception):
    """Discord cannot be asked. The message is why."""


def application(settings: Settings) -> tuple[str, str]:
    """Return its id and its name. Raises Rejected, NoAnswer and SettingsError."""
    return asyncio.run(_ask(settings))


async def _ask(settings: Settings) -> tuple[str, str]:
    """Discord docs, Resources / Application, "Get Current Application"."""
    proxy = settings.proxy
    headers = {
        "User-Agent": f"DiscordBot (notetaker, {__version__})",
        "Authorization": f"Bot {settings.require_token()}",
    }
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=tls_context(settings.discord_ca_file)),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
    ) as http:
        try:
            async with http.get(
                f"{settings.discord_api_base_url}/v10/applications/@me",
                headers=headers,
                proxy=None if proxy is None else proxy.url,
            ) as response:
                if response.status == 401:
                    raise Rejected
                if response.status != 200:
                    raise NoAnswer(f"it answered {response.status}")
                body: dict[str, Any] = await response.json()
                return str(body["id"]), str(body["name"])
        except (aiohttp.ClientError, OSError, ValueError, KeyError, TypeError) as error:
            raise NoAnswer(
                f"{settings.discord_api_base_url} gives no valid answer, {type(error).__name__}"
            ) from None
