"""Packing by scan

Revision: packing, after reminders
"""

revision = "packing"
down_revision = "reminders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
