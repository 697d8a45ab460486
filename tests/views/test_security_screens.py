"""People, roles, rights, sessions and reviews at the keyboard, over the real database."""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

import app.views.security
from app.core.db import Database
from app.core.errors import NotAllowed
from app.core.i18n import translate
from app.core.scram import scram_verifier
from app.services.security.shelf import search_people
from app.views.security.directory import _approve
from app.views.security.people_actions import (
    grant,
    leave,
    remove_photo,
    reset_password,
    set_warehouses,
    suspend,
    take_photo,
)
from app.views.security.people_words import end_of_day
from app.views.security.portrait import Portrait
from app.views.security.rights_grid import mark
from app.views.security.role_dialog import RoleDialog
from app.views.shell.help_pages import page_for
from tests.conftest import PASSWORD
from tests.make_world import Raw
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, (app.views.security,)) as window:
        yield Bench(window, qtbot)


@pytest.fixture
def login() -> str:
    return f"u_s{uuid.uuid4().hex[:10]}"


def confirm(bench: Bench) -> None:
    """What matters much is done by whoever has just proved who it is."""
    if bench.find("dialog.confirm") is not None:
        bench.type("confirm.password", PASSWORD)
        bench.click("dialog.yes")


def test_a_person_is_made_gets_a_role_for_a_time_and_is_suspended(
    admin: Raw, admin_dsn: str, as_role: AsRole, login: str, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.people")
        bench.click("action.new")
        bench.type("field.login", login)
        bench.type("field.person", "Nora Neu")
        bench.type("field.department", "Vertrieb")
        bench.click("dialog.yes")
        shown = bench.see("secret.shown").text()  # type: ignore[attr-defined]
        bench.click("dialog.yes")
        bench.wait(lambda: any(row.login == login for row in page.model.rows))
        row = next(row for row in page.model.rows if row.login == login)
        assert row.department == "Vertrieb"
        psycopg.connect(admin_dsn, user=login, password=shown).close()
        grant(page.ctx, row)
        bench.choose("field.role", "Leser")
        bench.type("field.reason", "Einarbeitung")
        bench.click("dialog.yes")
        bench.wait(lambda: "Leser" in bench.said())
        assert admin.execute(
            "SELECT role, reason FROM sec.user_role WHERE login = %s", (login,)
        ).fetchall() == [("viewer", "Einarbeitung")]
        suspend(page.ctx, row)
        bench.type("field.reason", "Elternzeit")
        bench.click("dialog.yes")
        bench.wait(lambda: "ausgesetzt" in bench.said())
    assert admin.execute("SELECT status FROM sec.app_user WHERE login = %s", (login,)).fetchone() == (
        "suspended",
    )


def test_a_login_of_another_kind_or_half_an_address_is_marked_before_anything_is_made(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    taken = admin.execute("SELECT min(login) FROM sec.app_user WHERE login LIKE 'u\\_%'").fetchone()
    assert taken is not None
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        bench.go("security.people")
        bench.click("action.new")
        bench.type("field.person", "Nora Neu")
        bench.type("field.login", taken[0])
        bench.click("dialog.yes")
        bench.see("dialog.refused")
        bench.type("field.login", "t_nora")
        bench.type("field.email", "nora")
        bench.click("dialog.yes")
        bench.wait(lambda: bench.find("dialog.refused") is None)
        dialog = bench.see("dialog.form")
        assert "Kleinbuchstaben" in dialog.boxes["login"].error  # type: ignore[attr-defined]
        assert "nora" in dialog.boxes["email"].error  # type: ignore[attr-defined]
    assert not admin.execute("SELECT FROM sec.app_user WHERE login = 't_nora'").fetchall()


def test_nobody_is_locked_out_by_resetting_the_own_password(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.people")
        me = page.ctx.profile.login
        bench.wait(lambda: any(row.login == me for row in page.model.rows))
        reset_password(page.ctx, next(row for row in page.model.rows if row.login == me))
        bench.wait(lambda: bench.find("action.change_password"))
        assert "hier" in bench.said()
        assert bench.find("dialog.secret") is None
    assert admin.execute(
        "SELECT must_change_password FROM sec.app_user WHERE login = %s", (me,)
    ).fetchone() == (False,)


def test_the_last_day_of_the_calendar_means_for_good() -> None:
    assert end_of_day(dt.date(9999, 12, 31)) is None


def test_the_matrix_speaks_in_words_and_narrows_to_a_role(
    as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("system_administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.matrix")
        bench.wait(lambda: len(page.model.rows) > 100)
        everything = len(page.model.rows)
        assert {row.words for row in page.model.rows} >= {"Ware umlagern", "Rollen entziehen"}
        page = bench.go("security.matrix", filters={"words": "umlagern"})
        bench.wait(lambda: 0 < len(page.model.rows) < everything)


def _is_ready(page: Any) -> bool:
    return bool(page.ready)


def _is_loaded(page: Any) -> bool:
    return bool(page.model.loaded)


@pytest.mark.parametrize("who", ["administrator", "system_administrator"])
def test_every_list_of_an_administrator_opens(
    who: str, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role(who), tmp_path, qtbot) as bench:
        for key in (
            "people",
            "registrations",
            "roles",
            "matrix",
            "assignments",
            "conflicts",
            "reviews",
            "sessions",
            "checklists",
        ):
            bench.wait(partial(_is_loaded, bench.go(f"security.{key}")))
            assert "⟦" not in bench.everything()
            assert page_for(f"security.{key}", "system") == "people"


@pytest.mark.parametrize("who", ["administrator", "system_administrator"])
def test_a_persons_page_and_the_rules_open_for_every_administrator(
    admin: Raw, who: str, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role(who), tmp_path, qtbot) as bench:
        page = bench.open("sec.app_user", _number_of(admin, "u_viewer"))
        bench.wait(partial(_is_ready, page))
        assert page.read_only is not page.ctx.profile.can("user_change")
        assert page.title() in bench.everything()
        assert bench.find("form.missing") is None
        assert "⟦" not in bench.everything()
        page = bench.go("security.policy")
        bench.wait(partial(_is_ready, page))
        assert "⟦" not in bench.everything()
        assert {page_for("sec.app_user"), page_for("security.policy", "system")} == {"people"}


def test_others_have_the_directory_only(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    with bench_of(as_role("viewer"), tmp_path, qtbot) as bench:
        assert "security.people" not in bench.window.ctx.registry.workspaces
        page = bench.go("security.directory")
        bench.wait(lambda: len(page.model.rows) > 3)


def test_a_review_is_started_and_an_assignment_certified(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.reviews")
        bench.click("action.start")
        bench.type("field.title", "Leser im Herbst")
        bench.choose("field.role", "Leser")
        bench.click("dialog.yes")
        bench.wait(lambda: any(row.title == "Leser im Herbst" for row in page.model.rows))
    assert admin.execute("SELECT role FROM sec.review WHERE title = 'Leser im Herbst'").fetchone() == (
        "viewer",
    )


def test_a_role_is_called_the_same_wherever_it_stands(admin: Raw) -> None:
    """The database knows its roles' names for lists, the window's own texts name them everywhere else."""
    rows = admin.execute(
        "SELECT name, title_de, title_en FROM sec.role WHERE kind IN ('core', 'functional') AND holder = 'person'"
    ).fetchall()
    assert rows
    for name, german, english in rows:
        assert (german, english) == (translate("de", f"role.{name}"), translate("en", f"role.{name}"))


def _number_of(admin: Raw, login: str) -> int:
    row = admin.execute("SELECT id FROM sec.app_user WHERE login = %s", (login,)).fetchone()
    assert row is not None
    return int(row[0])


def test_a_persons_page_changes_data_ticks_points_and_lets_leave(
    admin: Raw, as_role: AsRole, login: str, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute("SELECT sec.user_create(%s, 'Paula Prell', 'a long phrase 4711', '{viewer}')", (login,))
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.open("sec.app_user", _number_of(admin, login))
        bench.wait(lambda: page.ready)
        assert not page.dirty()
        assert page.title() == "Paula Prell"
        assert "Leser" in bench.everything()
        bench.type("field.position", "Sachbearbeiterin")
        bench.type("field.site", "Halle 2")
        bench.choose("field.supervisor", "Administrator")
        page.save()
        bench.wait(lambda: page.ready and page.record.raw.person.site == "Halle 2")
        task = page.record.raw.tasks[0]
        bench.click(f"task.{task.id}")
        bench.wait(lambda: page.record.raw.tasks[0].done_at is not None)
        leave(page.ctx, page.record.raw.person)
        bench.type("field.reason", "Ruhestand")
        bench.click("dialog.yes")
        bench.wait(lambda: page.record.raw.person.status == "left")
        assert page.read_only
        assert "Ausgeschieden" in bench.everything()
        assert {one.kind for one in page.record.raw.tasks} == {"onboarding", "offboarding"}
    assert admin.execute(
        "SELECT u.position, u.site, u.supervisor, t.done_by FROM sec.app_user u JOIN sec.person_task t USING (login) "
        "WHERE u.login = %s AND t.id = %s",
        (login, task.id),
    ).fetchone() == ("Sachbearbeiterin", "Halle 2", "u_administrator", "u_administrator")


def test_somebodys_warehouses_are_ticked(
    admin: Raw, as_role: AsRole, login: str, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute(
        "SELECT sec.user_create(%s, 'Lea Lager', 'a long phrase 4711', '{warehouse_clerk}')", (login,)
    )
    house = admin.execute(
        "INSERT INTO inventory.warehouse (code, name) VALUES (%s, 'Halle') RETURNING id, code",
        (login[-6:].upper(),),
    ).fetchone()
    assert house is not None
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.open("sec.app_user", _number_of(admin, login))
        bench.wait(lambda: page.ready)
        set_warehouses(page.ctx, page.record.raw.person)
        bench.click(f"tick.{house[0]}")
        bench.click("dialog.yes")
        bench.wait(lambda: page.record.raw.person.warehouses == (house[0],))
        bench.wait(lambda: house[1] in bench.everything())


def test_an_open_session_of_somebody_is_ended_from_the_page(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    theirs = as_role("marketing")
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.open("sec.app_user", _number_of(admin, theirs.profile.login))
        bench.wait(lambda: page.ready)
        number = page.record.raw.open_sessions[0].id
        assert page.record.raw.sign_ins[0].outcome == "ok"
        bench.click(f"action.end_session.{number}")
        bench.type("field.reason", "Rechner verloren")
        bench.click("dialog.yes")
        bench.wait(lambda: number not in [one.id for one in page.record.raw.open_sessions])
    assert admin.execute("SELECT end_reason FROM sec.session WHERE id = %s", (number,)).fetchone() == (
        "Rechner verloren",
    )


def test_who_asked_for_a_login_is_shown_and_taken_in(
    admin: Raw, as_role: AsRole, login: str, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute(
        "INSERT INTO sec.registration (login, person, email, verifier) VALUES (%s, 'Rike Hansen', '', %s)",
        (login, scram_verifier("a long phrase 4711")),
    )
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.registrations")
        bench.wait(lambda: any(row.login == login for row in page.model.rows))
        _approve(page.ctx, next(row for row in page.model.rows if row.login == login))
        bench.choose("field.role", "Leser")
        bench.type("field.department", "Einkauf")
        bench.type("field.position", "Disponentin")
        bench.click("dialog.yes")
        bench.wait(lambda: not any(row.login == login for row in page.model.rows))
    assert admin.execute(
        "SELECT u.department, u.position, r.role FROM sec.app_user u JOIN sec.user_role r USING (login) "
        "WHERE login = %s",
        (login,),
    ).fetchone() == ("Einkauf", "Disponentin", "viewer")


def test_a_role_of_the_house_has_rights_parents_limits_and_rules(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    name = f"aushilfe_{uuid.uuid4().hex[:8]}"
    with bench_of(as_role("system_administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.roles")
        bench.wait(lambda: page.model.rows)
        dialog = RoleDialog(page.ctx, None)
        dialog.open()
        bench.wait(dialog.yes.isEnabled)
        bench.type("field.name", name)
        dialog.show_tab("rights")
        bench.type("field.search_rights", "umlagern")
        bench.click("right.stock_transfer")
        dialog.show_tab("parents")
        bench.click("parent.viewer")
        dialog.show_tab("rules")
        bench.type("field.limit_discount_pct", "5")
        bench.type("field.idle_minutes", "2")
        bench.click("dialog.yes")
        assert bench.see("field.title_de").isVisible()  # what is missing, and its page
        bench.type("field.title_de", "Aushilfe")
        dialog.show_tab("rules")
        bench.type("field.idle_minutes", "45")
        bench.click("dialog.yes")
        confirm(bench)
        bench.wait(lambda: any(row.name == name for row in page.model.rows))
        row = next(row for row in page.model.rows if row.name == name)
        assert (row.parents, row.limits, row.idle_minutes) == (("viewer",), {"discount_pct": 5}, 45)
    assert admin.execute('SELECT "right" FROM sec.role_right WHERE role = %s', (name,)).fetchall() == [
        ("stock_transfer",)
    ]


def test_the_rules_of_the_house_are_changed_by_those_who_answer_for_them(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("administrator"), tmp_path / "a", qtbot) as bench:
        page = bench.go("security.policy")
        bench.wait(lambda: page.ready)
        assert page.read_only
    with bench_of(as_role("system_administrator"), tmp_path / "s", qtbot) as bench:
        page = bench.go("security.policy")
        bench.wait(lambda: page.ready)
        bench.type("field.password_length", "4")
        page.save()
        assert page.boxes["password_length"].error
        bench.type("field.password_length", "14")
        bench.type("field.password_days", "")
        bench.click("field.registration_open")
        page.save()
        confirm(bench)
        bench.wait(lambda: page.ready and not page.dirty() and page.record.raw["password_length"] == 14)
        bench.wait(lambda: bench.find("action.rules.finance") is not None)
        assert "Buchhaltung" in bench.everything()
    try:
        assert admin.execute(
            "SELECT password_length, password_days, registration_open FROM sec.policy"
        ).fetchone() == (14, None, True)
    finally:
        admin.execute("UPDATE sec.policy SET password_length = 12, registration_open = false")


def test_the_matrix_narrows_to_a_table_and_a_person(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.matrix", filters={"object": ["sales.quote"]})
        bench.wait(lambda: page.model.loaded)
        assert {row.right.partition(":")[0] for row in page.model.rows} == {"sales.quote"}
        page = bench.go("security.matrix", filters={"logins": ["u_viewer"]})
        bench.wait(lambda: len(page.model.rows) > 0)
        assert all("u_viewer" in row.logins for row in page.model.rows)
        page.export_to(tmp_path / "rights.csv", "csv")
        bench.wait(lambda: (tmp_path / "rights.csv").exists())
        assert "Artikel ansehen" in (tmp_path / "rights.csv").read_text("utf-8-sig")


def test_what_is_to_be_done_for_everybody_new_is_said_once(
    admin: Raw, as_role: AsRole, login: str, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.checklists")
        bench.wait(partial(_is_loaded, page))
        bench.click("action.new")
        bench.type("field.text_de", "Chip ausgeben")
        bench.type("field.sort", "70")
        bench.choose("field.role", "Leser")
        bench.click("dialog.yes")
        bench.wait(lambda: any(row.text_de == "Chip ausgeben" for row in page.model.rows))
    admin.execute("SELECT sec.user_create(%s, 'Nele Neu', 'a long phrase 4711', '{viewer}')", (login,))
    assert ("Chip ausgeben",) in admin.execute(
        "SELECT text_de FROM sec.person_task WHERE login = %s", (login,)
    ).fetchall()


def test_roles_stand_beside_each_other_with_their_rights_and_limits(
    as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.grid")
        bench.wait(lambda: page.model is not None and page.model.rows)
        bench.type("field.search", "rechnungen buchen")
        lines = {line[0]: line[1:] for line in bench.words("grid")}
        heads = [column.key for column in page.model.columns[1:]]
        assert "finance" in heads
        assert "viewer" not in heads
        booking = next(row for row in page.model.rows if row.right is not None)
        assert [mark(role, booking) for role in ("finance", "sales_rep")] == ["✓", "–"]
        assert len(lines) == 2  # the right, and its area above it
        bench.type("field.search", "rabatt in")
        limit = next(row for row in page.model.rows if row.limits is not None)
        assert [mark(role, limit) for role in ("sales_rep", "sales_manager", "finance")] == [
            "≤ 12",
            "≤ 25",
            "–",
        ]
        page.choose("core")
        assert "viewer" in [column.key for column in page.model.columns]
        assert "⟦" not in bench.everything()


def test_what_a_colleague_changed_of_a_person_meanwhile_is_not_written_over(
    admin: Raw, as_role: AsRole, login: str, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute("SELECT sec.user_create(%s, 'Toni Teil', 'a long phrase 4711', '{viewer}')", (login,))
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.open("sec.app_user", _number_of(admin, login))
        bench.wait(lambda: page.ready)
        bench.type("field.site", "Halle 2")
        admin.execute("UPDATE sec.app_user SET department = 'Einkauf' WHERE login = %s", (login,))
        page.refresh()
        bench.wait(lambda: bench.find("notice.changed") is not None or "geändert" in bench.everything())
        page.merge()
        bench.wait(lambda: page.ready and page.record.raw.person.site == "Halle 2")
    assert admin.execute(
        "SELECT department, site FROM sec.app_user WHERE login = %s", (login,)
    ).fetchone() == (
        "Einkauf",
        "Halle 2",
    )


def test_somebodys_picture_is_chosen_seen_beside_the_list_and_taken_away(
    admin: Raw, as_role: AsRole, login: str, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute("SELECT sec.user_create(%s, 'Bea Bild', 'a long phrase 4711', '{viewer}')", (login,))
    image = QImage(640, 480, QImage.Format.Format_RGB32)
    image.fill(0x336699)
    assert image.save(str(tmp_path / "bea.png"))
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.open("sec.app_user", _number_of(admin, login))
        bench.wait(lambda: page.ready)
        take_photo(page.ctx, page.record.raw.person, str(tmp_path / "bea.png"))
        bench.wait(lambda: page.ready and page.record.raw.person.has_photo)
        people = bench.go("security.people", filters={"login": login})
        bench.wait(lambda: len(people.model.rows) == 1)
        people.table.selectRow(0)
        bench.wait(lambda: any(one.has_picture for one in bench.window.findChildren(Portrait)))
        remove_photo(page.ctx, people.model.rows[0])
        bench.wait(lambda: "Gespeichert" in bench.said())
    assert admin.execute("SELECT count(*) FROM sec.user_photo WHERE login = %s", (login,)).fetchone() == (0,)


def test_a_person_is_found_by_the_palette(admin: Raw, as_role: AsRole, login: str) -> None:
    admin.execute("SELECT sec.user_create(%s, 'Fanny Fund', 'a long phrase 4711', '{viewer}')", (login,))
    found = as_role("administrator").read(search_people, "fanny fu", 8, "de")
    assert [(one.id, one.title, one.chip) for one in found] == [
        (_number_of(admin, login), "Fanny Fund", None)
    ]
    with pytest.raises(NotAllowed):
        as_role("viewer").read(search_people, "fanny", 8, "de")
