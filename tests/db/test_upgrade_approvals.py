"""An upgrade loses no request: discounts asked for and decided before are approvals afterwards."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
from alembic import command

from app.core import schema
from migrations import derived

Copies = Callable[..., AbstractContextManager[str]]


def test_discounts_of_before_are_approvals_afterwards(new_database: Copies) -> None:
    with new_database("template0") as address:
        with schema._transaction(address) as (connection, raw):
            derived.prepare(raw)
            config = schema._config()
            config.attributes["connection"] = connection
            command.upgrade(config, "audit_partitions")
            raw.execute(
                """
                INSERT INTO sales.discount_approval
                  (document_type, document_id, state, discount_pct, reason, requested_by, decided_by, decided_at,
                   comment, created_at)
                VALUES ('quote', 1, 'approved', 18, 'Messe', 'u_miriam', 'u_jana', '2026-10-02', NULL, '2026-10-01'),
                       ('sales_order', 2, 'rejected', 40, 'Freund', 'u_miriam', 'u_jana', '2026-10-03', NULL,
                        '2026-10-02'),
                       ('quote', 3, 'requested', 15, 'Eilig', 'u_clara', NULL, NULL, NULL, '2026-10-04')
                """
            )
        schema.upgrade(address)
        with psycopg.connect(address, autocommit=True) as admin:
            found = admin.execute(
                """
                SELECT r.topic, r.record_id, r.state, r.amount::int, r.reason, r.requested_by, v.voter, v.decision,
                       v.comment, r.expires_at > now(), r.created_at::date::text
                  FROM system.approval_request r LEFT JOIN system.approval_vote v ON v.request_id = r.id
                 WHERE r.kind = 'discount' ORDER BY r.id
                """
            ).fetchall()
            assert found == [
                (
                    "sales.quote",
                    1,
                    "approved",
                    18,
                    "Messe",
                    "u_miriam",
                    "u_jana",
                    "approve",
                    "",
                    False,
                    "2026-10-01",
                ),
                (
                    "sales.sales_order",
                    2,
                    "rejected",
                    40,
                    "Freund",
                    "u_miriam",
                    "u_jana",
                    "reject",
                    "–",
                    False,
                    "2026-10-02",
                ),
                ("sales.quote", 3, "open", 15, "Eilig", "u_clara", None, None, None, True, "2026-10-04"),
            ]
            assert admin.execute("SELECT to_regclass('sales.discount_approval')").fetchone() == (None,)
        assert schema.check(address) == []
