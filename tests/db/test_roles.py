"""Roles of the house's own making, built from single permissions; reviews of who has what; the matrix of rights."""

import datetime as dt
from collections.abc import Callable

import psycopg
import pytest

from app.core import schema
from app.core.db import Database
from app.core.errors import NotAllowed, Refused
from app.services.security import reviews, rights, roles
from migrations import rights as matrix
from tests.db.people_world import Connect, Raw, approve, events, member, new_person, new_role, one, refused

MATRIX = matrix.load()
GRANT = "SELECT sec.role_grant(%s, %s, p_reason => 'needed')"


@pytest.fixture
def maker(as_role: Callable[[str], Database]) -> Database:
    """Who makes roles."""
    return as_role("system_administrator")


def made(maker: Database, *permissions: str, **details: object) -> str:
    name = new_role()
    maker.write(
        roles.create_role,
        roles.CreateRole(
            name, {"title_de": "Probe", "title_en": "Trial", "rights": list(permissions), **details}
        ),
    )
    return name


def test_a_role_of_ones_own_carries_exactly_its_permissions(
    admin: Raw, maker: Database, raw_role: Connect
) -> None:
    name = made(maker, "system.company:select", "system.note:select", "system.note:insert", "quote_issue")
    mine = raw_role(new_person(admin, name), ticket=True)
    assert one(mine, "SELECT count(*) FROM system.company") == 1
    mine.execute("INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, 'hello')")
    assert refused(mine, "SELECT 1 FROM catalog.product")[0] == "42501"
    assert refused(mine, "UPDATE system.note SET body = 'x'")[0] == "42501"
    # The function is open, up to what it asks for itself.
    assert refused(mine, "SELECT api.quote_issue(gen_random_uuid(), 0, 1)")[0] == "ER404"
    assert refused(mine, "SELECT api.invoice_post(gen_random_uuid(), 0, 1, '{}')")[0] == "42501"
    without = raw_role(one(mine, "SELECT session_user"))
    assert one(without, "SELECT count(*) FROM system.company") == 0


def test_changes_of_a_role_reach_everybody_who_has_it_at_once(
    admin: Raw, maker: Database, raw_role: Connect
) -> None:
    name = made(maker, "system.company:select")
    login = new_person(admin, name)
    mine = raw_role(login, ticket=True)
    before = one(mine, "SELECT sec.my_epoch()")
    maker.write(roles.change_role, roles.ChangeRole(name, {"rights": ["catalog.product:select"]}))
    assert refused(mine, "SELECT 1 FROM system.company")[0] == "42501"
    mine.execute("SELECT 1 FROM catalog.product")
    assert one(mine, "SELECT sec.my_epoch()") > before
    maker.write(
        roles.change_role, roles.ChangeRole(name, {"parents": ["viewer"], "limits": {"discount_pct": 7}})
    )
    assert one(mine, "SELECT sec.my_limit('discount_pct')") == 7
    assert "viewer" in one(mine, "SELECT sec.my_roles()")
    assert one(mine, "SELECT count(*) FROM system.company") == 1
    maker.write(roles.change_role, roles.ChangeRole(name, {"parents": []}))
    assert refused(mine, "SELECT 1 FROM system.company")[0] == "42501"
    # A retired role is gone from everybody, and cannot be given.
    assert maker.write(roles.retire_role, roles.RetireRole(name, "no use")).value == 1
    assert not member(admin, login, name)
    assert refused(mine, "SELECT 1 FROM catalog.product")[0] == "42501"
    assert refused(admin, GRANT, login, name) == ("ER422", "role_retired")
    maker.write(roles.restore_role, roles.RestoreRole(name))
    admin.execute(GRANT, (login, name))


def test_inheritance_has_no_circles(maker: Database) -> None:
    one_ = made(maker, "system.company:select")
    two = made(maker, parents=[one_])
    three = made(maker, parents=[two])
    for child, parent in ((one_, three), (one_, one_), (two, three)):
        with pytest.raises(Refused) as refusal:
            maker.write(roles.change_role, roles.ChangeRole(child, {"parents": [parent]}))
        assert refusal.value.key == "role_circle"
    with pytest.raises(Refused) as refusal:
        maker.write(roles.retire_role, roles.RetireRole(one_, "x"))
    assert refusal.value.key == "role_is_parent"
    card = maker.read(roles.card, three)
    assert card.inherited["system.company:select"] == [one_]
    assert (card.parents, card.rights) == ((two,), ())


