"""Asking somebody else: who may decide, two votes, stand-ins, expiry, and nobody for himself, whoever writes."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core.db import Database
from app.core.errors import NotAllowed, Refused
from app.core.paging import ListQuery
from app.services.approvals import reads, writes
from app.services.approvals.commands import Decide, DecideAll, EndDelegate, SetDelegate, Withdraw

Raw = psycopg.Connection[Any]
As = Callable[[str], Database]
RIGHT = "approval.trial:decide"
DECIDERS = ("finance", "sales_manager", "quality")


@pytest.fixture(scope="module", autouse=True)
def kind(admin_dsn: str) -> None:
    """A kind of its own: three roles decide; what was applied and dismissed stands in a table."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO system.approval_kind (name, apply, dismiss) "
            "VALUES ('trial', 'system.apply_trial', 'system.dismiss_trial')"
        )
        for role in DECIDERS:
            admin.execute('INSERT INTO sec.role_right (role, "right") VALUES (%s, %s)', (role, RIGHT))
        admin.execute("CREATE TABLE system.trial_done (request bigint, word text, payload jsonb)")
        admin.execute("GRANT ALL ON system.trial_done TO erp_api")
        for word in ("apply", "dismiss"):
            admin.execute(
                sql.SQL(
                    "CREATE FUNCTION {name}(p_request bigint, p_payload jsonb) RETURNS void LANGUAGE plpgsql AS $$ "
                    "BEGIN "
                    "IF p_payload ? 'broken' THEN PERFORM sec.fail('ER422', 'nothing_to_do'); END IF; "
                    "INSERT INTO system.trial_done VALUES (p_request, {word}, p_payload); END $$"
                ).format(name=sql.Identifier("system", f"{word}_trial"), word=sql.Literal(word))
            )
            admin.execute(
                sql.SQL("ALTER FUNCTION {} OWNER TO erp_api").format(
                    sql.Identifier("system", f"{word}_trial")
                )
            )


def ask(admin: Raw, by: str = "u_viewer", **subject: object) -> int:
    """A request by that login, as a posting function opens it."""
    made = admin.execute(
        "SELECT system.approval_open('trial', 'system.company', nextval('system.note_id_seq'), %s, %s, 'because')",
        (psycopg.types.json.Jsonb(subject), psycopg.types.json.Jsonb(subject.pop("payload", {"x": 1}))),
    ).fetchone()
    assert made is not None
    admin.execute("ALTER TABLE system.approval_request DISABLE TRIGGER approval_guard")
    admin.execute("UPDATE system.approval_request SET requested_by = %s WHERE id = %s", (by, made[0]))
    admin.execute("ALTER TABLE system.approval_request ENABLE TRIGGER approval_guard")
    return int(made[0])


def done(admin: Raw, request: int) -> list[Any]:
    return admin.execute(
        "SELECT word, payload FROM system.trial_done WHERE request = %s", (request,)
    ).fetchall()


def state(admin: Raw, request: int) -> str:
    row = admin.execute("SELECT state FROM system.approval_request WHERE id = %s", (request,)).fetchone()
    assert row is not None
    return str(row[0])


def detail(db: Database, request: int) -> reads.RequestDetail:
    found = db.read(reads.request_detail, request)
    assert found is not None
    return found


def ids(db: Database, preset: str) -> set[int]:
    return {row.id for row in db.read(reads.list_requests, ListQuery(preset=preset)).rows}


def test_one_vote_applies_what_was_asked_for_once(admin: Raw, as_role: As) -> None:
    request = ask(admin)
    vote = Decide(request, True, "fine")
    for _ in range(2):  # the answer was lost: the same command again
        answer = as_role("finance").write(writes.decide, vote).value
        assert (answer.state, answer.votes) == ("approved", 1)
    assert done(admin, request) == [("apply", {"x": 1})]
    with pytest.raises(Refused, match="approval_already_decided"):
        as_role("quality").write(writes.decide, Decide(request, False, "late"))
    kinds = admin.execute(
        "SELECT kind, by_login FROM audit.event WHERE detail ->> 'request' = %s ORDER BY id", (str(request),)
    ).fetchall()
    assert kinds == [
        ("approval_requested", "postgres"),
        ("approval_voted", "u_finance"),
        ("approval_approved", "u_finance"),
    ]


def test_rejection_says_why_and_dismisses(admin: Raw, as_role: As) -> None:
    request = ask(admin)
    with pytest.raises(Refused, match="approval_rejection_says_why"):
        as_role("finance").write(writes.decide, Decide(request, False, " "))
    assert (
        as_role("finance").write(writes.decide, Decide(request, False, "too dear")).value.state == "rejected"
    )
    assert done(admin, request) == [("dismiss", {"x": 1})]


def test_what_cannot_be_applied_is_not_approved(admin: Raw, as_role: As) -> None:
    request = ask(admin, payload={"broken": True})
    with pytest.raises(Refused, match="nothing_to_do"):
        as_role("finance").write(writes.decide, Decide(request, True))
    assert state(admin, request) == "open"
    assert detail(as_role("finance"), request).votes == ()


