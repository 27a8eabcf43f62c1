"""User names, which tell people of one name apart; and the voice channels that a meeting has been in."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("speakers", sa.Column("username", sa.Text))
    op.create_table(
        "places",
        sa.Column(
            "meeting_id", sa.Text, sa.ForeignKey("meetings.id", name="fk_places_meeting_id"), nullable=False
        ),
        sa.Column("started_ns", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "started_ns", name="pk_places"),
    )