@pytest.mark.parametrize(
    ("details", "key"),
    [
        ({"rights": ["pg_write_all_data"]}, "right_unknown"),
        ({"rights": ['x"; DROP TABLE y']}, "right_unknown"),
        ({"rights": ["guard_tick"]}, "right_unknown"),
        ({"parents": ["erp_sec"]}, "role_unknown"),
        ({"parents": ["terminal"]}, "role_holder"),
        ({"limits": {"discount_pct": 101}}, "role_limit_range"),
        ({"limits": {"anything": 1}}, "role_limit_range"),
        ({"max_days": 0}, "role_rules_range"),
        ({"kind": "core"}, "field_unknown"),
        ({"title_de": " "}, "role_title_missing"),
    ],
)
def test_nothing_beyond_the_matrix_gets_into_a_role(
    maker: Database, details: dict[str, object], key: str
) -> None:
    with pytest.raises(Refused) as refusal:
        maker.write(roles.create_role, roles.CreateRole(new_role(), {"title_de": "X", **details}))
    assert refusal.value.key == key


def test_names_of_roles_are_plain_and_taken_once(admin: Raw, maker: Database) -> None:
    name = made(maker)
    for wrong, key in (
        (name, "role_taken"),
        ("viewer", "role_taken"),
        ("Große", "role_name_form"),
        ('x"y', "role_name_form"),
        ("", "role_name_form"),
    ):
        with pytest.raises(Refused) as refusal:
            maker.write(roles.create_role, roles.CreateRole(wrong, {"title_de": "X"}))
        assert refusal.value.key == key
    other = new_role()
    admin.execute(f"CREATE ROLE r_{other}")
    try:
        with pytest.raises(Refused) as refusal:
            maker.write(roles.create_role, roles.CreateRole(other, {"title_de": "X"}))
        assert refusal.value.key == "role_taken"
    finally:
        admin.execute(f"DROP ROLE r_{other}")


def test_roles_of_the_program_stay_as_they_are(maker: Database) -> None:
    for command in (
        lambda: maker.write(roles.change_role, roles.ChangeRole("viewer", {"rights": ["invoice_post"]})),
        lambda: maker.write(roles.retire_role, roles.RetireRole("viewer", "x")),
    ):
        with pytest.raises(Refused) as refusal:
            command()
        assert refusal.value.key == "role_of_matrix"


def test_only_who_makes_roles_makes_them_and_only_having_just_proved_who_it_is(
    admin: Raw, maker: Database, as_role: Callable[[str], Database]
) -> None:
    with pytest.raises(NotAllowed):
        as_role("administrator").write(roles.create_role, roles.CreateRole(new_role(), {"title_de": "X"}))
    admin.execute(
        "UPDATE sec.session SET confirmed_at = now() - interval '1 hour' WHERE login = 'u_system_administrator'"
    )
    with pytest.raises(NotAllowed) as refusal:
        maker.write(roles.create_role, roles.CreateRole(new_role(), {"title_de": "X"}))
    assert refusal.value.key == "confirmation_needed"


def test_what_weighs_stays_weighty_in_a_role_of_ones_own(
    admin: Raw, maker: Database, raw_role: Connect
) -> None:
    name = made(maker, "user_set_roles", sensitive=False)
    row = next(row for row in maker.read(roles.roles) if row.name == name)
    assert (row.sensitive, row.votes) == (True, 2)
    boss = raw_role("administrator", ticket=True)
    login = new_person(admin)
    answer = one(boss, GRANT, login, name)
    assert "request" in answer
    assert not member(admin, login, name)
    # Nor does a harmless role that people have become one by a change, or by its parent's.
    harmless = made(maker, "system.company:select")
    child = made(maker, parents=[harmless])
    new_person(admin, child)
    for details in ({"rights": ["user_set_roles"]}, {"parents": ["manager"]}):
        with pytest.raises(Refused) as refusal:
            maker.write(roles.change_role, roles.ChangeRole(harmless, details))
        assert refusal.value.key == "role_grows_sensitive"
    assert one(admin, "SELECT sec.role_votes(%s)", child) == 0


