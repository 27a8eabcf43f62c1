"""Everything that can be set, in one frozen object. ``.env.example`` has the same list, kept equal by a test."""

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from notetaker.host.errors import SettingsError
from notetaker.host.sd_notify import state_directory
from notetaker.model.languages import find
from notetaker.speech.engines import EngineSettings
from notetaker.speech.models.store import SYSTEM_FOLDER, user_folder

TOKEN_CREDENTIAL = "discord_token"  # noqa: S105 - its name
"""The file in $CREDENTIALS_DIRECTORY that counts when DISCORD_TOKEN is not set."""
TOKEN_FILE = "/etc/notetaker/discord_token"  # noqa: S105 - its path
"""What systemd makes this credential of: LoadCredential= in the unit of the bot."""

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


def _credentials_folder() -> Path | None:
    """Where systemd puts what LoadCredential= in the unit names; systemd.exec(5)."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) if folder else None


def _token_credential() -> SecretStr | None:
    folder = _credentials_folder()
    if folder is None:
        return None
    try:
        token = (folder / TOKEN_CREDENTIAL).read_text(errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(sentence(TOKEN_FILE, f"it cannot be read ({error.strerror})")) from None
    return SecretStr(token) if token else None


class Settings(BaseSettings):
    """Read from the environment by ``Settings.load()``. An empty variable counts as absent."""

    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    discord_token: SecretStr | None = Field(
        default_factory=_token_credential,
        validate_default=True,
        validation_alias=AliasChoices("DISCORD_TOKEN", "DISCORD_BOT_TOKEN"),
        description="The bot's token, from the Bot page of its application. Only the bot process needs it.",
        examples=["MTIzNDU2Nzg5.Gabcde.the-rest-of-the-token"],
    )
    discord_api_base_url: str = Field(
        default="https://discord.com/api",
        validation_alias="DISCORD_API_BASE_URL",
        description="Where Discord's REST API lives, without the version.",
        examples=["https://discord.com/api"],
    )
    discord_ca_file: Path | None = Field(
        default=None,
        validation_alias="DISCORD_CA_FILE",
        description="PEM file with one more certificate authority to trust for REST and voice connections.",
        examples=["/etc/ssl/certs/our-proxy.pem"],
    )
    state_dir: Path = Field(
        default_factory=lambda: state_directory() or Path.home() / ".local/state/notetaker",
        validation_alias="NOTETAKER_STATE_DIR",
        description="Folder for the database and for the sound of meetings that are not finished yet.",
        examples=["/var/lib/notetaker"],
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="NOTETAKER_DATABASE_URL",
        description="SQLAlchemy URL of the database. Default: notetaker.db in the state folder, with SQLite.",
        examples=["postgresql+psycopg://notetaker:password@db.example.org/notetaker"],
    )
    voice_connection_timeout: float = Field(
        default=30.0,
        gt=0,
        le=600,
        validation_alias="VOICE_CONNECTION_TIMEOUT",
        description="Seconds that one attempt to join a voice channel may take.",
        examples=["30"],
    )
    voice_retry_attempts: int = Field(
        default=3,
        ge=1,
        le=20,
        validation_alias="VOICE_RETRY_ATTEMPTS",
        description="Attempts to join a voice channel before the bot says that it could not.",
        examples=["3"],
    )
    voice_health_interval: float = Field(
        default=60.0,
        ge=1,
        le=3600,
        validation_alias="VOICE_HEALTH_INTERVAL",
        description="Seconds between two looks for voice connections that are not as they should be.",
        examples=["60"],
    )
    voice_region_fallback: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        validation_alias="VOICE_REGION_FALLBACK",
        description="Voice regions to try in turn when a channel cannot be joined. Needs Manage Channels.",
        examples=["us-west,us-east,us-central"],
    )
    voice_debug: bool = Field(
        default=False,
        validation_alias="VOICE_DEBUG",
        description="Record every step of every voice connection, for notetaker voice-trace.",
        examples=["1"],
    )
    meeting_resume_window: float = Field(
        default=15.0,
        ge=0,
        le=24 * 60,
        validation_alias="MEETING_RESUME_WINDOW",
        description="Minutes after which a meeting that a stop of the bot interrupted is not gone on with.",
        examples=["15"],
    )
    time_zone: str = Field(
        default="UTC",
        validation_alias="TIME_ZONE",
        description="Time zone of notes and transcripts, by its name in the IANA database.",
        examples=["Europe/Berlin"],
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        validation_alias="METRICS_PORT",
        description="TCP port on 127.0.0.1 at which Prometheus finds the metrics. Default: none.",
        examples=["9464"],
    )
    speech_engine: str = Field(
        default="auto",
        validation_alias="SPEECH_ENGINE",
        description="What turns speech into text: auto, whisper, onnx, openai or pocketsphinx.",
        examples=["auto"],
    )
    speech_model: str | None = Field(
        default=None,
        validation_alias="SPEECH_MODEL",
        description="Model of the speech engine, a name or a folder. Default: the best one that is installed.",
        examples=["whisper-base"],
    )
    models_dir: Path | None = Field(
        default=None,
        validation_alias="NOTETAKER_MODELS_DIR",
        description="Folder for speech models. Default: ~/.local/share/notetaker/models.",
        examples=["/opt/notetaker/models"],
    )
    speech_language: str | None = Field(
        default=None,
        validation_alias="SPEECH_LANGUAGE",
        description="Language that is spoken, as an ISO 639-1 code. Default: detected for each speaker.",
        examples=["de"],
    )
    speech_vocabulary: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        validation_alias="SPEECH_VOCABULARY",
        description="Names and terms that often come up, separated by commas.",
        examples=["Kubernetes,Müller,Jira"],
    )
    speech_processes: int | None = Field(
        default=None,
        ge=1,
        le=64,
        validation_alias="SPEECH_PROCESSES",
        description="Utterances that a worker transcribes at a time. Default: half the number of cores, at most 4.",
        examples=["2"],
    )
    speech_device: Literal["cpu", "cuda"] = Field(
        default="cpu",
        validation_alias="SPEECH_DEVICE",
        description="What Whisper runs on: cpu, or cuda for an NVIDIA GPU.",
        examples=["cpu"],
    )
    speech_base_url: str | None = Field(
        default=None,
        validation_alias="SPEECH_BASE_URL",
        description="Address of an OpenAI-compatible server, for SPEECH_ENGINE=openai.",
        examples=["http://gpu.example:8000/v1"],
    )
    speech_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="SPEECH_API_KEY",
        description="Key for the server in SPEECH_BASE_URL, if it wants one.",
        examples=["sk-the-rest-of-the-key"],
    )
    log_level: Annotated[LogLevel, NoDecode] = Field(
        default="INFO",
        validation_alias=AliasChoices("LOG_LEVEL", "BOT_LOG_LEVEL"),
        description="The least important log lines to keep: DEBUG, INFO, WARNING or ERROR.",
        examples=["INFO"],
    )

    @field_validator("discord_token", mode="after")
    @classmethod
    def _token_fits_a_header(cls, token: SecretStr | None) -> SecretStr | None:
        if token is None:
            return None
        value = token.get_secret_value()
        if value.lower().startswith("bot "):
            raise ValueError('it starts with the word "Bot": only the token itself belongs here')
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("it contains a space or another character that no token has")
        return token

    @field_validator("discord_api_base_url", "speech_base_url", mode="after")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if not url.startswith(("http://", "https://")):
            raise ValueError("it must start with https:// (or http://)")
        parts = urlsplit(url)
        if not parts.hostname:
            raise ValueError("it names no host")
        try:
            _ = parts.port
        except ValueError:  # its message quotes what may be part of a password
            raise ValueError("its port is no number up to 65535") from None
        return url.rstrip("/")

    @field_validator("discord_ca_file", mode="after")
    @classmethod
    def _is_certificate(cls, path: Path | None) -> Path | None:
        if path is None:
            return None
        try:
            if not path.is_file():
                raise ValueError(f"there is no file {path}")
            ssl.create_default_context(cafile=path)
        except ssl.SSLError:
            raise ValueError(f"{path} cannot be read as a PEM file of certificates") from None
        except OSError as error:
            raise ValueError(f"{path} cannot be read ({error.strerror})") from None
        return path

    @field_validator("state_dir", mode="after")
    @classmethod
    def _is_absolute(cls, path: Path) -> Path:
        if "?" in str(path):  # begins the options in the URL of a SQLite file
            raise ValueError("a question mark in it cannot be part of the database's URL")
        try:
            return path.expanduser().absolute()
        except RuntimeError:
            raise ValueError(f"there is no user {path.parts[0].removeprefix('~')}") from None

    @field_validator("voice_region_fallback", mode="before")
    @classmethod
    def _comma_separated(cls, regions: Any) -> Any:
        """The ids that Discord's List Voice Regions gives."""
        if not isinstance(regions, str):
            return regions
        names = tuple(map(str.lower, _items(regions)))
        for name in names:
            if not re.fullmatch(r"[a-z0-9-]{1,32}", name):
                raise ValueError(f"{name!r} is no voice region")
        return names

    @field_validator("time_zone", mode="after")
    @classmethod
    def _is_time_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):  # OSError: a folder of the database, such as Europe
            raise ValueError(f"there is no time zone {name!r}") from None

    @field_validator("speech_vocabulary", mode="before")
    @classmethod
    def _terms(cls, terms: Any) -> Any:
        return _items(terms) if isinstance(terms, str) else terms

    @field_validator("speech_language", mode="after")
    @classmethod
    def _is_language(cls, code: str | None) -> str | None:
        if code is None or code.lower() == "auto":
            return None
        language = find(code)
        if language is None:
            raise ValueError(
                f"{code!r} is no language that Whisper knows; write its code or its English name"
            )
        return language.code

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, level: Any) -> Any:
        return level.upper() if isinstance(level, str) else level

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Self:
        """From the environment: this process's, unless another one is given. Raises SettingsError."""
        try:
            if environment is None:
                return cls()
            settings = cls.__new__(cls)
            BaseModel.__init__(settings, **{name: value for name, value in environment.items() if value})
            return settings
        except ValidationError as error:
            given = os.environ if environment is None else environment
            sentences = (sentence(_place(str(e["loc"][0]), given), e["msg"]) for e in error.errors())
            raise SettingsError("\n".join(sentences)) from None

    @property
    def database(self) -> str:
        """The URL to connect to; it may hold a password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.state_dir / 'notetaker.db'}"

    @property
    def models_folder(self) -> Path:
        """Where speech models are put."""
        return self.models_dir.expanduser().absolute() if self.models_dir else user_folder()

    @property
    def engine_settings(self) -> EngineSettings:
        return EngineSettings(
            engine=self.speech_engine,
            model=self.speech_model,
            models_folders=(self.models_folder, SYSTEM_FOLDER),
            device=self.speech_device,
            base_url=self.speech_base_url,
            api_key=None if self.speech_api_key is None else self.speech_api_key.get_secret_value(),
        )

    @property
    def meetings_folder(self) -> Path:
        return self.state_dir / "meetings"

    @property
    def traces_folder(self) -> Path:
        return self.state_dir / "voice-traces"

    def require_token(self) -> str:
        """The bot token. Raises SettingsError when it is not set."""
        if self.discord_token is None:
            place, problem = _place("discord_token", {}), "it is not set"
            if place == TOKEN_FILE:
                problem = "it is missing or empty, and DISCORD_TOKEN is not set; put the token into this file"
            raise SettingsError(sentence(place, problem))
        return self.discord_token.get_secret_value()


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def token_place() -> str:
    """Where the token of this process comes from, for a sentence about it."""
    place = _place("discord_token", os.environ)
    comes_first = place != TOKEN_FILE and _credentials_folder()
    return f"{place}, which counts before {TOKEN_FILE}" if comes_first else place


def environment_names(field: str) -> tuple[str, ...]:
    """The variables that set a field, the preferred one first."""
    alias = Settings.model_fields[field].validation_alias
    return tuple(str(c) for c in alias.choices) if isinstance(alias, AliasChoices) else (str(alias),)


def _place(name: str, environment: Mapping[str, str]) -> str:
    """Where a setting comes from, or would: a variable, or the token's file. ``name`` is a field or its variable."""
    field = next(f for f in Settings.model_fields if name in (f, *environment_names(f)))
    names = environment_names(field)
    default = TOKEN_FILE if field == "discord_token" and _credentials_folder() else names[0]
    return next((name for name in names if environment.get(name)), default)


def sentence(place: str, problem: str) -> str:
    """``VOICE_RETRY_ATTEMPTS cannot be used: ...; for example VOICE_RETRY_ATTEMPTS=3``"""
    problem = problem.removeprefix("Value error, ").removesuffix(".")
    problem = problem[0].lower() + problem[1:]
    sentence = f"{place} cannot be used: {problem}"
    if place == TOKEN_FILE:
        return sentence
    field = next(f for f in Settings.model_fields if place in environment_names(f))
    examples = Settings.model_fields[field].examples or []
    return f"{sentence}; for example {place}={examples[0]}"
