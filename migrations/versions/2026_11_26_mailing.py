"""Mail: accounts, texts, the queue, what was received

Revision: mailing, after purchasing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "mailing"
down_revision = "purchasing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=10), server_default=sa.text("'outgoing'"), nullable=False),
        sa.Column("owner", sa.String(length=63), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), server_default=sa.text("587"), nullable=False),
        sa.Column("security", sa.String(length=10), server_default=sa.text("'starttls'"), nullable=False),
        sa.Column("username", sa.String(length=254), server_default=sa.text("''"), nullable=False),
        sa.Column("ca", sa.String(length=20000), server_default=sa.text("''"), nullable=False),
        sa.Column("sender_name", sa.String(length=120), server_default=sa.text("''"), nullable=False),
        sa.Column("sender_address", sa.String(length=254), server_default=sa.text("''"), nullable=False),
        sa.Column("reply_to", sa.String(length=254), server_default=sa.text("''"), nullable=False),
        sa.Column("bcc", sa.String(length=254), server_default=sa.text("''"), nullable=False),
        sa.Column("max_mb", sa.Integer(), server_default=sa.text("20"), nullable=False),
        sa.Column("folder", sa.String(length=200), server_default=sa.text("''"), nullable=False),
        sa.Column("done_folder", sa.String(length=200), server_default=sa.text("''"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("btrim(name) <> ''", name="mail_account_name_not_blank"),
        sa.CheckConstraint("host ~ '^[A-Za-z0-9._:-]{1,255}$'", name="mail_account_host"),
        sa.CheckConstraint("kind = 'outgoing' OR folder <> ''", name="mail_account_folder"),
        sa.CheckConstraint("kind IN ('outgoing', 'incoming')", name="mail_account_kind"),
        sa.CheckConstraint(
            "security <> 'none' OR host IN ('localhost', '127.0.0.1', '::1')", name="mail_account_in_clear"
        ),
        sa.CheckConstraint("security IN ('starttls', 'tls', 'none')", name="mail_account_security"),
        sa.CheckConstraint(
            "sender_name !~ '[[:cntrl:]]' AND username !~ '[[:cntrl:]]' AND folder !~ '[[:cntrl:]]' AND done_folder !~ '[[:cntrl:]]'",
            name="mail_account_one_line",
        ),
        sa.CheckConstraint(
            "(kind = 'incoming' AND sender_address = '') OR sender_address ~ '^[^[:space:][:cntrl:]@,;<>\"]+@[^[:space:][:cntrl:]@,;<>\"]+$'",
            name="mail_account_sender",
        ),
        sa.CheckConstraint(
            "bcc = '' OR bcc ~ '^[^[:space:][:cntrl:]@,;<>\"]+@[^[:space:][:cntrl:]@,;<>\"]+$'",
            name="mail_account_bcc",
        ),
        sa.CheckConstraint("max_mb BETWEEN 1 AND 50", name="mail_account_max_mb"),
        sa.CheckConstraint("port BETWEEN 1 AND 65535", name="mail_account_port"),
        sa.CheckConstraint(
            "reply_to = '' OR reply_to ~ '^[^[:space:][:cntrl:]@,;<>\"]+@[^[:space:][:cntrl:]@,;<>\"]+$'",
            name="mail_account_reply_to",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("account_pkey")),
        schema="mail",
    )
    op.create_index("uq_account_name", "account", ["owner", "name"], unique=True, schema="mail")
    op.create_table(
        "account_secret",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("octet_length(sealed) BETWEEN 30 AND 4000", name="mail_secret_form"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["mail.account.id"],
            name=op.f("account_secret_account_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["key_id"], ["sec.data_key.id"], name=op.f("account_secret_key_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("account_secret_pkey")),
        schema="mail",
    )
    op.create_index(
        op.f("account_secret_key_id_idx"), "account_secret", ["key_id"], unique=False, schema="mail"
    )
    op.create_table(
        "account_status",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=300), server_default=sa.text("''"), nullable=False),
        sa.Column("fetch_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("fetch_fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("fetch_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["mail.account.id"],
            name=op.f("account_status_account_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("account_status_pkey")),
        schema="mail",
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=40), server_default=sa.text("''"), nullable=False),
        sa.Column("topic", sa.String(length=80), server_default=sa.text("''"), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=True),
        sa.Column("recipients", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("cc", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("bcc", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("body", sa.String(length=50000), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("reason", sa.String(length=60), server_default=sa.text("''"), nullable=False),
        sa.Column("detail", sa.String(length=500), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "refused", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("claim_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("again_of", sa.BigInteger(), nullable=True),
        sa.Column("requested_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column(
            "requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'sending') = (claim_until IS NOT NULL)", name="mail_claimed_while_sending"
        ),
        sa.CheckConstraint("btrim(subject) <> ''", name="mail_subject_not_blank"),
        sa.CheckConstraint(
            "state IN ('waiting', 'held', 'sending', 'sent', 'failed', 'unclear', 'cancelled')",
            name="mail_state_known",
        ),
        sa.CheckConstraint("subject !~ '[[:cntrl:]]'", name="mail_subject_one_line"),
        sa.CheckConstraint("cardinality(recipients) BETWEEN 1 AND 100", name="mail_recipients"),
        sa.CheckConstraint(
            "coalesce(cardinality(cc), 0) <= 100 AND coalesce(cardinality(bcc), 0) <= 100", name="mail_copies"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["mail.account.id"], name=op.f("message_account_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["again_of"], ["mail.message.id"], name=op.f("message_again_of_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("message_pkey")),
        sa.UniqueConstraint("message_id", name=op.f("message_message_id_key")),
        schema="mail",
    )
    op.create_index(op.f("message_account_id_idx"), "message", ["account_id"], unique=False, schema="mail")
    op.create_index(op.f("message_again_of_idx"), "message", ["again_of"], unique=False, schema="mail")
    op.create_index("message_record_idx", "message", ["topic", "record_id"], unique=False, schema="mail")
    op.create_index(
        "message_waiting_idx",
        "message",
        ["account_id", "id"],
        unique=False,
        schema="mail",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "received",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(length=300), server_default=sa.text("''"), nullable=False),
        sa.Column("subject", sa.String(length=300), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'nothing'"), nullable=False),
        sa.Column(
            "files", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("detail", sa.String(length=500), server_default=sa.text("''"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("received_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("state IN ('taken', 'nothing', 'refused')", name="mail_received_state"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["mail.account.id"], name=op.f("received_account_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("received_pkey")),
        sa.UniqueConstraint("account_id", "uid_validity", "uid", name="mail_received_once"),
        schema="mail",
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("name ~ '^[^/\\\\[:cntrl:]]{1,180}$'", name="mail_attachment_name"),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["documents.content.id"],
            name=op.f("attachment_content_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["mail.message.id"], name=op.f("attachment_message_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("attachment_pkey")),
        sa.UniqueConstraint("message_id", "position", name="mail_attachment_position"),
        schema="mail",
    )
    op.create_index(
        op.f("attachment_content_id_idx"), "attachment", ["content_id"], unique=False, schema="mail"
    )
    op.create_table(
        "template",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(length=20000), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("btrim(subject) <> '' AND btrim(body) <> ''", name="mail_template_not_blank"),
        sa.CheckConstraint("kind ~ '^[a-z_0-9]{1,40}$'", name="mail_template_kind"),
        sa.CheckConstraint("language IN ('de', 'en')", name="mail_template_language"),
        sa.CheckConstraint(
            "regexp_replace(subject || body, '[{](number|date|kind|recipient|salutation|company|sender|sender_email|sender_phone|reference|total|due)[}]', '', 'g') !~ '[{}]'",
            name="mail_template_placeholder",
        ),
        sa.CheckConstraint("subject !~ '[[:cntrl:]]'", name="mail_template_one_line"),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partners.partner.id"],
            name=op.f("template_partner_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("template_pkey")),
        schema="mail",
    )
    op.create_index(
        "mail_template_once",
        "template",
        ["kind", "language", sa.literal_column("coalesce(partner_id, 0)")],
        unique=True,
        schema="mail",
    )
    op.create_index(op.f("template_partner_id_idx"), "template", ["partner_id"], unique=False, schema="mail")
