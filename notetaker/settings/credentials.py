"""Secrets that systemd hands to a process in files (LoadCredential= in systemd.exec(5))."""

import os
from pathlib import Path

from pydantic import SecretStr

from notetaker.host.errors import SettingsError

TOKEN_CREDENTIAL = "discord_token"  # noqa: S105 - its name
"""The file in $CREDENTIALS_DIRECTORY that holds the token unless DISCORD_TOKEN is set."""
TOKEN_FILE = "/etc/notetaker/discord_token"  # noqa: S105 - its path
"""Where systemd reads this credential from: LoadCredential= in the bot's unit."""
LLM_KEY_CREDENTIAL = "notes_llm_api_key"
"""The file in $CREDENTIALS_DIRECTORY that holds the key of the language model unless NOTES_LLM_API_KEY is set."""
LLM_KEY_FILE = "/etc/notetaker/notes_llm_api_key"
"""Where systemd reads this credential from: LoadCredential= in the workers' unit."""


def credentials_folder() -> Path | None:
    """Return the folder in which systemd puts the unit's credentials."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) if folder else None


def credential(name: str, file: str) -> SecretStr | None:
    """Return what systemd has put there, None for nothing. ``file`` is where it comes from. Raises SettingsError."""
    folder = credentials_folder()
    if folder is None:
        return None
    try:
        secret = (folder / name).read_text(errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"cannot read {file} ({error.strerror})") from None
    return SecretStr(secret) if secret else None
