"""Purchase invoices in foreign currency

Revision: currencies, after charges
"""

revision = "currencies"
down_revision = "charges"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
