"""Everything a person with psql may try on what he has no business with, for whatever tables and functions there are.

What people may write at all is written down here once more: a slip in the rights matrix must not move the goal posts.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import psycopg
from psycopg import sql

from migrations import derived
from migrations.generate import SCHEMAS

Raw = psycopg.Connection[Any]
# Master data and drafts. Everything else, and every table to come, is written by the database's own functions only.
WRITTEN_BY_PEOPLE = frozenset(
    [
        "catalog.unit",
        "catalog.category",
        "catalog.tax_class",
        "catalog.variant_code",
        "catalog.family",
        "catalog.product",
        "catalog.product_text",
        "catalog.product_image",
        "catalog.product_cost",
        "catalog.price_list",
        "catalog.price",
        "partners.payment_term",
        "partners.partner",
        "partners.address",
        "partners.contact",
        "purchasing.supplier_price",
        "purchasing.tolerance",
        "engineering.bom",
        "engineering.bom_line",
        "engineering.structure_lock",
        "inventory.warehouse",
        "inventory.place",
        "inventory.lot",
        "inventory.box_type",
        "inventory.box",
        "inventory.box_slot",
        "production.scrap_reason",
        "production.mould",
        "production.mould_product",
        "legacy.server",
        "sales.base_rate",
        "sales.quote",
        "sales.quote_line",
        "sales.sales_order",
        "sales.reminder_rule",
        "sales.sales_order_line",
        "accounting.account",
        "accounting.personal_account",
        "accounting.setting",
        "documents.house",
        "documents.template",
        "labels.design",
        "mail.account",
        "mail.template",
        "labels.number_range",
        "printing.printer",
        "printing.route",
        "system.company",
        "system.exchange_rate",
        "system.note",
    ]
)
# Columns of those that are nobody's to write: who and when, states, numbers, totals, what was shipped and invoiced.
NEVER = frozenset(
    [
        "id",
        "row_version",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "net_amount",
        "tax_amount",
        "gross_amount",
        "delivery_state",
        "invoice_state",
        "snapshot",
        "issued_at",
        "confirmed_at",
        "approved_at",
        "approved_by",
        "reject_reason",
        "cancel_reason",
        "list_price",
        "qty_shipped",
        "qty_invoiced",
        "credit_limit",
        "is_delivery_blocked",
        "block_reason",
    ]
)
NEVER_IN = {
    "labels.number_range": {"kind", "prefix", "first_serial", "next_serial"},
    "engineering.bom": {"state"},
    "sales.quote": {"state", "number"},
    "sales.sales_order": {"state", "number", "quote_id"},
    "system.company": {"currency", "time_zone"},
    "partners.partner": {"price_list_id", "payment_term_id", "tax_treatment"},
    "inventory.place": {"warehouse_id"},
}
# Outside api and sec people call only what reads.
READING = frozenset(
    [
        "catalog.fold",
        "catalog.search_products",
        "system.my_approval_kinds",
        "catalog.prices_for",
        "documents.search_documents",
        "documents.unread_documents",
        "printing.routed",
        "catalog.picture_source",
        "partners.search_partners",
        "system.today",
        "system.note_table",
        "system.changes_since",
        "audit.commit_fate",
    ]
)
INTERNAL = frozenset(
    [
        "api.command_begin",
        "api.command_end",
        "sec.sync_roles",
        "sec.password_set",
        "sec.password_matches",
        "sec.check_user",
        "sec.check_roles",
        "sec.assign",
        "sec.apply_elevation",
        "sec.apply_elevation_extend",
        "sec.apply_role_grant",
        "sec.break_glass",
        "sec.custom_roles_settle",
        "sec.device_warehouses",
        "sec.guard_lock",
        "sec.guard_prepare",
        "sec.guard_unlock",
        "sec.machine_login",
        "sec.machine_password",
        "sec.mail_put",
        "sec.person_make",
        "sec.pin_try",
        "sec.random_bytes",
        "sec.recovery_codes_make",
        "sec.role_give",
        "sec.role_make",
        "sec.role_settle",
        "sec.role_write",
        "sec.roles_end",
        "sec.roles_give",
        "sec.second_factor",
        "sec.second_factor_clear",
        "sec.session_settle",
        "sec.sessions_end",
        "sec.status_set",
        "sec.totp_code",
        "sec.totp_step",
    ]
)
# What concerns the caller alone; `session_close` and its like would only end the test.
OF_ONESELF = frozenset(
    f"sec.{name}"
    for name in """
    session_open session_close session_continue session_touch session_ok session_confirm session_end_others
    my_roles my_epoch my_limit my_tables my_warehouses acting may require require_session require_confirmed fail
    password_change totp_begin totp_confirm totp_remove recovery_codes_new
    """.split()  # noqa: SIM905  (a list of so many words reads better so)
)
# The trail is read, sealed and verified by who keeps it, through functions that ask for the right.
KEEPERS = ("administrator", "system_administrator")
OF_THE_TRAIL = {
    "audit.anchor": ("system_administrator", "guard"),
    "audit.event_import": ("guard",),
    "audit.partitions_ahead": ("system_administrator", "guard"),
    "audit.seal": ("system_administrator", "guard"),
    "audit.seal_state": KEEPERS,
    "audit.trail_count": KEEPERS,
    "audit.trail_days": KEEPERS,
    "audit.trail_entries": KEEPERS,
    "audit.trail_events": KEEPERS,
    "audit.trail_exported": KEEPERS,
    "audit.trail_open": KEEPERS,
    "audit.verified": KEEPERS,
    "audit.verify": KEEPERS,
}
GROWING = frozenset(["sec.session", "audit.event", "audit.block", "documents.verification"])
OWNERS = ("erp_owner", "erp_api", "erp_sec", "erp_audit", "postgres", "pg_write_all_data", "pg_read_all_data")
# "Not allowed" in the server's words and ours; a generated column, an identity column; sorry, no such trigger.
REFUSALS = frozenset({"42501", "ER401", "ER403", "428C9", "42704"})


@dataclass(frozen=True)
class Catalogue:
    """The tables with their columns, and the functions with a NULL for every argument, as the database has them.

    A strict function is not called at all with NULL, and nobody would be refused: it gets something small.
    """

    tables: dict[str, tuple[str, ...]]
    functions: dict[str, str]

    @classmethod
    def of(cls, admin: Raw) -> "Catalogue":
        tables = {
            r.name: tuple(c.name for c in r.columns)
            for r in derived.read_relations(admin)
            if r.kind in "rp" and r.name != "system.alembic_version"
        }
        rows = admin.execute(
            """
            SELECT n.nspname || '.' || p.proname,
                   ARRAY(SELECT CASE WHEN p.provariadic <> 0 AND ord = p.pronargs THEN 'VARIADIC ' ELSE '' END
                                || CASE WHEN NOT p.proisstrict THEN 'NULL::'
                                        WHEN t IN ('int4'::regtype, 'int8'::regtype, 'numeric'::regtype) THEN '1::'
                                        WHEN t = 'jsonb'::regtype THEN '''{}''::'
                                        WHEN t = 'inet'::regtype THEN '''127.0.0.1''::'
                                        WHEN right(format_type(t, NULL), 2) = '[]' THEN '''{}''::'
                                        WHEN t IN ('text'::regtype, 'bytea'::regtype) THEN '''a''::'
                                        ELSE 'NULL::' END
                                || format_type(t, NULL)
                           FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, ord) ORDER BY ord)
              FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = ANY (%s) AND p.prorettype <> 'trigger'::regtype AND p.prokind = 'f'
            """,
            (list(SCHEMAS),),
        ).fetchall()
        return cls(tables, {name: f"SELECT {name}({', '.join(nulls)})" for name, nulls in rows})


def on_tables(catalogue: Catalogue) -> Iterator[str]:
    """Statements that nobody may get through."""
    for table, columns in catalogue.tables.items():
        yield f"DELETE FROM {table}"
        yield f"TRUNCATE {table} CASCADE"
        yield f"LOCK TABLE {table} IN SHARE MODE; SELECT 1"
        yield f"COPY {table} TO PROGRAM 'cat > /tmp/stolen'"
        yield f"COPY {table} TO '/tmp/stolen'"
        yield f"COPY {table} FROM PROGRAM 'echo 1'"
        yield f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {table} DISABLE TRIGGER ALL"
        yield f"ALTER TABLE {table} OWNER TO SESSION_USER"
        yield f"CREATE RULE forged AS ON INSERT TO {table} DO INSTEAD NOTHING"
        yield f"ALTER TABLE {table} ADD COLUMN forged int"
        yield f"DROP TABLE {table} CASCADE"
        people = table in WRITTEN_BY_PEOPLE
        for column in columns:
            if not people or column in NEVER or column in NEVER_IN.get(table, ()):
                yield f'UPDATE {table} SET "{column}" = "{column}"'
        if not people:
            yield f"INSERT INTO {table} DEFAULT VALUES"
            yield f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {table}"
            yield f"MERGE INTO {table} t USING (SELECT 1) x ON true WHEN MATCHED THEN DELETE"
            yield f"SELECT FROM {table} FOR UPDATE"


def on_functions(catalogue: Catalogue, role: str) -> Iterator[str]:
    """Calls of everything that only other functions, or other roles, may call."""
    for name, call in catalogue.functions.items():
        if role in OF_THE_TRAIL.get(name, ()):
            continue
        if name in INTERNAL or (name.partition(".")[0] not in ("api", "sec") and name not in READING):
            yield call


def on_postings(catalogue: Catalogue) -> Iterator[str]:
    """Calls of every function of the `api` schema and of the administration of people, roles, rules and devices."""
    for name, call in catalogue.functions.items():
        if name.startswith("api.") or (name.startswith("sec.") and name not in OF_ONESELF):
            yield call


def on_identity(own: str, roles: tuple[str, ...], held: frozenset[str]) -> Iterator[str]:
    """Attempts of somebody with the role `own` to become somebody else, or to be somebody without rules.

    `held` are roles that may be put on alone (PostgreSQL 15 cannot forbid it), which opens nothing.
    """
    for role in (*OWNERS, *(f"u_{role}" for role in roles if role != own)):
        yield f"SET ROLE {role}"
        yield f"SET SESSION AUTHORIZATION {role}"
        yield f"GRANT {role} TO SESSION_USER"
    for role in roles:
        yield f"GRANT r_{role} TO SESSION_USER"
        if role not in held:
            yield f"SET ROLE r_{role}"
    yield "SET session_replication_role = replica"
    yield "SET erp_owner.x = 1; SET SESSION AUTHORIZATION erp_owner"
    yield "CREATE EVENT TRIGGER forged ON ddl_command_start EXECUTE FUNCTION sec.session_ok()"
    yield "ALTER DATABASE postgres SET session_replication_role = replica"
    yield "ALTER ROLE SESSION_USER SET session_replication_role = replica"
    yield "ALTER ROLE SESSION_USER BYPASSRLS"


def some(choices: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Every combination of the choices for each argument; of very many, twice as many as the longest has, shifted."""
    if math.prod(map(len, choices)) <= 81:
        yield from product(*choices)
        return
    for turn in range(max(map(len, choices)) * 2):
        yield tuple(those[(turn + place * (turn // 3)) % len(those)] for place, those in enumerate(choices))


def accepted(mine: Raw, statements: Iterator[str]) -> list[tuple[str, str]]:
    """The statements that were not refused as forbidden, with what the server said to them."""
    found = []
    for statement in statements:
        try:
            mine.execute(sql.SQL(statement))
        except psycopg.Error as error:
            if error.sqlstate in REFUSALS:
                continue
            found.append((statement, f"{error.sqlstate} {error}".partition("\n")[0]))
        else:
            found.append((statement, "done"))
    return found


def fingerprint(admin: Raw, catalogue: Catalogue) -> dict[str, str]:
    """What every table holds; aside what grows by logging in, and by the guard looking through the archive."""
    found = {}
    for table in catalogue.tables:
        if table not in GROWING:
            row = admin.execute(
                sql.SQL(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")
            ).fetchone()
            found[table] = str(row)
    return found
