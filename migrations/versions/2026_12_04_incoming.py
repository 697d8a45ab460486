"""Reminders in the currency of their invoices

Revision: incoming, after scan_operator
"""

import sqlalchemy as sa
from alembic import op

revision = "incoming"
down_revision = "scan_operator"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Until now only invoices in the house's own currency were reminded.
    op.add_column(
        "reminder",
        sa.Column("currency", sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
        schema="sales",
    )
    op.execute(
        "UPDATE sales.reminder SET currency = c.currency FROM system.company c WHERE c.currency <> 'EUR'"
    )
