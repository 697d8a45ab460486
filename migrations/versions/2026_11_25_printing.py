"""Printers, routes and the queue

Revision: printing, after invoicing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "printing"
down_revision = "invoicing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "station",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "offers", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("last_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_login", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("octet_length(offers::text) <= 65536", name="station_offers"),
        sa.PrimaryKeyConstraint("id", name=op.f("station_pkey")),
        sa.UniqueConstraint("code", name=op.f("station_code_key")),
        schema="printing",
    )
    op.create_table(
        "printer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.String(length=10), server_default=sa.text("'pdf'"), nullable=False),
        sa.Column("dpi", sa.Integer(), server_default=sa.text("300"), nullable=False),
        sa.Column("media", sa.String(length=20), server_default=sa.text("''"), nullable=False),
        sa.Column("tray", sa.String(length=60), server_default=sa.text("''"), nullable=False),
        sa.Column("location", sa.String(length=120), server_default=sa.text("''"), nullable=False),
        sa.Column("username", sa.String(length=120), server_default=sa.text("''"), nullable=False),
        sa.Column("ca", sa.String(length=20000), server_default=sa.text("''"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("btrim(address) <> ''", name="printer_address_not_blank"),
        sa.CheckConstraint("btrim(name) <> ''", name="printer_name_not_blank"),
        sa.CheckConstraint("kind <> 'system' OR station_id IS NOT NULL", name="printer_system_has_station"),
        sa.CheckConstraint("kind IN ('ipp', 'raw', 'lpd', 'system')", name="printer_kind_known"),
        sa.CheckConstraint("language IN ('pdf', 'pwg', 'zpl', 'escpos')", name="printer_language_known"),
        sa.CheckConstraint(
            "media = '' OR media ~ '^[0-9]{1,4}([.][0-9])?x[0-9]{1,4}([.][0-9])?$'", name="printer_media_form"
        ),
        sa.CheckConstraint("dpi BETWEEN 72 AND 2400", name="printer_dpi_range"),
        sa.ForeignKeyConstraint(
            ["station_id"], ["printing.station.id"], name=op.f("printer_station_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("printer_pkey")),
        sa.UniqueConstraint("name", name=op.f("printer_name_key")),
        schema="printing",
    )
    op.create_index(
        op.f("printer_station_id_idx"), "printer", ["station_id"], unique=False, schema="printing"
    )
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.String(length=80), server_default=sa.text("''"), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("reason", sa.String(length=60), server_default=sa.text("''"), nullable=False),
        sa.Column("detail", sa.String(length=300), server_default=sa.text("''"), nullable=False),
        sa.Column("copies", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("tray", sa.String(length=60), server_default=sa.text("''"), nullable=False),
        sa.Column("sides", sa.String(length=30), server_default=sa.text("''"), nullable=False),
        sa.Column("pages", sa.String(length=60), server_default=sa.text("''"), nullable=False),
        sa.Column("language", sa.String(length=2), server_default=sa.text("'de'"), nullable=False),
        sa.Column("is_copy", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("copy_of", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("claimed_station_id", sa.BigInteger(), nullable=True),
        sa.Column("claim_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remote", sa.String(length=60), server_default=sa.text("''"), nullable=False),
        sa.Column("requested_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column(
            "requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'sending') = (claim_until IS NOT NULL)", name="print_job_claimed_while_sending"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'held', 'sending', 'sent', 'done', 'failed', 'unclear', 'cancelled')",
            name="print_job_state_known",
        ),
        sa.CheckConstraint("copies BETWEEN 1 AND 999", name="print_copies_range"),
        sa.ForeignKeyConstraint(
            ["claimed_station_id"],
            ["printing.station.id"],
            name=op.f("job_claimed_station_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["content_id"], ["documents.content.id"], name=op.f("job_content_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["copy_of"], ["printing.job.id"], name=op.f("job_copy_of_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"], ["printing.printer.id"], name=op.f("job_printer_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["printing.station.id"], name=op.f("job_station_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("job_pkey")),
        schema="printing",
    )
    op.create_index(op.f("job_content_id_idx"), "job", ["content_id"], unique=False, schema="printing")
    op.create_index(op.f("job_copy_of_idx"), "job", ["copy_of"], unique=False, schema="printing")
    op.create_index(op.f("job_printer_id_idx"), "job", ["printer_id"], unique=False, schema="printing")
    op.create_index("job_requested_idx", "job", ["requested_by", "id"], unique=False, schema="printing")
    op.create_index(op.f("job_station_id_idx"), "job", ["station_id"], unique=False, schema="printing")
    op.create_index(
        "job_waiting_idx",
        "job",
        ["printer_id", "id"],
        unique=False,
        schema="printing",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "uq_job_sending",
        "job",
        ["printer_id"],
        unique=True,
        schema="printing",
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_table(
        "printer_status",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'unknown'"), nullable=False),
        sa.Column("reasons", sa.String(length=500), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "capabilities",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('idle', 'printing', 'media_out', 'media_jam', 'cover_open', 'toner_low', 'toner_out', 'paused', 'attention', 'offline', 'unknown')",
            name="printer_status_known",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printing.printer.id"],
            name=op.f("printer_status_printer_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("printer_id", name=op.f("printer_status_pkey")),
        schema="printing",
    )
    op.create_table(
        "route",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=40), server_default=sa.text("''"), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.String(length=60), server_default=sa.text("''"), nullable=False),
        sa.Column("language", sa.String(length=2), server_default=sa.text("''"), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("tray", sa.String(length=60), server_default=sa.text("''"), nullable=False),
        sa.Column("copies", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("sides", sa.String(length=30), server_default=sa.text("''"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("language IN ('', 'de', 'en')", name="route_language_known"),
        sa.CheckConstraint(
            "sides IN ('', 'one-sided', 'two-sided-long-edge', 'two-sided-short-edge')",
            name="route_sides_known",
        ),
        sa.CheckConstraint("copies BETWEEN 1 AND 99", name="route_copies_range"),
        sa.ForeignKeyConstraint(
            ["printer_id"], ["printing.printer.id"], name=op.f("route_printer_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["printing.station.id"], name=op.f("route_station_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("route_pkey")),
        schema="printing",
    )
    op.create_index(op.f("route_printer_id_idx"), "route", ["printer_id"], unique=False, schema="printing")
    op.create_index(op.f("route_station_id_idx"), "route", ["station_id"], unique=False, schema="printing")
    op.create_index(
        "uq_route_once",
        "route",
        ["kind", sa.literal_column("coalesce(station_id, 0)"), "role", "language"],
        unique=True,
        schema="printing",
    )
