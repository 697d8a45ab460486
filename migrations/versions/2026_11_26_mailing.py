"""Mail

Revision: mailing, after purchasing
"""

revision = "mailing"
down_revision = "purchasing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
