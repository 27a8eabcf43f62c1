"""Messages that show how a meeting is doing."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "panels",
        sa.Column(
            "meeting_id", sa.Text, sa.ForeignKey("meetings.id", name="fk_panels_meeting_id"), nullable=False
        ),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", name="pk_panels"),
    )
