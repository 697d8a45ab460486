"""Bad days at the screen: the server goes, the program is killed, two people want the same, somebody types nonsense."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from PySide6.QtWidgets import QApplication, QWidget

import tests.conftest
from app.views.core.list_page import ListPage
from app.views.core.merge_dialog import MergeDialog
from tests.conftest import Cluster
from tests.e2e.desk import Desk, desk

Raw = psycopg.Connection[Any]
ODD = "שלום עולם 🎄🤖 مرحبا Zinn & Söhne <b>"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> None:
    """What the program remembers lies in a folder of the test."""
    monkeypatch.setenv("WERKBANK_HOME", str(tmp_path / "home"))


class Server:
    """The server, to be stopped and started from a test that has a folder of its own."""

    def __init__(self, cluster: Cluster, home: str) -> None:
        self._cluster, self._home = cluster, home

    def _in_its_folder(self, work: Callable[[], object]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WERKBANK_HOME", self._home)
            work()

    def stop(self) -> None:
        self._in_its_folder(self._cluster.instance.stop)

    def start(self) -> None:
        self._in_its_folder(self._cluster.instance.start)


@pytest.fixture
def server(cluster: Cluster) -> Server:
    return Server(cluster, tests.conftest._HOME)


@pytest.fixture
def customer(admin_dsn: str) -> int:
    """A customer of its own for the test."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        row = admin.execute(
            "INSERT INTO partners.partner (number, name, is_customer)"
            " SELECT (10001 + count(*))::text, 'Zinnstube', true FROM partners.partner RETURNING id"
        ).fetchone()
        assert row is not None
        return int(row[0])


