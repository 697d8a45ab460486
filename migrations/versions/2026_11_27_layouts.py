"""Product pictures are the layouts' business alone; runs over the archive

Revision: layouts, after packing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "layouts"
down_revision = "packing"
branch_labels = None
depends_on = None

# What the company said about pictures, and the kinds of paper it said it about; only quotes showed them as a rule.
SAID = {
    "pictures_on_quote": (True, ("quote",)),
    "pictures_on_order": (False, ("order_confirmation",)),
    "pictures_on_delivery": (False, ("delivery_note",)),
    "pictures_on_invoice": (
        False,
        ("invoice", "down_payment", "partial_invoice", "final_invoice", "correction", "cancellation"),
    ),
}


def upgrade() -> None:
    op.create_table(
        "verification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("looked", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("found", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "findings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("last_issued", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("looked >= 0 AND found >= 0", name="verification_counts"),
        sa.CheckConstraint("jsonb_typeof(findings) = 'array'", name="verification_findings"),
        sa.PrimaryKeyConstraint("id", name=op.f("verification_pkey")),
        schema="documents",
    )
    for column, (usual, kinds) in SAID.items():
        # Where a layout has said something already, the narrower or the same one counts as before.
        op.execute(
            sa.text(
                "INSERT INTO documents.template AS t (kind, changes)"  # noqa: S608  (fixed names)
                " SELECT k.kind, jsonb_build_object('pictures', NOT :usual)"
                f"  FROM system.company c CROSS JOIN unnest(CAST(:kinds AS text[])) AS k (kind) WHERE c.{column} <> :usual"
                "   AND NOT EXISTS (SELECT FROM documents.template a WHERE a.kind = '' AND a.changes ? 'pictures')"
                " ON CONFLICT (kind, language, (coalesce(partner_id, 0))) DO UPDATE"
                "   SET changes = t.changes || excluded.changes WHERE NOT t.changes ? 'pictures'"
            ).bindparams(usual=usual, kinds=list(kinds))
        )
        op.drop_column("company", column, schema="system")
