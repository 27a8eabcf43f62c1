"""An utterance: what one person says between two pauses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clip:
    """The place of an utterance's sound in a meeting's journal."""

    segment: int
    """Number of the journal file: 1 is ``0001.pcap``."""
    start_offset: int
    """Byte offset of the first packet's record in that file."""
    end_offset: int
    """Byte offset of the end of the last packet's record. Records of other speakers may lie in between."""
    ssrc: int


@dataclass(frozen=True, slots=True)
class Utterance:
    meeting_id: str
    user_id: int
    clip: Clip
    started_ns: int
    """When its first packet with sound was said. The clip may begin up to 300 ms earlier."""
    ended_ns: int
    """When the last packet's 20 ms had been said."""
    packets: int

    @property
    def id(self) -> str:
        """The key of jobs and rows. Cutting the same sound again gives the same id, unless a new release cuts it
        differently.
        """
        return f"{self.meeting_id}.{self.clip.segment}.{self.clip.ssrc}.{self.clip.start_offset}"


@dataclass(frozen=True, slots=True)
class Transcription:
    """An engine's text for an utterance."""

    text: str
    """Empty if the engine heard no words."""
    engine: str
    """Name of the engine, such as ``whisper-base``."""
    error: str | None = None
    """One sentence if the sound could not be transcribed, which the transcript shows."""
    language: str | None = None
    """ISO 639-1 code of the language, if the engine knows it."""
    speech_s: float | None = None
    """Seconds of speech in the utterance: 0 if no voice was found, else as measured by the draft; None if not
    measured.
    """
    final: bool = True
    """False for a draft, made during the meeting and replaced by the final pass. Notes never use drafts."""
    undecodable: int | None = None
    """How many of the utterance's packets the decoder rejected; None if not counted."""
