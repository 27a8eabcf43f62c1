"""Where notes could not be posted, and where their meeting was stopped: the next place to try."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meetings", sa.Column("stopped_in", sa.BigInteger))
    op.create_table(
        "refusals",
        sa.Column(
            "meeting_id", sa.Text, sa.ForeignKey("meetings.id", name="fk_refusals_meeting_id"), nullable=False
        ),
        sa.Column("place_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "place_id", name="pk_refusals"),
    )
