"""The log of scans names who worked at a terminal

Revision: scan_operator, after terminal_prints
"""

import sqlalchemy as sa
from alembic import op

revision = "scan_operator"
down_revision = "terminal_prints"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scan", sa.Column("operator", sa.Text(), nullable=True), schema="labels")