def stored(admin_dsn: str, customer: int) -> tuple[str, str | None, str | None]:
    """Name, phone and e-mail as the database has them."""
    with psycopg.connect(admin_dsn) as admin:
        row = admin.execute(
            "SELECT name, phone, email FROM partners.partner WHERE id = %s", (customer,)
        ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def drafts(one: Desk) -> list[str]:
    return [draft.key for draft in one.window.ctx.drafts.all()]


def test_the_server_stops_while_a_form_is_open_and_comes_back(
    role_dsn: Callable[[str], str],
    admin_dsn: str,
    customer: int,
    server: Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The form stays with what was typed, the light turns red, saving goes on by itself when the server is back."""
    with desk(role_dsn("sales_rep")) as one:
        page = one.open(customer)
        one.type(page, "phone", "0981 4711")
        one.until(lambda: one.light == "ok")
        server.stop()
        one.press_save(page)
        one.until(lambda: one.light == "bad")
        one.until(lambda: page.findChild(QWidget, "notice.waiting") is not None)
        assert page.value("phone") == "0981 4711"
        assert page.dirty()
        one.until(lambda: drafts(one) == [f"partners.partner:{customer}"])
        one.type(page, "email", "neu@zinnstube.example")
        assert page.value("email") == "neu@zinnstube.example"
        server.start()
        one.click("status.server")
        one.until(lambda: one.light == "ok")
        one.until(lambda: stored(admin_dsn, customer)[1] == "0981 4711")
        one.settle()
        if page.dirty():
            one.press_save(page)
            one.settle()
        one.until(lambda: not page.dirty())
        assert stored(admin_dsn, customer) == ("Zinnstube", "0981 4711", "neu@zinnstube.example")
        assert one.page() is page
        assert page.findChild(QWidget, "notice.waiting") is None
        one.until(lambda: drafts(one) == [])
    caplog.clear()


def test_a_new_customer_saved_while_the_server_is_away_exists_once(
    role_dsn: Callable[[str], str], admin_dsn: str, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with desk(role_dsn("sales_rep")) as one:
        one.window.new_record("partners.partner", name="Nur einmal GmbH", is_customer=True)
        one.settle()
        page: Any = one.page()
        server.stop()
        for _ in range(3):
            one.press_save(page)
        one.until(lambda: one.light == "bad")
        server.start()
        one.click("status.server")
        one.until(lambda: page.record.id is not None)
        one.settle()
    with psycopg.connect(admin_dsn) as admin:
        row = admin.execute("SELECT count(*) FROM partners.partner WHERE name = 'Nur einmal GmbH'").fetchone()
    assert row == (1,)
    caplog.clear()


def test_two_people_with_the_same_customer_in_two_windows(
    role_dsn: Callable[[str], str], admin_dsn: str, customer: int
) -> None:
    """Different fields come together by themselves; the same field is a question to whoever saves last."""
    with desk(role_dsn("sales_rep")) as one, desk(role_dsn("sales_manager")) as two:
        mine, theirs = one.open(customer), two.open(customer)
        one.type(mine, "phone", "mein Telefon")
        two.type(theirs, "email", "ihre@mail.example")
        two.press_save(theirs)
        two.settle()
        two.until(lambda: not theirs.dirty())
        one.press_save(mine)
        one.settle()
        one.until(lambda: not mine.dirty())
        assert stored(admin_dsn, customer)[1:] == ("mein Telefon", "ihre@mail.example")
        assert mine.value("email") == "ihre@mail.example"

        two.until(lambda: theirs.value("phone") == "mein Telefon")
        one.type(mine, "phone", "neu von mir")
        two.type(theirs, "phone", "neu von ihr")
        two.press_save(theirs)
        two.settle()
        two.until(lambda: not theirs.dirty())
        one.press_save(mine)
        one.settle()
        one.until(lambda: one.window.findChild(MergeDialog) is not None)
        assert stored(admin_dsn, customer)[1] == "neu von ihr", "nothing is written before the answer"
        one.click("merge.mine.phone")
        one.click("dialog.merge")
        one.settle()
        one.until(lambda: not mine.dirty())
        assert stored(admin_dsn, customer)[1:] == ("neu von mir", "ihre@mail.example")


def test_what_was_typed_survives_the_killing_of_the_program(
    role_dsn: Callable[[str], str], admin_dsn: str, customer: int, tmp_path: Path, repository: Path
) -> None:
    """SIGKILL in the middle of typing: the next start shows it again, unsaved, and it can be saved."""
    person = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.desk", role_dsn("sales_rep"), str(customer), "phone", "0981 08 15"],
        cwd=repository,
        env=os.environ | {"WERKBANK_HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert person.stdout is not None
    with person.stdout:
        assert person.stdout.readline() == "kept\n"
        person.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        person.wait(60)
    assert stored(admin_dsn, customer)[1] is None
    with desk(role_dsn("sales_rep")) as one:
        page = one.open(customer)
        assert page.value("phone") == "0981 08 15"
        assert page.dirty()
        assert page.findChild(QWidget, "notice.restored") is not None
        one.press_save(page)
        one.settle()
        one.until(lambda: not page.dirty())
        assert stored(admin_dsn, customer)[1] == "0981 08 15"
        one.until(lambda: drafts(one) == [])


@pytest.mark.parametrize(
    ("role", "field", "typed"),
    [
        ("sales_rep", "name", "N" * 1000),
        ("sales_rep", "name", " "),
        ("sales_rep", "email", "no mail"),
        ("sales_rep", "vat_id", "DE12"),
        ("finance", "credit_limit", "1,123456789"),
        ("finance", "credit_limit", "-1"),
        ("finance", "credit_limit", "NaN"),
        ("finance", "credit_limit", "1e9"),
    ],
)
def test_nonsense_is_marked_at_its_field_and_not_sent(
    role_dsn: Callable[[str], str], admin_dsn: str, customer: int, role: str, field: str, typed: str
) -> None:
    before = stored(admin_dsn, customer)
    with desk(role_dsn(role)) as one:
        page = one.open(customer)
        one.type(page, field, typed)
        one.press_save(page)
        one.settle()
        assert page.boxes[field].error, "it says nothing"
        # News about the record must not make the error go away.
        one.window.ctx.bus.emit_everything()
        one.settle()
        assert page.boxes[field].error
        assert page.dirty()
    assert stored(admin_dsn, customer) == before
    with psycopg.connect(admin_dsn) as admin:
        row = admin.execute(
            "SELECT credit_limit, row_version FROM partners.partner WHERE id = %s", (customer,)
        )
        assert row.fetchone() == (None, 1)


def test_any_script_goes_from_the_form_to_the_list_and_to_excel(
    role_dsn: Callable[[str], str], admin_dsn: str, customer: int, tmp_path: Path
) -> None:
    with desk(role_dsn("sales_rep")) as one:
        page = one.open(customer)
        editor: Any = page.boxes["name"].editor
        editor.setFocus()
        editor.selectAll()
        editor.insert(ODD)
        one.press_save(page)
        one.settle()
        one.until(lambda: not page.dirty())
        assert stored(admin_dsn, customer)[0] == ODD
        one.window.open_workspace("partners.customers")
        one.settle()
        rows = one.page()
        assert isinstance(rows, ListPage)
        for kind in ("xlsx", "csv", "pdf"):
            path = tmp_path / f"kunden.{kind}"
            rows.export_to(path, kind)
            one.settle()
            one.until(path.exists)
        sheet = openpyxl.load_workbook(tmp_path / "kunden.xlsx").active
        assert sheet is not None
        assert any(cell.value == ODD for row in sheet.iter_rows() for cell in row)
        assert ODD in (tmp_path / "kunden.csv").read_text("utf-8-sig")
        assert (tmp_path / "kunden.pdf").read_bytes().startswith(b"%PDF")
