"""The tables. ``migrations/versions`` must produce exactly this schema; a test compares them.

Every ``..._ns`` is in Unix nanoseconds. Discord ids are snowflakes, which fit a signed 64-bit integer.
"""

import sqlalchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
)
from sqlalchemy.types import TypeDecorator


class Text(TypeDecorator[str]):
    """Any text, including what people say. Characters that a database cannot store (lone surrogates, and NUL in
    PostgreSQL) become U+FFFD.
    """

    impl = sqlalchemy.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meetings = Table(
    "meetings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("voice_channel_id", BigInteger, nullable=False),
    Column("voice_channel_name", Text, nullable=False),
    Column("text_channel_id", BigInteger, nullable=False),
    Column("started_by", BigInteger, nullable=False),
    Column("started_ns", BigInteger, nullable=False),
    Column("ended_ns", BigInteger),
    Column("state", Text, nullable=False),
    Column("language", Text),
    Column("time_zone", Text),
    Column("stopped_in", BigInteger),
    Column("kind", Text),
    Index("ix_meetings_started_ns", "started_ns"),
)

speakers = Table(
    "speakers",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),  # as shown
    Column("username", Text),  # NULL: not known
)

places = Table(  # where a meeting went on under another name or in another channel
    "places",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("started_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
)

coverage = Table(
    "coverage",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("outcomes", JSON, nullable=False),  # {"stored": 1234, "duplicate": 2}: all but "heard"
    Column("lost", BigInteger, nullable=False),
    Column("heard", BigInteger),  # NULL: as many as are stored
    Column("no_opus", BigInteger),  # NULL: not counted
)

EVERYONE = 0
"""``gaps.user_id`` of a gap that concerns everyone, because a key column cannot be NULL, and no snowflake is 0."""

gaps = Table(
    "gaps",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("started_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("ended_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("cause", Text, primary_key=True),
)

utterances = Table(
    "utterances",
    metadata,
    Column("id", Text, primary_key=True),
    Column("meeting_id", Text, ForeignKey("meetings.id"), nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("segment", Integer, nullable=False),
    Column("start_offset", BigInteger, nullable=False),
    Column("end_offset", BigInteger, nullable=False),
    Column("ssrc", BigInteger, nullable=False),
    Column("started_ns", BigInteger, nullable=False),
    Column("ended_ns", BigInteger, nullable=False),
    Column("packets", BigInteger, nullable=False),
    Index("ix_utterances_meeting_id", "meeting_id", "started_ns"),
)

transcriptions = Table(
    "transcriptions",
    metadata,
    Column("utterance_id", Text, ForeignKey("utterances.id"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("error", Text),
    Column("language", Text),
    Column("speech_s", Float),
    Column("final", Boolean, nullable=False, server_default=sqlalchemy.true()),
    Column("first_ns", BigInteger),  # when the first text, draft or final, was stored
    Column("undecodable", BigInteger),  # NULL: not counted
)

notes = Table(
    "notes",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("items", JSON, nullable=False),  # model.minutes.Minutes
    Column("made_by", Text, nullable=False),
)

parts = Table(
    "parts",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("minutes", JSON, nullable=False),  # model.minutes.PartMinutes
)

indexes = Table(
    "indexes",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True),
    Column("language", Text, nullable=False),
    Column("size", Integer, nullable=False),  # how many lines
    Column("lines", JSON, nullable=False),  # notes.search.ranking.Lines
)

terms = Table(
    "terms",
    metadata,
    Column("term", Text, primary_key=True),
    Column("meeting_id", Text, ForeignKey("indexes.meeting_id", ondelete="CASCADE"), primary_key=True),
    Column("lines", JSON, nullable=False),  # numbers, sorted
    Index("ix_terms_meeting_id", "meeting_id"),
    sqlite_with_rowid=False,
)

postings = Table(
    "postings",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("channel_id", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("attachment_name", Text, nullable=False),
    Column("attachment", Text, nullable=False),
    Column("begun", Boolean, nullable=False),  # whether an attempt to post may have reached Discord
    Column("message_id", BigInteger),  # known once posted
)

guild_settings = Table(
    "guild_settings",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),  # of a field of model.guild_settings.GuildSettings
    Column("value", JSON, nullable=False),
)

consents = Table(  # what people have answered about being recorded
    "consents",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("agreed", Boolean, nullable=False),
    Column("policy", BigInteger, nullable=False),  # version of the privacy policy
    Column("at_ns", BigInteger, nullable=False),
)

vocabulary = Table(
    "vocabulary",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),  # model.vocabulary.Entry.key
    Column("term", Text, nullable=False),
    Column("heard", Text),
    Column("by", BigInteger),
)

marks = Table(
    "marks",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("at_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
)

panels = Table(
    "panels",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("channel_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
)

live_texts = Table(
    "live_texts",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("channel_id", BigInteger, nullable=False),  # the thread, or the channel
    Column("closed", Boolean, nullable=False),
)

live_pages = Table(
    "live_pages",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1
    Column("message_id", BigInteger, nullable=False),
    Column("keys", JSON, nullable=False),  # of the lines and gaps on it
)

refusals = Table(
    "refusals",
    metadata,
    Column("meeting_id", Text, ForeignKey("meetings.id"), primary_key=True),
    Column("place_id", BigInteger, primary_key=True, autoincrement=False),  # of a channel or a user
    Column("reason", Text, nullable=False),
)
"""The places that do not take the notes of a meeting."""
