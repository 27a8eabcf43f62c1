"""Notes are minutes. Those of earlier releases have a summary, decisions and actions, whose kind was their place."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = {"summary": "point", "decisions": "decision", "actions": "action"}


def upgrade() -> None:
    notes = sa.table("notes", sa.column("meeting_id"), sa.column("items", sa.JSON), sa.column("made_by"))
    connection = op.get_bind()
    for meeting_id, items, made_by in connection.execute(sa.select(notes)).all():
        minutes = {
            place: [item | {"kind": kind} for item in items[place]] for place, kind in KINDS.items()
        } | {"title": "", "parts": [], "questions": [], "made_by": [made_by], "dropped": 0}
        connection.execute(sa.update(notes).where(notes.c.meeting_id == meeting_id).values(items=minutes))
