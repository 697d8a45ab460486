"""Printers, routes and the queue

Revision: printing, after purchase_docs
"""

revision = "printing"
down_revision = "purchase_docs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