def test_nobody_makes_a_role_bigger_that_he_has_himself(admin: Raw, maker: Database) -> None:
    name = made(maker, "system.company:select")
    admin.execute(GRANT, ("u_system_administrator", name))
    with pytest.raises(Refused) as refusal:
        maker.write(roles.change_role, roles.ChangeRole(name, {"rights": ["quote_issue"]}))
    assert refusal.value.key == "not_oneself"
    admin.execute("SELECT sec.user_set_roles('u_system_administrator', '{system_administrator}')")


def test_copies_of_templates_and_warnings_of_conflicts_inside(admin: Raw, maker: Database) -> None:
    template = new_role()
    maker.write(
        roles.create_role,
        roles.CreateRole(
            template, {"title_de": "Vorlage", "rights": ["system.company:select"]}, template=True
        ),
    )
    assert refused(admin, GRANT, new_person(admin), template) == ("ER422", "role_unknown")
    name = new_role()
    maker.write(roles.copy_role, roles.CopyRole(template, name, {"title_de": "Kopie"}))
    card = maker.read(roles.card, name)
    assert (card.kind, card.title_de, card.rights) == ("custom", "Kopie", ("system.company:select",))
    both = new_role()
    written = maker.write(
        roles.create_role,
        roles.CreateRole(both, {"title_de": "Beides", "parents": ["finance", "purchase_officer"]}),
    ).value
    assert [(w.role_a, w.role_b) for w in written.warnings] == [("finance", "purchase_officer")]
    assert refused(admin, GRANT, new_person(admin), both) == ("ER422", "role_conflict")


def test_a_parent_that_brings_a_conflict_is_reported(admin: Raw, maker: Database) -> None:
    name = made(maker, "system.company:select")
    login = new_person(admin, "finance", name)
    written = maker.write(roles.change_role, roles.ChangeRole(name, {"parents": ["purchase_officer"]})).value
    assert written.violations == 1
    found = [row for row in maker.read(roles.violations) if row.login == login]
    assert [(row.role_a, row.role_b, row.by_a, row.by_b) for row in found] == [
        ("finance", "purchase_officer", "finance", name)
    ]
    assert member(admin, login, name)


def test_an_upgrade_and_a_restore_bring_the_roles_back(admin: Raw, admin_dsn: str, maker: Database) -> None:
    name = made(maker, "system.company:select", parents=["quality"])
    login = new_person(admin, name)
    admin.execute(f"REVOKE r_{name} FROM {login} GRANTED BY erp_sec")
    admin.execute(f"DROP ROLE r_{name}")
    admin.execute("UPDATE system.sql_checksum SET sha256 = ''")
    schema.upgrade(admin_dsn)
    admin.execute("SELECT sec.expire_roles()")
    assert member(admin, login, name)
    row = admin.execute(
        "SELECT has_table_privilege(%s, 'system.company', 'SELECT'), pg_has_role(%s, 'r_quality', 'USAGE')",
        (login, login),
    ).fetchone()
    assert row == (True, True)


def test_the_check_of_a_site_takes_no_offence_at_its_own_roles(
    admin: Raw, admin_dsn: str, maker: Database
) -> None:
    made(maker, "system.company:select", limits={"discount_pct": 5})
    assert [
        finding for finding in schema.check(admin_dsn) if finding.check in ("drift", "role_too_strong")
    ] == []


def test_the_matrix_on_screen_is_the_one_of_the_database(
    admin: Raw, as_role: Callable[[str], Database]
) -> None:
    boss = as_role("administrator")
    rows = boss.read(rights.matrix)
    shown = {(role, row.right) for row in rows for role in row.roles if role in MATRIX.roles}
    wanted = {
        (name, right)
        for name in MATRIX.roles
        for role, right in MATRIX.rights()
        if role in MATRIX.including(name)
    }
    assert shown == wanted
    by_right = {row.right: row for row in rows}
    assert by_right["invoice_post"].depth == "function"
    assert by_right["user_list"].depth == "report"
    assert by_right["system.note:update"].depth == "row"
    assert by_right["system.note:update"].columns == ("body",)
    assert "created_by" in (by_right["system.note:update"].row_scope or "")
    assert by_right["system.company:update"].depth == "column"
    assert by_right["catalog.unit:select"].depth == "table"

    def only(**filters: str) -> tuple[rights.MatrixRow, ...]:
        return boss.read(lambda session: rights.matrix(session, **filters))

    assert {row.right for row in only(login="u_viewer")} == {
        right for role, right in MATRIX.rights() if role == "viewer"
    }
    assert {row.right for row in only(role="finance")} >= {"invoice_post"}
    assert {row.object for row in only(table="sales.quote")} == {"sales.quote"}
    assert [row.right for row in only(function="invoice_post")] == ["invoice_post"]
    assert "u_finance" in only(function="invoice_post")[0].logins
    with pytest.raises(NotAllowed):
        as_role("viewer").read(rights.matrix)


