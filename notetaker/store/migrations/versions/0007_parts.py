"""Minutes of the parts of meetings, which are written while the meetings go on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "parts",
        sa.Column(
            "meeting_id", sa.Text, sa.ForeignKey("meetings.id", name="fk_parts_meeting_id"), nullable=False
        ),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("minutes", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "key", name="pk_parts"),
    )
