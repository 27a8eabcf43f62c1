"""Messages that show what is said while a meeting goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "live_texts",
        sa.Column(
            "meeting_id",
            sa.Text,
            sa.ForeignKey("meetings.id", name="fk_live_texts_meeting_id"),
            nullable=False,
        ),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", name="pk_live_texts"),
    )
    op.create_table(
        "live_pages",
        sa.Column(
            "meeting_id",
            sa.Text,
            sa.ForeignKey("meetings.id", name="fk_live_pages_meeting_id"),
            nullable=False,
        ),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("keys", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "number", name="pk_live_pages"),
    )
