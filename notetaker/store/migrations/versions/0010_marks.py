"""Moments that people mark with /mark."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column(
            "meeting_id", sa.Text, sa.ForeignKey("meetings.id", name="fk_marks_meeting_id"), nullable=False
        ),
        sa.Column("at_ns", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "at_ns", "user_id", name="pk_marks"),
    )
