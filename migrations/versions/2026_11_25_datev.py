"""Export for the tax adviser, closed periods

Revision: datev, after post
"""

revision = "datev"
down_revision = "post"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
