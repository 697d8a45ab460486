"""E-mail on screen: from a record to a mail server that keeps what it gets, accounts, texts, many at once."""

import email
import email.policy
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

import app.views.mail
import app.views.sales
import app.views.security
from app.core.db import Database
from app.core.errors import Refused
from app.core.i18n import catalogue, set_language
from app.services.mail import sending, writes
from app.services.mail.commands import SaveAccount
from app.simulate.mailbox import Sink, imap_folder, smtp_sink
from app.sync.mail import MailOutcome, MailWorker
from app.views.core.mail_card import show_mail
from app.views.mail import send
from app.views.mail.watch import MailWatch
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for

PACKAGES = (app.views.mail, app.views.sales, app.views.security)
Raw = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def admin_dsn(new_database: Any, demo_template: str) -> Iterator[str]:
    with new_database(template=demo_template) as address:
        yield address


@pytest.fixture
def sink() -> Iterator[Sink]:
    with smtp_sink() as found:
        yield found


@pytest.fixture
def bench(as_role: AsRole, tmp_path: Path, qtbot: QtBot, admin: Raw) -> Iterator[Bench]:
    admin.execute("UPDATE mail.account SET is_active = false, name = gen_random_uuid()")
    with window_for(as_role("finance"), tmp_path, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)


@pytest.fixture
def keeper(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Bench]:
    with window_for(as_role("administrator"), tmp_path, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)


def shot(bench: Bench, name: str) -> None:
    """Keep a picture to look at, where WERKBANK_SHOTS names a folder."""
    folder = os.environ.get("WERKBANK_SHOTS")
    if folder:
        bench.settle()
        bench.window.grab().save(str(Path(folder) / f"{name}.png"))


def account(db: Database, port: int, name: str = "House") -> int:
    """An account of the house at a server on this machine."""
    values = {
        "name": name,
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender_address": "info@werkbank.example",
    }
    return db.write(writes.save_account, SaveAccount(None, None, values)).value.id


def archived(admin: Raw, most: int = 1) -> list[tuple[int, str]]:
    """Invoices with a document in the archive."""
    found = admin.execute(
        "SELECT DISTINCT ON (i.record_id) i.record_id, i.number FROM documents.issued i"
        " WHERE i.topic = 'sales.invoice' AND i.kind = 'invoice' ORDER BY i.record_id LIMIT %s",
        (most,),
    ).fetchall()
    assert len(found) == most
    return [(int(row[0]), str(row[1])) for row in found]


def address_of(admin: Raw, invoice: int, address: str) -> None:
    """Nobody else at the customer's has an address."""
    admin.execute("UPDATE partners.contact SET email = NULL")
    admin.execute(
        "UPDATE partners.partner SET email = %s, electronic_address_scheme = '9930', language = 'de' WHERE id ="
        " (SELECT customer_id FROM sales.invoice WHERE id = %s)",
        (address, invoice),
    )


def test_an_invoice_goes_out_from_its_form(bench: Bench, as_role: AsRole, admin: Raw, sink: Sink) -> None:
    account(as_role("administrator"), sink.port)
    ((invoice, number),) = archived(admin)
    address_of(admin, invoice, "kunde@example.com")
    bench.open("sales.invoice", invoice)
    bench.click("action.mail")
    bench.wait(lambda: bench.find("dialog.mail") is not None)
    sheet: Any = bench.see("dialog.mail")
    assert sheet.boxes["to"].value() == "kunde@example.com"
    assert number in sheet.boxes["subject"].value()
    body = sheet.boxes["body"].value()
    assert "{" not in body
    assert "Mit freundlichen Grüßen" in body
    shot(bench, "mail_sheet")
    bench.type("field.to", "kunde@")
    bench.click("dialog.yes")
    assert "keine Mailadresse" in bench.everything()
    bench.type("field.to", "Eva <eva@example.com>; kunde@example.com")
    bench.type("field.subject", "Ihre Rechnung")
    bench.click("dialog.yes")
    bench.wait(lambda: "wird gesendet" in bench.said())
    told: list[MailOutcome] = []
    MailWorker(bench.window.ctx.db, told.append).drain()
    assert [one.state for one in told] == ["sent"]
    (arrived,) = sink.messages
    assert arrived.recipients == ("eva@example.com", "kunde@example.com")
    kept = admin.execute(
        "SELECT c.bytes FROM documents.issued i JOIN documents.content c ON c.id = i.content_id"
        " WHERE i.topic = 'sales.invoice' AND i.record_id = %s ORDER BY i.id",
        (invoice,),
    ).fetchall()
    sent = [part.get_payload(decode=True) for part in arrived.message.iter_attachments()]
    assert sent == [bytes(row[0]) for row in kept], "byte for byte as archived"
    # Beside the record stands who got it, and a click shows the mail.
    page = bench.open("sales.invoice", invoice)
    page.refresh()
    bench.wait(lambda: bench.find("card.mails") is not None and "eva@example.com" in bench.everything())
    shot(bench, "mail_card")
    rows = bench.go("mail.mails", preset="all")
    bench.wait(lambda: "Ihre Rechnung" in bench.everything())
    shot(bench, "mail_list")
    rows.table.selectRow(0)
    bench.settle()
    show_mail(rows, bench.window.ctx, rows.model.rows[0].id)
    bench.wait(lambda: bench.find("dialog.mail_shown") is not None)
    assert "eva@example.com" in bench.everything()
    shot(bench, "mail_shown")


