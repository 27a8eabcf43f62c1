"""What a server can set for its meetings."""

from dataclasses import dataclass

from notetaker.model.consent import NOTICE


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """The settings of one server: its own, and the operator's where it has none."""

    kind: str = "meeting"
    """The kind of notes."""
    language: str | None = None
    """ISO 639-1 code of the spoken language; None to detect it."""
    time_zone: str = "UTC"
    """IANA name of the time zone of notes and transcripts."""
    empty_grace_s: float = 60.0
    """Seconds after which a meeting ends when nobody is left in its voice channel."""
    record_bots: bool = False
    """Whether other bots in the voice channel are recorded."""
    consent: str = NOTICE
    """One of ``consent.MODES``: who is recorded."""
    own: frozenset[str] = frozenset()
    """Names of the fields above that the server has set itself."""
