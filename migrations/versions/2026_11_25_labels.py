"""Label designs, number ranges, taught codes, scans

Revision: labels, after printing
"""

revision = "labels"
down_revision = "printing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
