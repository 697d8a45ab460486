"""The sync says since when a server gives no answer

Revision: history, after pictures
"""

import sqlalchemy as sa
from alembic import op

revision = "history"
down_revision = "pictures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("silent_since", "retry_at"):
        op.add_column(
            "server_status", sa.Column(name, sa.DateTime(timezone=True), nullable=True), schema="legacy"
        )
