"""All settings, as one frozen object. ``.env.example`` lists the same ones; a test compares them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import AliasChoices, AliasGenerator, BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from notetaker.host.errors import SettingsError
from notetaker.host.sd_notify import state_directory
from notetaker.model.guild_settings import GuildSettings
from notetaker.settings.credentials import (
    LLM_KEY_CREDENTIAL,
    LLM_KEY_FILE,
    TOKEN_CREDENTIAL,
    TOKEN_FILE,
    credential,
    credentials_folder,
)
from notetaker.settings.proxy import Proxy, proxy_for
from notetaker.settings.types import (
    CaFile,
    HttpUrl,
    Language,
    LogLevel,
    Regions,
    StateFolder,
    Terms,
    TermsFile,
    TimeZone,
    Token,
)
from notetaker.speech.engines import EngineSettings
from notetaker.speech.models.store import SYSTEM_FOLDER, user_folder
from notetaker.voice.settings import VoiceSettings
from notetaker.writing.budget import SMALLEST_CONTEXT
from notetaker.writing.settings import LlmSettings


class Settings(BaseSettings):
    """Settings from the environment, read by ``Settings.load()``. An empty variable counts as not set."""

    model_config = SettingsConfigDict(
        alias_generator=AliasGenerator(validation_alias=str.upper),
        frozen=True,
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    discord_token: Token | None = Field(
        default_factory=lambda: credential(TOKEN_CREDENTIAL, TOKEN_FILE),
        validate_default=True,
        validation_alias=AliasChoices("DISCORD_TOKEN", "DISCORD_BOT_TOKEN"),
        description="Token of the bot, from the Bot page of its application. Workers do not need it.",
        examples=["MTIzNDU2Nzg5.Gabcde.the-rest-of-the-token"],
    )
    discord_api_base_url: HttpUrl = Field(
        default="https://discord.com/api",
        description="Base URL of Discord's REST API, without the version.",
        examples=["https://discord.com/api"],
    )
    discord_ca_file: CaFile | None = Field(
        default=None,
        description="PEM file with an additional certificate authority to trust.",
        examples=["/etc/ssl/certs/our-proxy.pem"],
    )
    state_dir: StateFolder = Field(
        default_factory=lambda: state_directory() or Path.home() / ".local/state/notetaker",
        validation_alias="NOTETAKER_STATE_DIR",
        description="Folder for the database and the recordings.",
        examples=["/var/lib/notetaker"],
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="NOTETAKER_DATABASE_URL",
        description="SQLAlchemy URL of the database. Default: SQLite, notetaker.db in the state folder.",
        examples=["postgresql+psycopg://notetaker:password@db.example.org/notetaker"],
    )
    voice_connection_timeout: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Timeout (seconds) for one attempt to join a voice channel.",
        examples=["30"],
    )
    voice_retry_attempts: int = Field(
        default=3,
        ge=1,
        le=20,
        description="Number of attempts to join a voice channel before the bot reports a failure.",
        examples=["3"],
    )
    voice_health_interval: float = Field(
        default=60.0,
        ge=1,
        le=3600,
        description="Seconds between voice health checks.",
        examples=["60"],
    )
    voice_region_fallback: Regions = Field(
        default=(),
        description="Voice regions to try when a channel cannot be joined. Requires Manage Channels.",
        examples=["us-west,us-east,us-central"],
    )
    voice_debug: bool = Field(
        default=False,
        description="Record every step of every voice connection, for notetaker voice-trace.",
        examples=["1"],
    )
    meeting_resume_window: float = Field(
        default=15.0,
        ge=0,
        le=24 * 60,
        description="How long (minutes) an interrupted meeting can still be resumed.",
        examples=["15"],
    )
    meeting_empty_grace: float = Field(
        default=60.0,
        ge=0,
        le=3600,
        description="Seconds after which a meeting ends when nobody is left in its voice channel.",
        examples=["60"],
    )
    meeting_max_hours: float = Field(
        default=6.0,
        gt=0,
        le=24,
        description="Hours after which a meeting ends. People are warned 10 minutes before.",
        examples=["6"],
    )
    record_bots: bool = Field(
        default=False,
        description="Record other bots in the voice channel, such as music bots.",
        examples=["0"],
    )
    privacy_version: int = Field(
        default=1,
        ge=1,
        le=2**31,
        description="Version of your privacy policy. Who agreed to another one is asked again, where servers ask.",
        examples=["2"],
    )
    live_text: bool = Field(
        default=True,
        description="Show what is said in a thread during the meeting.",
        examples=["0"],
    )
    time_zone: TimeZone = Field(
        default="UTC",
        description="Time zone of notes and transcripts (IANA name).",
        examples=["Europe/Berlin"],
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="TCP port on 127.0.0.1 for Prometheus metrics. Default: none.",
        examples=["9464"],
    )
    speech_engine: str = Field(
        default="auto",
        description="Speech engine: auto, whisper, onnx, openai or pocketsphinx.",
        examples=["auto"],
    )
    speech_model: str | None = Field(
        default=None,
        description="Speech model, a name or a folder. Default: the best installed one.",
        examples=["whisper-base"],
    )
    models_dir: Path | None = Field(
        default=None,
        validation_alias="NOTETAKER_MODELS_DIR",
        description="Folder for speech models. Default: ~/.local/share/notetaker/models.",
        examples=["/opt/notetaker/models"],
    )
    speech_language: Language = Field(
        default=None,
        description="Spoken language, as an ISO 639-1 code. Default: detected for each speaker.",
        examples=["de"],
    )
    speech_vocabulary: Terms = Field(
        default=(),
        description="Names and terms that come up often, separated by commas.",
        examples=["Kubernetes,Müller,Jira"],
    )
    vocabulary_file: TermsFile = Field(
        default=(),
        description="File with more names and terms, one a line.",
        examples=["/etc/notetaker/vocabulary.txt"],
    )
    speech_processes: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="Number of utterances a worker transcribes at once. Default: half the cores, at most 4.",
        examples=["2"],
    )
    speech_device: Literal["cpu", "cuda"] = Field(
        default="cpu",
        description="Device for Whisper: cpu, or cuda for an NVIDIA GPU.",
        examples=["cpu"],
    )
    speech_base_url: HttpUrl | None = Field(
        default=None,
        description="Base URL of an OpenAI-compatible server, for SPEECH_ENGINE=openai.",
        examples=["http://gpu.example:8000/v1"],
    )
    speech_api_key: SecretStr | None = Field(
        default=None,
        description="API key for SPEECH_BASE_URL, if the server requires one.",
        examples=["sk-the-rest-of-the-key"],
    )
    notes_kind: str = Field(
        default="meeting",
        description="Kind of notes: meeting, standup, session, podcast, lecture or one of NOTES_KINDS_DIR.",
        examples=["meeting"],
    )
    notes_kinds_dir: Path | None = Field(
        default=None, description="Folder with kinds of notes of your own.", examples=["/etc/notetaker/kinds"]
    )
    notes_llm_base_url: HttpUrl | None = Field(
        default=None,
        description="Base URL of an OpenAI-compatible server whose language model writes the notes.",
        examples=["http://127.0.0.1:11434/v1"],
    )
    notes_llm_model: str | None = Field(
        default=None,
        description="Name of the language model that writes the notes.",
        examples=["qwen3:8b"],
    )
    notes_llm_api_key: SecretStr | None = Field(
        default_factory=lambda: credential(LLM_KEY_CREDENTIAL, LLM_KEY_FILE),
        description="API key for NOTES_LLM_BASE_URL, if the server requires one.",
        examples=["sk-the-rest-of-the-key"],
    )
    notes_llm_context: int | None = Field(
        default=None,
        ge=SMALLEST_CONTEXT,
        description="Tokens that the language model takes. Default: as its server says, or else 4096.",
        examples=["16384"],
    )
    notes_llm_timeout: float = Field(
        default=120.0,
        gt=0,
        le=3600,
        description="Timeout (seconds) for one answer of the language model.",
        examples=["120"],
    )
    log_level: LogLevel = Field(
        default="INFO",
        validation_alias=AliasChoices("LOG_LEVEL", "BOT_LOG_LEVEL"),
        description="Log level: DEBUG, INFO, WARNING or ERROR.",
        examples=["INFO"],
    )

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings from ``environment`` (default: os.environ). Raises SettingsError if one is invalid."""
        try:
            if environment is None:
                return cls()
            settings = cls.__new__(cls)
            BaseModel.__init__(settings, **{name: value for name, value in environment.items() if value})
            return settings
        except ValidationError as error:
            given = os.environ if environment is None else environment
            lines = (invalid(_place(str(e["loc"][0]), given), e["msg"]) for e in error.errors())
            raise SettingsError("\n".join(lines)) from None

    @property
    def database(self) -> str:
        """The URL of the database. It may contain a password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.state_dir / 'notetaker.db'}"

    @property
    def models_folder(self) -> Path:
        """The folder in which speech models are installed."""
        return self.models_dir.expanduser().absolute() if self.models_dir else user_folder()

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Names and terms that come up in all meetings."""
        return tuple(dict.fromkeys((*self.speech_vocabulary, *self.vocabulary_file)))

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
    def llm(self) -> LlmSettings | None:
        """The language model that writes the notes, None for none. Raises SettingsError if it has no name."""
        if self.notes_llm_base_url is None:
            return None
        if self.notes_llm_model is None:
            raise SettingsError(f"NOTES_LLM_MODEL is not set; {_example('NOTES_LLM_MODEL')}")
        return LlmSettings(
            base_url=self.notes_llm_base_url,
            model=self.notes_llm_model,
            api_key=None if self.notes_llm_api_key is None else self.notes_llm_api_key.get_secret_value(),
            context=self.notes_llm_context,
            timeout_s=self.notes_llm_timeout,
        )

    @property
    def guild_defaults(self) -> GuildSettings:
        """The settings of servers that have set nothing themselves."""
        return GuildSettings(
            kind=self.notes_kind,
            language=self.speech_language,
            time_zone=self.time_zone,
            empty_grace_s=self.meeting_empty_grace,
            record_bots=self.record_bots,
        )

    @property
    def voice(self) -> VoiceSettings:
        return VoiceSettings(
            connection_timeout_s=self.voice_connection_timeout,
            retry_attempts=self.voice_retry_attempts,
            health_interval_s=self.voice_health_interval,
            regions=self.voice_region_fallback,
            traces=self.traces_folder if self.voice_debug else None,
        )

    @property
    def proxy(self) -> Proxy | None:
        """The proxy between this host and Discord, None for none. Raises SettingsError."""
        return proxy_for(self.discord_api_base_url)

    @property
    def meetings_folder(self) -> Path:
        return self.state_dir / "meetings"

    @property
    def traces_folder(self) -> Path:
        return self.state_dir / "voice-traces"

    def require_token(self) -> str:
        """Return the bot's token. Raises SettingsError if it is not set."""
        if self.discord_token is not None:
            return self.discord_token.get_secret_value()
        if credentials_folder():
            raise SettingsError(
                f"{TOKEN_FILE} is missing or empty, and DISCORD_TOKEN is not set; put the token into this file"
            )
        raise SettingsError(f"DISCORD_TOKEN is not set; {_example('DISCORD_TOKEN')}")


