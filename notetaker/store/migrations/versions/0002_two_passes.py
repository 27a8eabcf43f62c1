"""The language of a meeting and of an utterance, and drafts that a final pass replaces."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meetings", sa.Column("language", sa.Text))
    op.add_column("transcriptions", sa.Column("language", sa.Text))
    op.add_column("transcriptions", sa.Column("final", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("transcriptions", sa.Column("first_ns", sa.BigInteger))
    op.add_column("transcriptions", sa.Column("speech_s", sa.Float))
