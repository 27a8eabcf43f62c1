"""Who has corrected how something is spelled."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vocabulary", sa.Column("by", sa.BigInteger))
