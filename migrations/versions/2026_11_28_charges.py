"""Allowances and charges of a line as amounts

Revision: charges, after layouts
"""

revision = "charges"
down_revision = "layouts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
