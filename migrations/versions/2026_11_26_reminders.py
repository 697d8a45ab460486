"""Reminders, currencies

Revision: reminders, after accounting
"""

revision = "reminders"
down_revision = "accounting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