def token_place() -> str:
    """Return where this process has its token from, as a phrase."""
    place = _place("discord_token", os.environ)
    comes_first = place != TOKEN_FILE and credentials_folder()
    return f"{place}, which takes precedence over {TOKEN_FILE}" if comes_first else place


def environment_names(field: str) -> tuple[str, ...]:
    """Return the variables that set a field, the preferred one first."""
    alias = Settings.model_fields[field].validation_alias
    return tuple(str(c) for c in alias.choices) if isinstance(alias, AliasChoices) else (str(alias),)


def _place(name: str, environment: Mapping[str, str]) -> str:
    """Return the variable that a setting comes from, or the token's file. ``name`` is its field or variable."""
    field = next(f for f in Settings.model_fields if name in (f, *environment_names(f)))
    names = environment_names(field)
    default = TOKEN_FILE if field == "discord_token" and credentials_folder() else names[0]
    return next((name for name in names if environment.get(name)), default)


def invalid(place: str, reason: str) -> str:
    """``VOICE_RETRY_ATTEMPTS is invalid: ...; for example VOICE_RETRY_ATTEMPTS=3``"""
    reason = reason.removeprefix("Value error, ").removesuffix(".")
    sentence = f"{place} is invalid: {reason[0].lower()}{reason[1:]}"
    return sentence if place == TOKEN_FILE else f"{sentence}; {_example(place)}"


def _example(variable: str) -> str:
    field = next(f for f in Settings.model_fields if variable in environment_names(f))
    examples = Settings.model_fields[field].examples or []
    return f"for example {variable}={examples[0]}"
