"""What everybody sees of the own rights: profile, directory with privacy, roles in force, the first-run guide."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.core.db import Database, Target
from app.core.i18n import language
from app.services.security import people
from app.services.security.people import SetMyDetails
from app.views.core.workspace import Registry, capability_packages
from app.views.security.portrait import Portrait, stored
from app.views.shell import guide
from tests.conftest import PASSWORD, ROLES
from tests.make_world import Raw
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import PARTNER, idle, new_customer, window_for


@pytest.fixture
def person(admin: Raw) -> str:
    """Somebody who sells."""
    login = f"u_m{uuid.uuid4().hex[:10]}"
    admin.execute("SELECT sec.user_create(%s, %s, %s, '{sales_rep}')", (login, name_of(login), PASSWORD))
    admin.execute(
        "UPDATE sec.app_user SET phone = '0911 100', email = 'mm@example.org' WHERE login = %s",
        (login,),
    )
    return login


@pytest.fixture
def mine(person: str, role_dsn: Callable[[str], str]) -> Iterator[Database]:
    target, password = Target.from_dsn(role_dsn(person))
    found = Database(target, password)
    found.open()
    yield found
    found.close()


@pytest.fixture
def bench(mine: Database, tmp_path: Path, qtbot: QtBot) -> Iterator[Bench]:
    with window_for(mine, tmp_path, qtbot, capability_packages()) as window:
        yield Bench(window, qtbot)


def name_of(login: str) -> str:
    return f"Miriam Muster {login}"


def stored_of(admin: Raw, login: str, column: str) -> Any:
    row = admin.execute(f"SELECT {column} FROM sec.app_user WHERE login = %s", (login,)).fetchone()
    assert row is not None
    return row[0]


def picture(folder: Path) -> Path:
    file = folder / "me.png"
    image = QImage(900, 600, QImage.Format.Format_ARGB32)
    image.fill(QColor("#336699"))
    assert image.save(str(file))
    return file


# -- profile -----------------------------------------------------------------------------------------------------


def test_phone_language_and_what_others_see_are_ones_own(
    bench: Bench, mine: Database, admin: Raw, person: str, counted: Any, as_role: AsRole
) -> None:
    with counted(mine) as spent:
        bench.go("security.profile")
    assert spent.round_trips == 1
    assert "mm@example.org" in bench.everything()
    bench.click("action.phone")
    bench.type("field.phone", "0911 200")
    bench.click("dialog.yes")
    bench.wait(lambda: stored_of(admin, person, "phone") == "0911 200")
    bench.wait(lambda: "0911 200" in bench.everything())
    colleague = as_role("viewer")
    assert [one.phone for one in colleague.read(people.directory) if one.login == person] == ["0911 200"]
    bench.click("profile.show_phone")
    bench.wait(lambda: stored_of(admin, person, "show_phone") is False)
    found = {one.login: one for one in colleague.read(people.directory)}
    assert found[person].phone is None
    assert found[person].email == "mm@example.org"
    box: Any = bench.see("profile.language")
    box.setCurrentIndex(box.findData("en"))
    box.value_changed.emit("en")
    bench.wait(lambda: language() == "en")
    assert stored_of(admin, person, "language") == "en"
    bench.settle()
    assert "My profile" in bench.everything()


def test_a_picture_is_made_small_shown_and_taken_away(
    bench: Bench, mine: Database, admin: Raw, person: str, tmp_path: Path, as_role: AsRole
) -> None:
    page = bench.go("security.profile")
    page.take_photo(str(picture(tmp_path)))
    bench.wait(lambda: mine.read(people.photo, person) is not None)
    bench.wait(lambda: page.portrait is not None and page.portrait.has_picture)
    content = as_role("viewer").read(people.photo, person)
    assert content is not None
    image = QImage.fromData(content)
    assert (image.width(), image.height()) == (320, 320)
    mine.write(people.set_my_details, SetMyDetails(show_photo=False))
    assert as_role("viewer").read(people.photo, person) is None
    page.refresh()
    bench.settle()
    bench.click("action.photo_remove")
    bench.wait(lambda: mine.read(people.photo, person) is None)


def test_what_is_no_picture_is_refused_before_it_is_sent(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "letter.png"
    file.write_text("Sehr geehrte Damen und Herren")
    assert stored(str(file)) is None
    page = bench.go("security.profile")
    page.take_photo(str(file))
    assert "kein Bild" in bench.said()


# -- directory ---------------------------------------------------------------------------------------------------


def test_the_directory_says_what_a_colleague_keeps_from_others(
    bench: Bench, mine: Database, person: str, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    mine.write(people.set_my_details, SetMyDetails(show_phone=False, photo=stored(str(picture(tmp_path)))))
    with window_for(as_role("viewer"), tmp_path / "viewer", qtbot, capability_packages()) as window:
        other = Bench(window, qtbot)
        page = other.go("security.directory", filters={"person": name_of(person)})
        other.wait(lambda: person in [row.login for row in page.model.rows])
        page.table.select_keys([person], person)
        other.wait(lambda: any(one.has_picture for one in window.findChildren(Portrait) if one.isVisible()))
        words = other.everything()
        assert "nicht freigegeben" in words
        assert "0911 100" not in words
    # What is one's own one sees.
    page = bench.go("security.directory", filters={"person": name_of(person)})
    bench.wait(lambda: person in [row.login for row in page.model.rows])
    page.table.select_keys([person], person)
    bench.wait(lambda: "0911 100" in bench.everything())
    bench.click("action.my_profile")
    assert bench.front().objectName() == "security.profile"


# -- roles in force ----------------------------------------------------------------------------------------------


def test_the_roles_in_force_stand_in_bar_and_menu_with_their_titles(
    bench: Bench, mine: Database, admin: Raw, person: str
) -> None:
    assert bench.see("status.roles").text() == "Vertrieb"  # type: ignore[attr-defined]
    name = f"c{uuid.uuid4().hex[:8]}"
    details = {"title_de": "Messeteam", "title_en": "Fair team", "rights": ["stock_receive"], "scoped": False}
    admin.execute("SELECT sec.role_create(%s, %s)", (name, Jsonb(details)))
    admin.execute("SELECT sec.user_set_roles(%s, ARRAY['sales_rep', %s])", (person, name))
    assert mine.goes_on()
    bench.wait(lambda: "Messeteam" in bench.see("status.roles").text())  # type: ignore[attr-defined]
    assert "stock_receive" in bench.window.ctx.registry.workspaces, "the new role's screen is there"
    assert bench.said() == "Ihre Rollen sind jetzt: Messeteam, Vertrieb"
    bench.window.top._person_menu()
    menu = next(m for m in bench.window.top.findChildren(QMenu) if m.isVisible())
    assert {"Messeteam", "Vertrieb"} <= {entry.text() for entry in menu.actions()}
    menu.close()
    bench.go("security.my_roles")
    bench.wait(lambda: "Messeteam" in bench.everything())
    admin.execute("SELECT sec.user_set_roles(%s, '{}')", (person,))
    assert mine.goes_on()
    bench.wait(lambda: bench.see("status.roles").text() == "keine Rolle")  # type: ignore[attr-defined]
    assert "sales.orders" not in bench.window.ctx.registry.workspaces


@pytest.mark.parametrize("key", ["profile", "roles", "requests", "security"])
def test_every_screen_about_oneself_is_in_the_persons_menu(bench: Bench, key: str) -> None:
    bench.window._person_menu(key)
    page = bench.front()
    bench.settle()
    assert page.title()
    assert "⟦" not in bench.everything()
    if key == "requests":
        assert page.state()["preset"] == "asked"


# -- the guide ---------------------------------------------------------------------------------------------------


def test_the_guide_is_shown_until_it_is_closed_and_comes_back_when_wanted(
    bench: Bench, mine: Database, admin: Raw, person: str, tmp_path: Path, qtbot: QtBot
) -> None:
    bench.window.open_home()
    bench.settle()
    assert "bis zu Ihrem Rabattlimit" in bench.everything()
    QTest.keyClick(bench.see("guide.sales.quotes"), Qt.Key.Key_Return)
    assert bench.front().objectName() != "home"
    assert bench.window.area.current is not None
    assert bench.window.area.current.name == "sales.quotes"
    bench.window.open_home()
    bench.click("action.guide_close")
    bench.wait(lambda: bench.find("guide") is None)
    bench.wait(lambda: stored_of(admin, person, "guided_at") is not None)
    bench.window.switch_language("en")
    bench.settle()
    bench.window.open_home()
    bench.settle()
    assert bench.find("guide") is None
    # At another workstation it does not come either.
    mine.open(password=PASSWORD)
    with window_for(mine, tmp_path / "other", qtbot, capability_packages()) as window:
        other = Bench(window, qtbot)
        window.open_home()
        idle(qtbot, window)
        assert other.find("guide") is None
        other.go("security.profile")
        other.click("action.to_guide")
        other.see("guide")


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_guide_to_screens_it_may_open(as_role: AsRole, role: str) -> None:
    registry = Registry(as_role(role).profile, capability_packages())
    assert guide.telling(registry.profile)[:1] == [role], "each role has words of its own"
    assert guide.about(role)
    assert [screen.key for screen in guide.screens(registry)] == list(guide.SCREENS[role])
    assert 3 <= len(guide.SCREENS[role]) <= guide.SCREENS_SHOWN


def test_locked_fields_follow_the_roles_and_say_why(
    bench: Bench, mine: Database, admin: Raw, person: str
) -> None:
    number = new_customer(admin, f"Rahmen {person}")
    page = bench.open(PARTNER, number)
    assert bench.find("why.credit_limit") is not None
    page.boxes["phone"].editor.setFocus()
    bench.type("field.phone", "0911 999")
    QTest.mouseClick(bench.see("why.credit_limit"), Qt.MouseButton.LeftButton)
    bench.see("dialog.why")
    bench.click("dialog.close")
    admin.execute("SELECT sec.user_set_roles(%s, '{sales_rep,sales_manager}')", (person,))
    assert mine.goes_on()
    bench.wait(
        lambda: mine.profile.can("partner_credit_set") and bench.find("field.credit_limit") is not None
    )
    bench.settle()
    assert bench.find("why.credit_limit") is None
    assert bench.front().value("phone") == "0911 999", "nothing typed is lost"
    admin.execute("SELECT sec.user_set_roles(%s, '{sales_rep}')", (person,))
    assert mine.goes_on()
    bench.wait(lambda: bench.find("why.credit_limit") is not None)
    bench.front().discard()