def test_many_at_once_and_in_the_mail_program(
    bench: Bench, as_role: AsRole, admin: Raw, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(as_role("administrator"), sink.port)
    found = archived(admin, 3)
    admin.execute("UPDATE partners.contact SET email = NULL")
    admin.execute(
        "UPDATE partners.partner SET email = number || '@example.com', electronic_address_scheme = '9930'"
    )
    window = bench.window
    send.send_document(window, window.ctx, "invoice", "sales.invoice", [one for one, _ in found])
    bench.wait(lambda: bench.find("dialog.mail") is not None)
    assert found[0][1] in bench.everything()
    shot(bench, "mail_many")
    bench.click("dialog.yes")
    bench.wait(lambda: "3 E-Mails" in bench.said())
    MailWorker(window.ctx.db).drain()
    assert len(sink.messages) == 3
    admin.execute("UPDATE partners.partner SET email = NULL")
    send.send_document(window, window.ctx, "invoice", "sales.invoice", [one for one, _ in found])
    bench.wait(lambda: bench.find("dialog.mail") is not None)
    assert "Mailadresse fehlt" in bench.everything()
    bench.click("dialog.no")
    # The same mail as a draft for the user's own program.
    opened: list[QUrl] = []

    def opens(url: QUrl) -> bool:
        opened.append(url)
        return url.scheme() != "file"

    monkeypatch.setattr(send, "open_url", opens)
    send.send_document(window, window.ctx, "invoice", "sales.invoice", [found[0][0]])
    bench.wait(lambda: bench.find("dialog.mail") is not None)
    bench.type("field.to", "eva@example.com")
    bench.click("dialog.program")
    bench.wait(lambda: len(opened) == 2)
    draft = email.message_from_bytes(Path(opened[0].toLocalFile()).read_bytes(), policy=email.policy.default)
    assert draft["To"] == "eva@example.com"
    assert draft["X-Unsent"] == "1"
    assert len(list(draft.iter_attachments())) >= 1
    assert opened[1].scheme() == "mailto"
    assert "ohne" not in bench.said() or "Anlagen" in bench.said()


def test_every_kind_of_record_knows_what_to_say(as_role: AsRole, admin: Raw) -> None:
    seen = set()
    for topic in sending.VALUES:
        found = admin.execute(
            "SELECT kind, array_agg(DISTINCT record_id) FROM documents.issued WHERE topic = %s GROUP BY kind",
            (topic,),
        ).fetchall()
        role = "purchase_officer" if topic.startswith("purchasing") else "finance"
        with suppress(Refused):  # nothing archived: the question about the record was asked all the same
            as_role(role).read(sending.prepare, "invoice", topic, (1,))
        for kind, ids in found:
            if (text_kind := f"mail.kind.{kind}") not in catalogue():
                continue
            drafts = as_role(role).read(sending.prepare, kind, topic, ids).drafts
            assert {one.record_id for one in drafts} == set(ids), text_kind
            assert all(one.files and one.number in one.subject and "{" not in one.body for one in drafts)
            seen.add(kind)
    assert {"quote", "order_confirmation", "delivery_note", "invoice"} <= seen


def test_an_invoice_goes_where_the_customer_wants_invoices(as_role: AsRole, admin: Raw) -> None:
    ((invoice, _),) = archived(admin)
    address_of(admin, invoice, "kunde@example.com")
    wanted = (
        "UPDATE partners.partner SET electronic_address = %s, electronic_address_scheme = %s"
        " WHERE id = (SELECT customer_id FROM sales.invoice WHERE id = %s)"
    )

    def proposed() -> sending.Draft:
        return as_role("finance").read(sending.prepare, "invoice", "sales.invoice", (invoice,)).drafts[0]

    admin.execute(wanted, ("rechnung@example.com", "EM", invoice))
    assert proposed().to == ("rechnung@example.com",)
    assert [one.email for one in proposed().contacts] == ["rechnung@example.com", "kunde@example.com"]
    admin.execute(wanted, ("04011000-1234512345-06", "0204", invoice))
    assert proposed().to == ("kunde@example.com",), "no mail goes to what is no mail address"


def test_an_account_is_set_up_and_answers_in_its_own_words(keeper: Bench, admin: Raw, sink: Sink) -> None:
    keeper.window.new_record("mail.account")
    page = keeper.front()
    for key, value in (
        ("name", "Versand"),
        ("host", "127.0.0.1"),
        ("port", str(sink.port)),
        ("sender_address", "info@werkbank.example"),
    ):
        keeper.type(f"field.{key}", value)
    keeper.choose("field.security", "Keine (nur dieser Rechner)")
    keeper.type("field.port", str(sink.port))
    page.save()
    keeper.settle()
    assert admin.execute("SELECT owner FROM mail.account WHERE name = 'Versand'").fetchone() == ("",)
    keeper.click("action.test")
    keeper.wait(lambda: "sink.example.com" in keeper.everything())
    shot(keeper, "mail_account")
    with imap_folder([b"Subject: x\r\n\r\nx"]) as folder:
        values = {
            "kind": "incoming",
            "name": "Eingang",
            "host": folder.host,
            "port": folder.port,
            "security": "none",
            "username": folder.user,
            "folder": "INBOX",
        }
        db = keeper.window.ctx.db
        number = db.write(writes.save_account, SaveAccount(None, None, values)).value.id
        keeper.open("mail.account", number)
        keeper.click("action.test")
        keeper.wait(lambda: "Kennwort des Mailkontos nicht" in keeper.everything())
    keeper.go("mail.accounts")
    keeper.wait(lambda: "Eingang" in keeper.everything())
    shot(keeper, "mail_accounts")


def test_a_text_is_shown_as_it_will_read(keeper: Bench, admin: Raw) -> None:
    row = admin.execute("SELECT id FROM mail.template WHERE kind = 'invoice' AND language = 'en'").fetchone()
    assert row is not None
    page = keeper.open("mail.template", row[0])
    keeper.wait(lambda: "€1,190.00" in page.words.text())
    assert "RE-2026-00042" in page.subject.text()
    shot(keeper, "mail_text")
    keeper.type("field.subject", "{number} {nonsense}")
    page.save()
    keeper.settle()
    assert "Platzhalter" in keeper.everything()
    keeper.type("field.subject", "Invoice {number}!")
    page.save()
    keeper.settle()
    found = admin.execute("SELECT subject FROM mail.template WHERE id = %s", row).fetchone()
    assert found == ("Invoice {number}!",)
    assert page.subject.text() == "Invoice RE-2026-00042!"


def test_who_wrote_it_is_told_once(bench: Bench) -> None:
    watch = bench.window.findChild(MailWatch)
    assert watch is not None
    watch.told(MailOutcome(1, "Rechnung 1", "failed", "mail_refused", "550 no such user"))
    assert "550 no such user" in bench.said()
    watch.told(MailOutcome(1, "Rechnung 2", "waiting", "mail_server_away", "away", first=False))
    assert "Rechnung 2" not in bench.said()
    watch.told(MailOutcome(1, "Rechnung 3", "sent", refused=("x@y.de",)))
    assert "x@y.de" in bench.said()


@pytest.fixture(autouse=True)
def _german() -> Iterator[None]:
    set_language("de")
    yield
    set_language("de")
