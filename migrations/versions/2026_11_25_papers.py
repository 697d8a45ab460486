"""The archive of all documents, files on records, templates

Revision: papers, after history
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "papers"
down_revision = "history"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'current'"), nullable=False),
        sa.Column("removed_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("(state = 'removed') = (removed_reason <> '')", name="attachment_reason"),
        sa.CheckConstraint("name ~ '^[^/\\\\[:cntrl:]]{1,180}$'", name="attachment_name"),
        sa.CheckConstraint("state IN ('current', 'removed')", name="attachment_state"),
        sa.PrimaryKeyConstraint("id", name=op.f("attachment_pkey")),
        schema="documents",
    )
    op.create_index(
        "attachment_name_taken",
        "attachment",
        ["topic", "record_id", sa.literal_column("lower(name)")],
        unique=True,
        schema="documents",
        postgresql_where=sa.text("state = 'current'"),
    )
    op.create_table(
        "content",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stored_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("mime ~ '^[a-z]+/[a-z0-9][a-z0-9.+-]*$'", name="content_mime"),
        sa.CheckConstraint("sha256 = encode(sha256(bytes), 'hex')", name="content_hash_true"),
        sa.CheckConstraint("octet_length(bytes) BETWEEN 1 AND 52428800", name="content_size"),
        sa.CheckConstraint("size = octet_length(bytes)", name="content_size_true"),
        sa.PrimaryKeyConstraint("id", name=op.f("content_pkey")),
        sa.UniqueConstraint("sha256", name="content_stored_once"),
        schema="documents",
    )
    op.create_table(
        "house",
        sa.Column("id", sa.SmallInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("attachment_mb", sa.Integer(), server_default=sa.text("25"), nullable=False),
        sa.CheckConstraint("attachment_mb BETWEEN 1 AND 50", name="house_attachment_mb"),
        sa.CheckConstraint("id = 1", name="house_one_row"),
        sa.PrimaryKeyConstraint("id", name=op.f("house_pkey")),
        schema="documents",
    )
    op.create_table(
        "kind",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("issue_right", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("once", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.CheckConstraint("retention IN ('voucher', 'book', 'letter', 'none')", name="kind_retention"),
        sa.PrimaryKeyConstraint("id", name=op.f("kind_pkey")),
        sa.UniqueConstraint("code", name=op.f("kind_code_key")),
        schema="documents",
    )
    op.create_table(
        "purge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("purged_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("until BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint("length(btrim(reason)) BETWEEN 3 AND 1000", name="purge_reason"),
        sa.PrimaryKeyConstraint("id", name=op.f("purge_pkey")),
        schema="documents",
    )
    op.create_table(
        "retention",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("years BETWEEN 0 AND 30", name="retention_years"),
        sa.PrimaryKeyConstraint("id", name=op.f("retention_pkey")),
        sa.UniqueConstraint("code", name=op.f("retention_code_key")),
        schema="documents",
    )
    op.create_table(
        "attachment_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("added_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["documents.attachment.id"],
            name=op.f("attachment_version_attachment_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["documents.content.id"],
            name=op.f("attachment_version_content_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("attachment_version_pkey")),
        sa.UniqueConstraint("attachment_id", "version", name="attachment_version_once"),
        schema="documents",
    )
    op.create_index(
        op.f("attachment_version_content_id_idx"),
        "attachment_version",
        ["content_id"],
        unique=False,
        schema="documents",
    )
    op.create_table(
        "content_text",
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.Column("indexed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["documents.content.id"],
            name=op.f("content_text_content_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("content_id", name=op.f("content_text_pkey")),
        schema="documents",
    )
    op.create_index(
        "content_text_words_idx",
        "content_text",
        ["words"],
        unique=False,
        schema="documents",
        postgresql_using="gin",
    )
    op.create_table(
        "template",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "changes",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
        ),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("kind ~ '^[a-z_]{0,40}$'", name="template_kind"),
        sa.CheckConstraint("language IN ('', 'de', 'en')", name="template_language"),
        sa.CheckConstraint(
            "jsonb_typeof(changes) = 'object' AND octet_length(changes::text) <= 65536",
            name="template_changes",
        ),
        sa.CheckConstraint("octet_length(logo) BETWEEN 1 AND 2097152", name="template_logo_size"),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partners.partner.id"],
            name=op.f("template_partner_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("template_pkey")),
        schema="documents",
    )
    op.create_index(
        op.f("template_partner_id_idx"), "template", ["partner_id"], unique=False, schema="documents"
    )
    op.create_index(
        "template_once",
        "template",
        ["kind", "language", sa.literal_column("coalesce(partner_id, 0)")],
        unique=True,
        schema="documents",
    )
    _documents_of_before()


def _documents_of_before() -> None:
    """What the archive holds already: its bytes become files, its records get their topic, date and recipient."""
    op.execute(
        """
        INSERT INTO documents.content (sha256, size, mime, bytes, stored_at, stored_by)
        SELECT DISTINCT ON (sha256(i.content)) encode(sha256(i.content), 'hex'), octet_length(i.content),
               'application/pdf', i.content, i.issued_at, i.issued_by
          FROM documents.issued i ORDER BY sha256(i.content), i.id;

        ALTER TABLE documents.issued
          ADD kind text, ADD topic text, ADD record_id bigint, ADD once boolean NOT NULL DEFAULT true,
          ADD partner_id bigint, ADD recipient text NOT NULL DEFAULT '', ADD dated date,
          ADD format text NOT NULL DEFAULT 'pdf', ADD content_id bigint, ADD size integer, ADD retain_until date,
          ALTER warehouse_id DROP NOT NULL;

        UPDATE documents.issued i
           SET kind = CASE i.document_type WHEN 'sales_order' THEN 'order_confirmation' WHEN 'delivery' THEN 'delivery_note'
                      ELSE coalesce((SELECT x.kind FROM sales.invoice x
                                      WHERE i.document_type = 'invoice' AND x.id = i.document_id), i.document_type) END,
               topic = 'sales.' || i.document_type, record_id = i.document_id,
               content_id = c.id, size = c.size,
               partner_id = r.customer_id, recipient = coalesce(r.recipient, ''),
               dated = coalesce(r.dated, i.issued_at::date),
               retain_until = make_date(extract(year FROM coalesce(r.dated, i.issued_at::date))::int
                 + CASE WHEN i.document_type = 'invoice' THEN 8 ELSE 6 END, 12, 31)
          FROM documents.issued j
          JOIN documents.content c ON c.sha256 = encode(sha256(j.content), 'hex')
          LEFT JOIN LATERAL (
            SELECT q.customer_id, q.quote_date AS dated, q.snapshot #>> '{customer,name}' AS recipient
              FROM sales.quote q WHERE j.document_type = 'quote' AND q.id = j.document_id
            UNION ALL
            SELECT o.customer_id, o.order_date, o.snapshot #>> '{customer,name}'
              FROM sales.sales_order o WHERE j.document_type = 'sales_order' AND o.id = j.document_id
            UNION ALL
            SELECT d.customer_id, d.shipped_at::date, d.snapshot #>> '{customer,name}'
              FROM sales.delivery d WHERE j.document_type = 'delivery' AND d.id = j.document_id
            UNION ALL
            SELECT v.customer_id, v.invoice_date, v.snapshot #>> '{customer,name}'
              FROM sales.invoice v WHERE j.document_type = 'invoice' AND v.id = j.document_id) r ON true
         WHERE j.id = i.id;

        ALTER TABLE documents.issued DROP CONSTRAINT document_archived_once, DROP CONSTRAINT document_type_known;
        ALTER TABLE documents.issued
          ALTER kind SET NOT NULL, ALTER topic SET NOT NULL, ALTER record_id SET NOT NULL, ALTER once SET DEFAULT false,
          ALTER dated SET NOT NULL, ALTER format DROP DEFAULT, ALTER content_id SET NOT NULL, ALTER size SET NOT NULL,
          ALTER retain_until SET NOT NULL, DROP document_type, DROP document_id, DROP content,
          ADD CONSTRAINT issued_content_id_fkey FOREIGN KEY (content_id) REFERENCES documents.content (id) ON DELETE RESTRICT,
          ADD CONSTRAINT issued_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES partners.partner (id) ON DELETE RESTRICT,
          ADD CONSTRAINT document_format CHECK (format IN ('pdf', 'xml', 'zip', 'csv')),
          ADD CONSTRAINT document_file_name CHECK (file_name ~ '^[^/\\\\[:cntrl:]]{1,180}$'),
          ADD CONSTRAINT day_in_calendar CHECK (dated BETWEEN '1900-01-01' AND '9999-12-31'
                                                AND retain_until BETWEEN '1900-01-01' AND '9999-12-31');
        CREATE UNIQUE INDEX document_archived_once ON documents.issued (topic, record_id, format) WHERE once;
        CREATE INDEX issued_topic_record_id_idx ON documents.issued (topic, record_id);
        CREATE INDEX issued_content_id_idx ON documents.issued (content_id);
        CREATE INDEX issued_partner_id_idx ON documents.issued (partner_id);
        CREATE INDEX issued_dated_idx ON documents.issued (dated);
        """
    )
