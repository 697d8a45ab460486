"""Pictures: replaced files are noticed, copies where files need the password, pictures on documents

Revision: pictures, after warnings
"""

import sqlalchemy as sa
from alembic import op

revision = "pictures"
down_revision = "warnings"
branch_labels = None
depends_on = None

DOCUMENTS = {"quote": "true", "order": "false", "delivery": "false", "invoice": "false"}


def upgrade() -> None:
    op.add_column("picture", sa.Column("said_hash", sa.String(length=64), nullable=True), schema="catalog")
    op.execute("UPDATE catalog.picture SET said_hash = file_hash")
    op.alter_column("picture", "said_hash", nullable=False, schema="catalog")
    op.add_column("picture_file", sa.Column("mark", sa.String(length=300), nullable=True), schema="catalog")
    op.add_column("picture_file", sa.Column("content", sa.LargeBinary(), nullable=True), schema="catalog")
    for kind, default in DOCUMENTS.items():
        op.add_column(
            "company",
            sa.Column(f"pictures_on_{kind}", sa.Boolean(), server_default=sa.text(default), nullable=False),
            schema="system",
        )
