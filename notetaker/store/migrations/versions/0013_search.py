"""Which words were said where, for the search. Workers index the meetings that are there already."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "indexes",
        sa.Column(
            "meeting_id",
            sa.Text,
            sa.ForeignKey("meetings.id", name="fk_indexes_meeting_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("lines", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", name="pk_indexes"),
    )
    op.create_table(
        "terms",
        sa.Column("term", sa.Text, nullable=False),
        sa.Column(
            "meeting_id",
            sa.Text,
            sa.ForeignKey("indexes.meeting_id", name="fk_terms_meeting_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("lines", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("term", "meeting_id", name="pk_terms"),
        sa.Index("ix_terms_meeting_id", "meeting_id"),
        sqlite_with_rowid=False,
    )