def test_a_review_is_decided_by_others_and_closed_when_all_is_said(
    admin: Raw, as_role: Callable[[str], Database], raw_role: Connect
) -> None:
    boss, other = as_role("administrator"), as_role("system_administrator")
    department = new_role()
    keep, lose = (new_person(admin, "viewer", department=department) for _ in range(2))
    due = dt.date.today() + dt.timedelta(days=7)  # noqa: DTZ011
    review = boss.write(reviews.start_review, reviews.StartReview("Herbst", due, department=department)).value
    items = {item.login: item for item in boss.read(reviews.items, review)}
    assert set(items) == {keep, lose}
    boss.write(reviews.decide_review, reviews.DecideReview(items[keep].id, "certified"))
    with pytest.raises(Refused) as refusal:
        boss.write(reviews.close_review, reviews.CloseReview(review))
    assert (refusal.value.key, refusal.value.params["n"]) == ("review_items_open", 1)
    with pytest.raises(Refused) as refusal:
        boss.write(reviews.decide_review, reviews.DecideReview(items[lose].id, "revoked"))
    assert refusal.value.key == "reason_required"
    admin.execute("UPDATE sec.review SET due = due - 30 WHERE id = %s", (review,))
    assert [row.overdue for row in other.read(reviews.reviews) if row.id == review] == [True]
    assert {item.login for item in other.read(reviews.items) if item.review_id == review} == {lose}
    other.write(reviews.decide_review, reviews.DecideReview(items[lose].id, "revoked", "not needed any more"))
    assert not member(admin, lose, "viewer")
    assert member(admin, keep, "viewer")
    assert events(admin, lose)[-2:] == ["role_revoked", "review_decided"]
    boss.write(reviews.close_review, reviews.CloseReview(review))
    row = next(row for row in boss.read(reviews.reviews) if row.id == review)
    assert (row.state, row.certified, row.revoked, row.overdue) == ("closed", 1, 1, False)


def test_nobody_certifies_himself(admin: Raw, as_role: Callable[[str], Database]) -> None:
    boss = as_role("administrator")
    due = dt.date.today() + dt.timedelta(days=7)  # noqa: DTZ011
    review = boss.write(reviews.start_review, reviews.StartReview("Leitung", due, role="administrator")).value
    mine = next(item for item in boss.read(reviews.items, review) if item.login == "u_administrator")
    assert mine.mine
    for decision in ("certified", "revoked"):
        with pytest.raises(Refused) as refusal:
            boss.write(reviews.decide_review, reviews.DecideReview(mine.id, decision, "x"))
        assert refusal.value.key == "not_oneself"
    as_role("system_administrator").write(reviews.decide_review, reviews.DecideReview(mine.id, "certified"))


def test_grants_of_a_role_from_psql_are_refused(raw_role: Connect) -> None:
    for role in ("administrator", "system_administrator"):
        mine = raw_role(role, ticket=True)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            mine.execute('GRANT "p_invoice_post" TO u_administrator')
        for internal in (
            "sec.role_write('viewer', '{}')",
            "sec.assign('u_viewer', 'finance', 'assignment', now(), NULL, '', NULL, NULL)",
        ):
            assert refused(mine, f"SELECT {internal}")[0] == "42501"


def test_a_copy_of_a_sensitive_role_is_sensitive(admin: Raw, maker: Database, raw_role: Connect) -> None:
    name = new_role()
    written = maker.write(roles.copy_role, roles.CopyRole("manager", name, {})).value
    assert written.votes == 1
    boss = raw_role("administrator", ticket=True)
    login = new_person(admin)
    request = one(boss, GRANT, login, name)["request"]
    assert approve(raw_role("system_administrator", ticket=True), request) == "approved"
    assert member(admin, login, name)
