"""What servers set for their meetings: settings, and how names and terms are spelled."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guild_settings",
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "name", name="pk_guild_settings"),
    )
    op.create_table(
        "vocabulary",
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("term", sa.Text, nullable=False),
        sa.Column("heard", sa.Text),
        sa.PrimaryKeyConstraint("guild_id", "key", name="pk_vocabulary"),
    )
    op.add_column("meetings", sa.Column("time_zone", sa.Text))
