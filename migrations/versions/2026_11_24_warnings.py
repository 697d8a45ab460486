"""Warnings of the sync

Revision: warnings, after media
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "warnings"
down_revision = "media"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "warning",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("source_key", sa.Text(collation="C"), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("field", sa.Text(collation="C"), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "params", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["legacy.entity.id"], name=op.f("warning_entity_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["legacy.run.id"], name=op.f("warning_run_id_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("warning_pkey")),
        sa.UniqueConstraint("entity_id", "source_key", "code", "field", name="legacy_warning_once"),
        schema="legacy",
    )
    op.create_index(op.f("warning_run_id_idx"), "warning", ["run_id"], unique=False, schema="legacy")
    op.add_column(
        "entity",
        sa.Column("warning_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        schema="legacy",
    )
    # What was found before there was a place for it is found again: these records are read anew by the next full run.
    op.execute(
        "UPDATE legacy.record r SET hash = NULL FROM legacy.entity e WHERE e.id = r.entity_id AND r.state = 'applied' "
        "AND EXISTS (SELECT FROM legacy.run_entity p WHERE p.entity = e.code AND p.warning_count > 0)"
    )
