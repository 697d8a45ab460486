"""Pictures of the image service

Revision: media, after legacy
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "media"
down_revision = "legacy"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "picture",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_key", sa.String(length=120), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=10), server_default=sa.text("'here'"), nullable=False),
        sa.Column("conflict", sa.String(length=20), nullable=True),
        sa.Column("products", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("conflict IN ('ambiguous', 'chosen_gone')", name="picture_conflict_known"),
        sa.CheckConstraint("state IN ('here', 'gone')", name="picture_state_known"),
        sa.PrimaryKeyConstraint("id", name=op.f("picture_pkey")),
        sa.UniqueConstraint("source_key", name=op.f("picture_source_key_key")),
        schema="catalog",
    )
    op.create_index(
        "ix_picture_orphan",
        "picture",
        ["id"],
        unique=False,
        schema="catalog",
        postgresql_where=sa.text("products = 0"),
    )
    op.create_table(
        "picture_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("picture_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("is_original", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_large", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_small", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["catalog.picture.id"],
            name=op.f("picture_file_picture_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("picture_file_pkey")),
        sa.UniqueConstraint("picture_id", "position", name="picture_file_once"),
        schema="catalog",
    )
    op.create_table(
        "picture_article",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("picture_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("is_front", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=True),
        sa.Column("family_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "attempts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["family_id"],
            ["catalog.family.id"],
            name=op.f("picture_article_family_id_fkey"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["catalog.picture.id"],
            name=op.f("picture_article_picture_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["catalog.product.id"],
            name=op.f("picture_article_product_id_fkey"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("picture_article_pkey")),
        sa.UniqueConstraint("picture_id", "number", name="picture_article_once"),
        schema="catalog",
    )
    op.create_index(
        op.f("picture_article_family_id_idx"),
        "picture_article",
        ["family_id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        op.f("picture_article_number_idx"), "picture_article", ["number"], unique=False, schema="catalog"
    )
    op.create_index(
        op.f("picture_article_product_id_idx"),
        "picture_article",
        ["product_id"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "picture_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("picture_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column(
            "details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('created', 'changed', 'gone', 'back', 'linked', 'unlinked', 'primary', 'conflict', 'assigned', 'chosen', 'automatic')",
            name="picture_change_known",
        ),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["catalog.picture.id"],
            name=op.f("picture_change_picture_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["catalog.product.id"],
            name=op.f("picture_change_product_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["legacy.run.id"], name=op.f("picture_change_run_id_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("picture_change_pkey")),
        schema="catalog",
    )
    op.create_index(
        op.f("picture_change_picture_id_idx"),
        "picture_change",
        ["picture_id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        op.f("picture_change_product_id_idx"),
        "picture_change",
        ["product_id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        op.f("picture_change_run_id_idx"), "picture_change", ["run_id"], unique=False, schema="catalog"
    )
    op.add_column("product_image", sa.Column("picture_id", sa.BigInteger(), nullable=True), schema="catalog")
    op.add_column(
        "product_image", sa.Column("file_hash", sa.String(length=64), nullable=True), schema="catalog"
    )
    op.add_column("product_image", sa.Column("rule", sa.String(length=20), nullable=True), schema="catalog")
    op.add_column(
        "product_image",
        sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="catalog",
    )
    op.add_column(
        "product_image",
        sa.Column("is_chosen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="catalog",
    )
    op.alter_column(
        "product_image", "mime", existing_type=sa.VARCHAR(length=20), nullable=True, schema="catalog"
    )
    op.alter_column(
        "product_image", "content", existing_type=postgresql.BYTEA(), nullable=True, schema="catalog"
    )
    op.alter_column(
        "product_image", "thumbnail", existing_type=postgresql.BYTEA(), nullable=True, schema="catalog"
    )
    op.create_unique_constraint(
        "product_image_once", "product_image", ["product_id", "picture_id"], schema="catalog"
    )
    op.create_index(
        op.f("product_image_picture_id_idx"), "product_image", ["picture_id"], unique=False, schema="catalog"
    )
    op.create_foreign_key(
        op.f("product_image_picture_id_fkey"),
        "product_image",
        "picture",
        ["picture_id"],
        ["id"],
        source_schema="catalog",
        referent_schema="catalog",
        ondelete="RESTRICT",
    )
    # A column generated by another rule cannot be altered, only made anew.
    op.drop_column("product_image", "content_hash", schema="catalog")
    op.add_column(
        "product_image",
        sa.Column(
            "content_hash",
            sa.String(length=64),
            sa.Computed(
                "CASE WHEN content IS NULL THEN file_hash ELSE encode(sha256(content), 'hex') END",
                persisted=True,
            ),
            nullable=False,
        ),
        schema="catalog",
    )
    op.create_index(
        op.f("product_image_content_hash_idx"),
        "product_image",
        ["content_hash"],
        unique=False,
        schema="catalog",
    )
    op.create_check_constraint(
        "image_own_or_service",
        "product_image",
        "CASE WHEN picture_id IS NULL"
        " THEN content IS NOT NULL AND thumbnail IS NOT NULL AND mime IS NOT NULL"
        " AND file_hash IS NULL AND rule IS NULL"
        " ELSE content IS NULL AND thumbnail IS NULL AND file_hash IS NOT NULL AND rule IS NOT NULL END",
        schema="catalog",
    )
    # Where the primary picture was taken away, the newest of the others takes its place; from now on this happens at once.
    op.execute(
        "UPDATE catalog.product_image SET is_primary = true WHERE id IN ("
        " SELECT max(id) FROM catalog.product_image GROUP BY product_id HAVING NOT bool_or(is_primary))"
    )
