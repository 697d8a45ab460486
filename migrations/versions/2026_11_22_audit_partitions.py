"""The trail by month

Revision: audit_partitions, after rights

Entries written before come along with their numbers and hashes.
"""

from alembic import op

revision = "audit_partitions"
down_revision = "rights"
branch_labels = None
depends_on = None

_AHEAD = 3


def upgrade() -> None:
    op.execute("ALTER TABLE audit.entry RENAME TO entry_before")
    op.execute("ALTER SEQUENCE audit.entry_id_seq RENAME TO entry_before_id_seq")
    op.execute("ALTER TABLE audit.entry_before DROP CONSTRAINT entry_pkey")
    op.execute("DROP INDEX audit.entry_topic_record_id_id_idx, audit.entry_xid_idx")
    op.execute(
        "CREATE TABLE audit.entry (LIKE audit.entry_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS) "
        "PARTITION BY RANGE (at)"
    )
    op.execute("ALTER TABLE audit.entry ALTER id ADD GENERATED ALWAYS AS IDENTITY")
    _partitions("entry", "SELECT coalesce(min(at), now()) FROM audit.entry_before")
    op.execute("INSERT INTO audit.entry OVERRIDING SYSTEM VALUE SELECT * FROM audit.entry_before ORDER BY id")
    op.execute(
        "SELECT setval('audit.entry_id_seq', greatest(b.last_value, 1), b.is_called) FROM audit.entry_before_id_seq b"
    )
    op.execute("DROP TABLE audit.entry_before")
    op.execute("ALTER TABLE audit.entry ADD CONSTRAINT entry_pkey PRIMARY KEY (id, at)")
    op.execute("CREATE INDEX entry_topic_record_id_id_idx ON audit.entry (topic, record_id, id)")
    op.execute("CREATE INDEX entry_xid_idx ON audit.entry (xid)")
    _partitions("event", "SELECT now()")


def _partitions(table: str, first: str) -> None:
    """A partition for every month from the first row to a few months ahead, and one for whatever else comes."""
    op.execute(f"CREATE TABLE audit.{table}_default PARTITION OF audit.{table} DEFAULT")
    op.execute(f"ALTER TABLE audit.{table}_default OWNER TO erp_audit")
    op.execute(
        f"""
        DO $$
        DECLARE
          v_month timestamp := date_trunc('month', ({first}) AT TIME ZONE 'UTC');
        BEGIN
          WHILE v_month <= now() AT TIME ZONE 'UTC' + make_interval(months => {_AHEAD}) LOOP
            EXECUTE format('CREATE TABLE audit.%I PARTITION OF audit.{table} FOR VALUES FROM (%L) TO (%L)',
                           '{table}_' || to_char(v_month, 'YYYY_MM'), v_month || '+00', v_month + interval '1 month' || '+00');
            EXECUTE format('ALTER TABLE audit.%I OWNER TO erp_audit', '{table}_' || to_char(v_month, 'YYYY_MM'));
            v_month := v_month + interval '1 month';
          END LOOP;
        END $$
        """
    )
