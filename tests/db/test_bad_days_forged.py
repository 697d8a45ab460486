"""Forged writes: every role, with psql and a session of its own, on a company in full swing; nothing changes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core.db import Target
from app.core.embedded import dsn
from migrations import rights
from tests.conftest import PASSWORD, ROLES, login_of
from tests.db import forgery
from tests.db.forgery import Catalogue
from tests.proof.logins import EVERYBODY, House, furnish

Raw = psycopg.Connection[Any]
MATRIX = rights.load()
Copies = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="module")
def house(new_database: Copies, demo_template: str) -> Iterator[House]:
    """The module's database is a copy of the demo company, with every kind of login."""
    with new_database(demo_template) as address:
        yield furnish(address)


@pytest.fixture(scope="module")
def admin_dsn(house: House) -> str:
    return house.address


@pytest.fixture(scope="module")
def catalogue(admin_dsn: str) -> Catalogue:
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        return Catalogue.of(admin)


@pytest.fixture(scope="module")
def holdings(admin_dsn: str, catalogue: Catalogue) -> dict[str, str]:
    """What the tables hold before anybody tries anything."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        return forgery.fingerprint(admin, catalogue)


def person(address: str, role: str, stack: ExitStack) -> Raw:
    """A psql of this role with its session open."""
    target, _ = Target.from_dsn(address)
    mine = stack.enter_context(
        psycopg.connect(dsn(target.port, target.dbname, login_of(role), PASSWORD), autocommit=True)
    )
    mine.execute("SELECT sec.session_open()")
    return mine


def battery(catalogue: Catalogue, role: str, version: int) -> Iterator[str]:
    held = MATRIX.including(role) if version < 160000 and role in MATRIX.roles else frozenset()
    yield from forgery.on_tables(catalogue)
    yield from forgery.on_functions(catalogue, role)
    yield from forgery.on_identity(role, ROLES, held)


@pytest.mark.parametrize("role", EVERYBODY)
def test_nothing_forged_gets_through_and_nothing_changes(
    house: House, admin: Raw, catalogue: Catalogue, holdings: dict[str, str], role: str
) -> None:
    with house.psql(role) as mine:
        assert forgery.accepted(mine, battery(catalogue, role, mine.info.server_version)) == []
    assert forgery.fingerprint(admin, catalogue) == holdings
    assert sum(not held.startswith("(0") for held in holdings.values()) > 45, "mostly empty tables were tried"


# Nothing but answers comes of calling these with nothing at all, or the guard's round, or a click that means nothing.
ANSWERING = frozenset(
    """
    api.received_content api.purchase_invoice_findings
    api.approval_detail api.approvals_waiting api.bank_account_find api.bank_accounts_to_rekey api.document_chain
    api.mail_claim api.mail_fetch_end api.mail_fetched api.mail_progress
    api.legacy_lease_release api.legacy_state api.picture_changed api.print_progress api.scan_resolve
    api.packing_deliveries api.packing_find api.receiving_find api.receiving_lines api.receiving_orders
    api.reminder_open_items api.reminder_proposals api.shipping_find api.shipping_lines api.shipping_orders
    sec.actor sec.address_rule_list sec.alarm_list sec.alarm_seen sec.assignment_list sec.attempt_chart
    sec.attempt_list sec.badge_list sec.checklist_list sec.conflict_list sec.conflict_report sec.device_list
    sec.directory sec.guard_status sec.my_assignments sec.my_details sec.my_profile sec.my_security sec.people
    sec.permission_matrix sec.person_photo sec.person_task_list sec.policy_get sec.policy_set sec.registration_list
    sec.review_items sec.review_list sec.role_card sec.role_list sec.security_report sec.session_about
    sec.session_list sec.session_list_all sec.user_list sec.why
    sec.guard_mark sec.guard_strays sec.guard_tick sec.mail_settle sec.mail_take sec.reset_issue sec.reset_take
    sec.my_details_set sec.operator_off sec.operator_on sec.reset_request sec.report_denied sec.trusted_device_revoke
    """.split()  # noqa: SIM905  (a list of so many words reads better so)
)


@pytest.mark.parametrize("role", EVERYBODY)
def test_functions_of_other_roles_are_refused_and_own_ones_need_content(
    house: House, admin: Raw, catalogue: Catalogue, holdings: dict[str, str], role: str
) -> None:
    with house.psql(role) as mine:
        accepted = {
            what.partition("(")[0][7:]: said
            for what, said in forgery.accepted(mine, forgery.on_postings(catalogue))
        }
    roles = MATRIX.including(role) if role in MATRIX.roles else frozenset()
    general = {"erp_guest"} if role == "guest" else {"erp_user"}
    allowed = {name for name, given in MATRIX.functions.items() if (roles | general) & set(given)}
    assert set(accepted) <= allowed | {"api.discard_draft"}
    assert {name for name, said in accepted.items() if said == "done"} <= ANSWERING
    assert forgery.fingerprint(admin, catalogue) == holdings


def test_a_ticket_of_somebody_else_or_of_nobody_opens_no_table_and_no_function(
    admin_dsn: str, admin: Raw, catalogue: Catalogue, holdings: dict[str, str]
) -> None:
    with ExitStack() as stack:
        boss = person(admin_dsn, "administrator", stack)
        row = boss.execute("SELECT current_setting('erp.ticket')").fetchone()
        assert row is not None
        asked = 0
        seen: list[tuple[str, str, object]] = []
        for role in (r for r in ROLES if r != "administrator"):
            target, _ = Target.from_dsn(admin_dsn)
            mine = stack.enter_context(
                psycopg.connect(dsn(target.port, target.dbname, login_of(role), PASSWORD), autocommit=True)
            )
            for ticket in (row[0], "0" * 32, "' OR true --"):
                mine.execute("SELECT set_config('erp.ticket', %s, false)", (ticket,))
                for table in catalogue.tables:
                    try:
                        found = mine.execute(sql.SQL(f"SELECT count(*) FROM {table}")).fetchone()
                    except psycopg.errors.InsufficientPrivilege:
                        continue
                    asked += 1
                    if found != (0,):
                        seen.append((role, table, found))
                for what, said in forgery.accepted(mine, forgery.on_postings(catalogue)):
                    seen.append((role, what, said))
        assert seen == []
        assert asked > 1000
    assert forgery.fingerprint(admin, catalogue) == holdings


# What is opened by mistake, to whom, and a word of what the battery must then report.
MISTAKES = {
    "GRANT UPDATE (state) ON sales.invoice TO r_viewer": ("viewer", 'UPDATE sales.invoice SET "state"'),
    "GRANT UPDATE (net_amount) ON sales.quote TO r_sales_rep": ("sales_rep", "net_amount"),
    "GRANT INSERT ON inventory.stock_move TO r_warehouse_clerk": (
        "warehouse_clerk",
        "INSERT INTO inventory.stock_move",
    ),
    "GRANT DELETE ON sales.quote TO r_sales_rep": ("sales_rep", "DELETE FROM sales.quote"),
    "GRANT UPDATE ON catalog.product TO r_marketing": ("marketing", "LOCK TABLE catalog.product"),
    "GRANT TRUNCATE ON audit.entry TO r_quality": ("quality", "TRUNCATE audit.entry"),
    "GRANT EXECUTE ON FUNCTION inventory.post_moves TO r_warehouse_clerk": (
        "warehouse_clerk",
        "inventory.post_moves",
    ),
    "GRANT EXECUTE ON FUNCTION system.next_number TO r_finance": ("finance", "system.next_number"),
    "GRANT USAGE ON SCHEMA sec TO r_viewer; GRANT UPDATE ON sec.user_role TO r_viewer": (
        "viewer",
        "sec.user_role",
    ),
    "CREATE TABLE sales.later (id int); GRANT SELECT, INSERT ON sales.later TO r_viewer": (
        "viewer",
        "sales.later",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_battery_sees_what_is_opened_by_mistake(new_database: Copies, mistake: str) -> None:
    role, word = MISTAKES[mistake]
    with new_database() as address, ExitStack() as stack:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(sql.SQL(mistake))
            catalogue = Catalogue.of(admin)
        mine = person(address, role, stack)
        found = forgery.accepted(mine, battery(catalogue, role, mine.info.server_version))
        assert any(word in what for what, _said in found)