@pytest.mark.parametrize("part", ["requested_by", "author", "gains"])
def test_nobody_decides_for_himself(admin: Raw, as_role: As, part: str) -> None:
    request = ask(admin, "u_finance") if part == "requested_by" else ask(admin, **{part: "u_finance"})
    for approve in (True, False):
        with pytest.raises(NotAllowed, match="approver_is_somebody_else"):
            as_role("finance").write(writes.decide, Decide(request, approve, "mine"))
    assert detail(as_role("finance"), request).refusal == "somebody_else"
    assert request not in ids(as_role("finance"), "mine")
    # Not even erp_api, by which every posting function writes.
    with admin.transaction(force_rollback=True):
        admin.execute("SET LOCAL ROLE erp_api")
        with pytest.raises(psycopg.Error, match="approver_is_somebody_else"):
            admin.execute(
                "INSERT INTO system.approval_vote (request_id, voter, authority, decision) "
                "VALUES (%s, 'u_quality', 'u_finance', 'approve')",
                (request,),
            )


def test_no_approval_without_its_votes_whoever_writes(admin: Raw) -> None:
    request = ask(admin)
    for change in (
        "state = 'approved', settled_at = now()",
        "state = 'rejected', settled_at = now()",
        "payload = '{}'",
    ):
        with pytest.raises(psycopg.Error, match=r"approval_without_votes|approval_is_final"):
            admin.execute(
                sql.SQL("UPDATE system.approval_request SET " + change + " WHERE id = %s"), (request,)
            )
    with pytest.raises(psycopg.Error, match="approval_is_final"):
        admin.execute("DELETE FROM system.approval_request WHERE id = %s", (request,))


def test_two_votes_are_two_people_with_a_right_each(admin: Raw, as_role: As) -> None:
    request = ask(admin, votes=2)
    finance = as_role("finance")
    finance.write(writes.set_delegate, SetDelegate("u_viewer", None, in_days(1)))
    try:
        assert finance.write(writes.decide, Decide(request, True)).value.state == "open"
        with pytest.raises(Refused, match="approval_needs_two_people"):
            finance.write(writes.decide, Decide(request, True))
        assert done(admin, request) == []
        other = ask(admin, "u_miriam", votes=2)
        as_role("viewer").write(writes.decide, Decide(other, True))
        with pytest.raises(Refused, match="approval_needs_two_people"):  # one right behind both votes
            finance.write(writes.decide, Decide(other, True))
    finally:
        end_all(finance)
    assert as_role("quality").write(writes.decide, Decide(request, True)).value.state == "approved"


def test_a_stand_in_decides_with_the_others_right_and_is_marked(admin: Raw, as_role: As) -> None:
    request, own = ask(admin, "u_miriam"), ask(admin, "u_marketing")
    of_finance = ask(admin, "u_finance")
    stand_in, finance = as_role("marketing"), as_role("finance")
    with pytest.raises(Refused, match="record_not_found"):
        stand_in.write(writes.decide, Decide(request, True))
    set_to = finance.write(writes.set_delegate, SetDelegate("u_marketing", None, in_days(2), "leave")).value
    assert request in ids(stand_in, "mine")
    assert own not in ids(stand_in, "mine")
    assert of_finance not in ids(stand_in, "mine")  # the right of who asked counts for nobody
    for forbidden in (own, of_finance):
        with pytest.raises(NotAllowed):
            stand_in.write(writes.decide, Decide(forbidden, True))
    stand_in.write(writes.decide, Decide(request, True, "for Franziska"))
    [vote] = detail(stand_in, request).votes
    assert (vote.voter, vote.authority, vote.comment) == ("u_marketing", "u_finance", "for Franziska")
    assert request in ids(stand_in, "delegated")
    next_one = ask(admin, "u_miriam")
    finance.write(writes.end_delegate, EndDelegate(set_to))
    with pytest.raises(Refused, match="record_not_found"):
        stand_in.write(writes.decide, Decide(next_one, True))


def test_stand_ins_are_others_for_a_time_and_by_those_who_decide(as_role: As) -> None:
    finance = as_role("finance")
    for wrong, key in (
        (SetDelegate("u_finance", None, in_days(1)), "approval_delegate_somebody_else"),
        (SetDelegate("u_nobody", None, in_days(1)), "login_unknown"),
        (SetDelegate("u_viewer", None, in_days(-1)), "approval_delegate_period"),
        (SetDelegate("u_viewer", None, in_days(400)), "approval_delegate_period"),
    ):
        with pytest.raises(Refused, match=key):
            finance.write(writes.set_delegate, wrong)
    with pytest.raises(Refused, match="approval_nothing_to_delegate"):
        as_role("viewer").write(writes.set_delegate, SetDelegate("u_finance", None, in_days(1)))
    made = finance.write(writes.set_delegate, SetDelegate("u_viewer", in_days(3), in_days(5))).value
    with pytest.raises(Refused, match="record_not_found"):
        as_role("viewer").write(writes.end_delegate, EndDelegate(made))
    assert as_role("quality").read(reads.delegates) == ()
    end_all(finance)
    assert finance.read(reads.delegates) == ()


