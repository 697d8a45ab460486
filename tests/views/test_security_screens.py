"""People, roles, rights, sessions and reviews at the keyboard, over the real database."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pytestqt.qtbot import QtBot

import app.views.security
from app.core.db import Database
from app.core.i18n import translate
from app.views.security.people_actions import grant, suspend
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
        ):
            page = bench.go(f"security.{key}")
            bench.wait(lambda page=page: page.model.loaded)
            assert "⟦" not in bench.everything()


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
