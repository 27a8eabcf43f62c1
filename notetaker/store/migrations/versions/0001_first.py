"""The first schema: meetings, what was heard in them, and what is posted about them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meetings",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("voice_channel_id", sa.BigInteger, nullable=False),
        sa.Column("voice_channel_name", sa.Text, nullable=False),
        sa.Column("text_channel_id", sa.BigInteger, nullable=False),
        sa.Column("started_by", sa.BigInteger, nullable=False),
        sa.Column("started_ns", sa.BigInteger, nullable=False),
        sa.Column("ended_ns", sa.BigInteger),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meetings"),
    )
    op.create_index("ix_meetings_started_ns", "meetings", ["started_ns"])
    op.create_table(
        "speakers",
        sa.Column("meeting_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "user_id", name="pk_speakers"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name="fk_speakers_meeting_id"),
    )
    op.create_table(
        "coverage",
        sa.Column("meeting_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("outcomes", sa.JSON, nullable=False),
        sa.Column("lost", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "user_id", name="pk_coverage"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name="fk_coverage_meeting_id"),
    )
    op.create_table(
        "gaps",
        sa.Column("meeting_id", sa.Text, nullable=False),
        sa.Column("started_ns", sa.BigInteger, nullable=False),
        sa.Column("ended_ns", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "started_ns", "ended_ns", "user_id", "cause", name="pk_gaps"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name="fk_gaps_meeting_id"),
    )
    op.create_table(
        "utterances",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("meeting_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("segment", sa.Integer, nullable=False),
        sa.Column("start_offset", sa.BigInteger, nullable=False),
        sa.Column("end_offset", sa.BigInteger, nullable=False),
        sa.Column("ssrc", sa.BigInteger, nullable=False),
        sa.Column("started_ns", sa.BigInteger, nullable=False),
        sa.Column("ended_ns", sa.BigInteger, nullable=False),
        sa.Column("packets", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_utterances"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name="fk_utterances_meeting_id"),
    )
    op.create_index("ix_utterances_meeting_id", "utterances", ["meeting_id", "started_ns"])
    op.create_table(
        "transcriptions",
        sa.Column("utterance_id", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("utterance_id", name="pk_transcriptions"),
        sa.ForeignKeyConstraint(["utterance_id"], ["utterances.id"], name="fk_transcriptions_utterance_id"),
    )
    op.create_table(
        "notes",
        sa.Column("meeting_id", sa.Text, nullable=False),
        sa.Column("items", sa.JSON, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", name="pk_notes"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name="fk_notes_meeting_id"),
    )
    op.create_table(
        "postings",
        sa.Column("meeting_id", sa.Text, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("attachment_name", sa.Text, nullable=False),
        sa.Column("attachment", sa.Text, nullable=False),
        sa.Column("begun", sa.Boolean, nullable=False),
        sa.Column("message_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("meeting_id", name="pk_postings"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name="fk_postings_meeting_id"),
    )
