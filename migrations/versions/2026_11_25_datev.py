"""Nothing of its own: databases stand here

Revision: datev, after labels
"""

revision = "datev"
down_revision = "labels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
