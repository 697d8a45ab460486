"""Lists about people: read again by F5, in the order of the words shown, with names made meanwhile."""

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.core.changes import changed
from app.core.paging import ListQuery
from app.services.security.roles import ROLES
from app.services.security.shelf import list_roles
from app.views.core import people
from app.views.security.people_words import role, titles
from tests.make_world import Raw
from tests.views.keys import press_key
from tests.views.make_screens import AsRole
from tests.views.test_security_screens import bench_of


def test_f5_reads_a_list_again(admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    with bench_of(as_role("system_administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.sessions")
        bench.wait(lambda: len(page.model.rows) == 1)
        other = as_role("viewer")
        bench.window.activateWindow()
        page.table.setFocus()
        press_key(page.table, Qt.Key.Key_F5)
        bench.wait(lambda: other.profile.login in [row.login for row in page.model.rows])


def test_roles_stand_in_the_order_of_the_words_shown(as_role: AsRole) -> None:
    db = as_role("system_administrator")
    for lang in ("de", "en"):
        found = db.read(list_roles, ListQuery(sort="title_de", language=lang)).rows
        shown = [row.title(lang).casefold() for row in found]
        assert shown == sorted(shown)


def test_the_name_of_a_role_made_meanwhile_is_learned(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        ctx = bench.window.ctx
        titles(ctx)
        bench.settle()
        admin.execute(
            'SELECT sec.role_create(\'fresh_team\', \'{"title_de": "Frisches Team", "title_en": "Fresh"}\')'
        )
        try:
            ctx.bus.emit_foreign(changed((ROLES, None)))
            bench.wait(lambda: role(ctx, "fresh_team") == "Frisches Team")
        finally:
            admin.execute("SELECT sec.role_retire('fresh_team', 'a test')")


def test_a_list_that_was_faster_than_the_names_shows_them_as_soon_as_they_are_there(
    as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    other = as_role("viewer").profile
    with bench_of(as_role("system_administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.events")
        column = next(n for n, one in enumerate(page.model.columns) if one.key == "login")
        row = next(n for n, one in enumerate(page.model.rows) if one.login == other.login)
        people._known.pop(bench.window.ctx, None)  # as in a session that has just begun
        page.model.forget_words()
        cell = page.model.index(row, column)
        assert cell.data() == other.login  # asked for now; the answer is on its way
        bench.wait(lambda: cell.data() == other.person)
