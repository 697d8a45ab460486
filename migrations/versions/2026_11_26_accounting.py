"""Accounts, periods and exports for the tax adviser

Revision: accounting, after mailing
"""

revision = "accounting"
down_revision = "mailing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