def test_only_those_concerned_see_it_and_its_history(
    admin: Raw, as_role: As, raw_role: Callable[..., Raw]
) -> None:
    request = ask(admin, "u_sales_rep", gains="u_marketing", author="u_customer_service")
    as_role("finance").write(writes.decide, Decide(request, True))
    seen = {
        who
        for who in (
            "sales_rep",
            "marketing",
            "customer_service",
            "finance",
            "quality",
            "viewer",
            "warehouse_clerk",
        )
        if as_role(who).read(reads.request_detail, request) is not None
    }
    assert seen == {"sales_rep", "marketing", "customer_service", "finance", "quality"}
    trail = "SELECT count(*) FROM audit.entry WHERE topic = 'system.approval_request' AND record_id = %s"
    for who in ("viewer", "warehouse_clerk", "administrator"):
        curious = raw_role(who, ticket=True)
        assert curious.execute(trail, (request,)).fetchone() == (0,)
        for table in ("approval_request WHERE id", "approval_vote WHERE request_id"):
            query = sql.SQL("SELECT count(*) FROM system." + table + " = %s")
            assert curious.execute(query, (request,)).fetchone() == (0,)
    assert raw_role("sales_rep", ticket=True).execute(trail, (request,)).fetchone() == (4,)


def test_the_one_who_asked_takes_it_back_nobody_else(admin: Raw, as_role: As) -> None:
    request = ask(admin, "u_sales_rep")
    with pytest.raises(Refused, match="record_not_found"):
        as_role("finance").write(writes.withdraw, Withdraw(request))
    as_role("sales_rep").write(writes.withdraw, Withdraw(request))
    assert (state(admin, request), done(admin, request)) == ("withdrawn", [("dismiss", {"x": 1})])


def test_what_nobody_decides_runs_out(admin: Raw, as_role: As) -> None:
    request, young = ask(admin), ask(admin)
    admin.execute("ALTER TABLE system.approval_request DISABLE TRIGGER approval_guard")
    admin.execute(
        "UPDATE system.approval_request SET expires_at = now() - interval '1 second' WHERE id = %s",
        (request,),
    )
    admin.execute("ALTER TABLE system.approval_request ENABLE TRIGGER approval_guard")
    with pytest.raises(Refused, match="approval_expired"):
        as_role("finance").write(writes.decide, Decide(request, True))
    assert request not in ids(as_role("finance"), "mine")
    assert detail(as_role("finance"), request).state == "expired"
    assert admin.execute("SELECT system.approvals_expire()").fetchone() == (1,)
    assert (state(admin, request), state(admin, young)) == ("expired", "open")
    assert done(admin, request) == [("dismiss", {"x": 1})]


def test_several_are_decided_together_or_not_at_all(admin: Raw, as_role: As) -> None:
    mine, theirs = ask(admin, "u_finance"), ask(admin)
    finance = as_role("finance")
    with pytest.raises(NotAllowed, match="approver_is_somebody_else"):
        finance.write(writes.decide_all, DecideAll((Decide(theirs, True), Decide(mine, True))))
    assert state(admin, theirs) == "open"
    more = ask(admin)
    answer = finance.write(
        writes.decide_all, DecideAll((Decide(theirs, True), Decide(more, False, "no")))
    ).value
    assert [one.state for one in answer] == ["approved", "rejected"]


def test_two_who_decide_at_once_count_once(admin: Raw, role_dsn: Callable[[str], str]) -> None:
    """The second waits for the first and finds it decided."""
    request = ask(admin)
    call = "SELECT api.approval_decide(gen_random_uuid(), %s, 'approve')"
    with psycopg.connect(role_dsn("finance")) as first, psycopg.connect(role_dsn("quality")) as second:
        for connection in (first, second):
            connection.execute("SELECT sec.session_open()")
            connection.commit()
        first.execute(call, (request,))
        second.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            second.execute(call, (request,))
        second.rollback()
        first.commit()
        with pytest.raises(psycopg.Error, match="approval_already_decided"):
            second.execute(call, (request,))
    assert done(admin, request) == [("apply", {"x": 1})]


def test_news_tell_who_waits_and_what_became_of_ones_own(admin: Raw, as_role: As) -> None:
    boss, asker = as_role("finance"), as_role("sales_rep")
    before, asked_before = boss.read(reads.bulletin, None), asker.read(reads.bulletin, None)
    request = ask(admin, "u_sales_rep", name="Radhaus Ulm")
    found = boss.read(reads.bulletin, before.now)
    assert found.waiting == before.waiting + 1
    assert found.news == (reads.News(request, "waiting", "trial", "Radhaus Ulm", "u_sales_rep"),)
    boss.write(writes.decide, Decide(request, True))
    assert boss.read(reads.bulletin, found.now)[1:] == (before.waiting, ())
    assert [item.word for item in asker.read(reads.bulletin, asked_before.now).news] == ["approved"]


def in_days(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)


def end_all(db: Database) -> None:
    for row in db.read(reads.delegates):
        db.write(writes.end_delegate, EndDelegate(row.id))
