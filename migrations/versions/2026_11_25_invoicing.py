"""Invoices of every kind, charges, currencies, reminders

Revision: invoicing, after papers
"""

revision = "invoicing"
down_revision = "papers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
