"""Terminals send what is printed at them: the login a print job was asked for with, beside the person

Revision: terminal_prints, after exchange
"""

import sqlalchemy as sa
from alembic import op

revision = "terminal_prints"
down_revision = "exchange"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "job",
        sa.Column("login", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        schema="printing",
    )
    op.create_index("job_login_idx", "job", ["login", "id"], unique=False, schema="printing")
    # Who stood at the terminal is in the trail; where that lies in an archive by now, nobody is named.
    op.execute(
        """
        UPDATE printing.job j
           SET login = j.requested_by,
               requested_by = CASE WHEN j.requested_by ^@ 't_' THEN coalesce((
                 SELECT e.operator FROM audit.entry e
                  WHERE e.topic = 'printing.job' AND e.record_id = j.id AND e.op = 'I'
                  ORDER BY e.id LIMIT 1), '') ELSE j.requested_by END
        """
    )
    # Its program reads, writes and sends at the same time now.
    op.execute(
        """
        DO $$
        DECLARE
          v_login text;
        BEGIN
          FOR v_login IN SELECT u.login FROM sec.app_user u JOIN pg_catalog.pg_roles r ON r.rolname = u.login
                          WHERE u.login ^@ 't_' AND r.rolconnlimit < 6 LOOP
            EXECUTE format('ALTER ROLE %I CONNECTION LIMIT 6', v_login);
          END LOOP;
        END $$
        """
    )
