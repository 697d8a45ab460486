"""Purchase orders, goods receipts, purchase invoices

Revision: purchase_docs, after invoicing
"""

revision = "purchase_docs"
down_revision = "invoicing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
