"""Mail

Revision: post, after labels
"""

revision = "post"
down_revision = "labels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
