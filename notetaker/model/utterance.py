"""An utterance: one run of speech of one person between two pauses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clip:
    """Where an utterance's sound lies in a meeting's journal."""

    segment: int
    """Number of the journal file: 1 is ``0001.pcap``."""
    start_offset: int
    """Byte offset of the first packet's record in that file."""
    end_offset: int
    """Byte offset just behind the last packet's record. Records of others lie in between."""
    ssrc: int


@dataclass(frozen=True, slots=True)
class Utterance:
    meeting_id: str
    user_id: int
    clip: Clip
    started_ns: int
    """Unix nanoseconds at which the first packet with sound arrived. The clip may begin up to 300 ms earlier."""
    ended_ns: int
    """Unix nanoseconds at which the last packet's 20 ms end."""
    packets: int

    @property
    def id(self) -> str:
        """Jobs and rows are keyed by it. It is the same however often a release cuts the same sound; another release
        may cut it elsewhere.
        """
        return f"{self.meeting_id}.{self.clip.segment}.{self.clip.ssrc}.{self.clip.start_offset}"


@dataclass(frozen=True, slots=True)
class Transcription:
    """What an engine made of an utterance."""

    text: str
    """Empty when the engine heard no words."""
    engine: str
    """Which engine, for example ``whisper-base``."""
    error: str | None = None
    """One sentence when the sound could not be transcribed; the transcript then says so."""
    language: str | None = None
    """ISO 639-1 code of the language it was transcribed in, when the engine knows."""
    speech_s: float | None = None
    """Seconds of the utterance in which somebody speaks, as a draft found; None: not measured."""
    final: bool = True
    """False: a draft, made at once while the meeting runs, which the final pass replaces. Notes rest on no draft."""
