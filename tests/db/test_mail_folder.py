"""The folder of incoming invoices: each mail once, hostile ones survive, nothing is moved before it is stored."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import NotAllowed, Unavailable
from app.core.paging import ListQuery
from app.services.einvoice.model import Profile
from app.services.einvoice.write import to_xml
from app.services.mail import folder, incoming, reads, secrets, writes
from app.services.mail.commands import BeginFetch, NoteReceived, SaveAccount
from app.services.purchasing import received
from app.simulate.mailbox import Folder, imap_folder
from app.simulate.tls import make_certificate
from app.sync.inbox import Fetched, FolderReader
from tests.peers.sockets import Sink as Trickle
from tests.unit.einvoice_sample import invoice

As = Callable[[str], Database]
Raw = psycopg.Connection[Any]
SENDER = "Müller GmbH <rechnung@lieferant.example>"


class Killed(BaseException):
    """The program ends here."""


def mail(*files: tuple[str, str, bytes], subject: str = "Rechnung") -> bytes:
    """A mail with files: name, type as the sender says, bytes."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, "invoices@werkbank.example", subject
    message.set_content("Anbei unsere Rechnung.")
    for name, mime, content in files:
        main, _, sub = mime.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def xml(number: str) -> bytes:
    """A valid e-invoice."""
    return to_xml(invoice(number=number), Profile.XRECHNUNG_CII)


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    with imap_folder() as found:
        monkeypatch.setenv(secrets.PASSWORD_VARIABLE, found.password)
        yield found


@pytest.fixture
def account(as_role: As, admin: Raw, box: Folder) -> int:
    """The house's folder; others are not read."""
    admin.execute("UPDATE mail.account SET is_active = false, name = gen_random_uuid()")
    values = {
        "kind": "incoming",
        "name": "Eingang",
        "host": box.host,
        "port": box.port,
        "security": "none",
        "username": box.user,
        "folder": "INBOX",
        "done_folder": "Gelesen/Übernommen",
    }
    return as_role("administrator").write(writes.save_account, SaveAccount(None, None, values)).value.id


def read(db: Database) -> list[Fetched]:
    return FolderReader(db).read_all()


def stored(admin: Raw) -> list[tuple[Any, ...]]:
    return admin.execute("SELECT file_name, source, sender FROM purchasing.received ORDER BY id").fetchall()


def test_invoices_are_taken_once_and_moved_after(as_role: As, admin: Raw, box: Folder, account: int) -> None:
    db = as_role("finance")
    first, second = xml("ER-1"), xml("ER-2")
    box.add(mail(("rechnung.xml", "application/octet-stream", first), ("bild.png", "image/png", b"\x89PNG")))
    box.add(mail(subject="Nur ein Gruß"))
    box.add(mail(("Rechnung März.pdf", "text/plain", second)))
    (found,) = read(db)
    assert (found.mails, found.files, found.refused, found.error) == (3, 2, 0, None)
    assert stored(admin) == [
        ("rechnung.xml", "mail", SENDER),
        ("Rechnung März.pdf.xml", "mail", SENDER),
    ]
    assert box.mails == []
    assert list(box.moved) == ["Gelesen/&ANw-bernommen"]
    assert [(one.mails, one.files) for one in read(db)] == [(0, 0)]
    # The same mail again is another mail, but the same invoice.
    box.add(mail(("rechnung.xml", "text/xml", first)))
    read(db)
    assert len(stored(admin)) == 2
    rows = db.read(reads.list_received, ListQuery(sort="id")).rows
    assert [one.state for one in rows] == ["taken", "nothing", "taken", "taken"]
    assert rows[3].files[0]["known"] is True
    with pytest.raises(NotAllowed):
        as_role("sales_rep").read(reads.list_received, ListQuery(sort="id"))


def test_ended_in_between_nothing_is_lost_and_nothing_doubled(
    as_role: As, admin: Raw, box: Folder, account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = as_role("finance")
    before = len(stored(admin))
    box.add(mail(("a.xml", "text/xml", xml("ER-3"))))

    def dies(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(writes, "note_received", dies)
        with pytest.raises(Killed):
            read(db)
    assert len(stored(admin)) == before + 1
    assert len(box.mails) == 1, "not moved: it was not noted"
    assert read(db) == [], "the one that died has it still"
    admin.execute("UPDATE mail.account_status SET fetch_until = now() - interval '1 s'")
    with monkeypatch.context() as patched:
        patched.setattr(folder, "put_away", dies)
        with pytest.raises(Killed):
            read(db)
    admin.execute("UPDATE mail.account_status SET fetch_until = now() - interval '1 s'")
    (found,) = read(db)
    assert found.mails == 0, "noted already"
    assert box.mails == [], "and moved now"
    assert len(stored(admin)) == before + 1


def test_one_reads_at_a_time(as_role: As, box: Folder, account: int) -> None:
    db, other = as_role("finance"), as_role("purchase_officer")
    begun = db.write(writes.begin_fetch, BeginFetch(account, 60)).value
    assert other.write(writes.begin_fetch, BeginFetch(account, 60)).value["account"] is None
    note = NoteReceived(account, int(begun["fence"]) + 1, 1, 77, "", "", "nothing")
    assert not db.write(writes.note_received, note).value, "of a claim that is not this one"
    assert read(other) == []
    with pytest.raises(NotAllowed):
        as_role("administrator").write(writes.begin_fetch, BeginFetch(account, 60))


def test_what_the_server_says_stands_with_the_account(
    as_role: As, admin: Raw, box: Folder, account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = as_role("finance")
    monkeypatch.setenv(secrets.PASSWORD_VARIABLE, "wrong")
    (found,) = read(db)
    assert found.error is not None
    assert found.error.key == "mail_login"
    assert "AUTHENTICATIONFAILED" in db.read(reads.get_account, account).error
    monkeypatch.setenv(secrets.PASSWORD_VARIABLE, box.password)
    admin.execute("UPDATE mail.account SET folder = 'Nowhere' WHERE id = %s", (account,))
    (found,) = read(db)
    assert found.error is not None
    assert "no such folder" in db.read(reads.get_account, account).error
    monkeypatch.delenv(secrets.PASSWORD_VARIABLE)
    assert read(db) == [], "without the password somebody else reads it"


@pytest.mark.parametrize("moves", [True, False])
def test_over_tls_and_without_move(as_role: As, admin: Raw, box: Folder, account: int, moves: bool) -> None:
    certificate = make_certificate()
    db = as_role("finance")
    with imap_folder([mail()], security="tls", certificate=certificate) as secure:
        secure.moves = moves
        secure.password = box.password
        admin.execute(
            "UPDATE mail.account SET port = %s, security = 'tls' WHERE id = %s", (secure.port, account)
        )
        (found,) = read(db)
        assert found.error is not None
        assert found.error.key == "mail_tls"
        assert len(secure.mails) == 1
        admin.execute("UPDATE mail.account SET ca = %s WHERE id = %s", (certificate.authority, account))
        secure.uid_validity = 5 + moves  # another folder than the other tests'
        (found,) = read(db)
        assert (found.mails, found.error) == (1, None)
        assert secure.mails == []


def nested(depth: int) -> bytes:
    """Multiparts within multiparts."""
    head = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth)
    )
    return b"Subject: deep\r\nMIME-Version: 1.0\r\n" + head + b"Content-Type: text/plain\r\n\r\nx\r\n"


def many(parts: int) -> bytes:
    """A mail of very many parts."""
    body = b"".join(b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" for _ in range(parts))
    return b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + body + b"--b--\r\n"


HOSTILE = {
    "empty": b"",
    "no header": b"\r\n\r\n\r\n",
    "bytes": bytes(range(256)) * 50,
    "deep": nested(5000),
    "many parts": many(2000),
    "open boundary": b'Content-Type: multipart/mixed; boundary="x\r\n\r\n--x\r\n\r\ny',
    "wrong base64": b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n%PDF-!!!!====\r\n",
    "unknown charset": b"Subject: =?nonsense-9?B?w6Q=?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\nx",
    "bad word": b"From: =?utf-8?B?////?= <a@b>\r\nSubject: =?utf-8?Q?=ZZ=?=\r\n\r\nx",
    "cut word": b"From: =?utf-8?b?YWJjZ?= <a@b>\r\nSubject: =?utf-8?b?A?=\r\nContent-Type: application/pdf;"
    b' name="=?utf-8?b?AAAAA?="\r\n\r\n%PDF-1.4',
    "name": b"Content-Type: application/xml; name*0*=utf-8''%ff%fe..%2f..%2fetc; name*1=x\r\n\r\n<?xml version='1.0'?>",
    "null": b"Subject: a\0b\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4 \0\0",
    "uu": b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\nM!!!\r\nend\r\n",
    "zip": mail(("bomb.zip", "application/zip", b"PK\x03\x04" + b"\0" * 500)),
    "billion laughs": mail(
        (
            "x.xml",
            "text/xml",
            b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>',
        )
    ),
    "no pdf": mail(("x.pdf", "application/pdf", b"%PDF-1.7\n1 0 obj <<>> garbage")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mails_are_read_or_told_of(name: str) -> None:
    found = incoming.parse(HOSTILE[name])
    assert found.problem in ("", "mail_incoming_parts", "mail_incoming_broken")
    for file_name, content in found.files:
        assert "/" not in file_name
        assert file_name.isprintable()
        assert content
        received.store_command(content, file_name)
    assert not any(one.endswith(".zip") for one, _ in found.files)


def test_a_mail_with_a_cut_word_in_its_head_is_taken() -> None:
    found = incoming.parse(HOSTILE["cut word"])
    assert (found.problem, len(found.files)) == ("", 1)
    assert "<a@b>" in found.sender


def test_a_file_nobody_foresaw_keeps_no_other_mail_waiting(
    as_role: As,
    admin: Raw,
    box: Folder,
    account: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    box.uid_validity = 10
    poison = box.add(mail(("gift.pdf", "application/pdf", b"%PDF-1.4 gift")))
    box.add(mail(("danach.xml", "text/xml", xml("ER-10"))))
    store = received.store_command

    def fails(content: bytes, name: str, **more: Any) -> Any:
        if name == "gift.pdf":
            raise AssertionError(name)
        return store(content, name, **more)

    monkeypatch.setattr(received, "store_command", fails)
    (found,) = read(as_role("finance"))
    assert (found.error, found.mails, found.refused) == (None, 2, 1)
    assert any(name == "danach.xml" for name, *_ in stored(admin))
    assert poison in [uid for uid, _ in box.mails], "it stays for somebody to look at"
    assert "a file of mail" in caplog.text
    caplog.clear()


def test_a_hostile_folder_stays_readable(
    as_role: As, admin: Raw, box: Folder, account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = as_role("finance")
    box.uid_validity = 9
    huge = box.add(mail())
    box.sizes[huge] = incoming.MOST_BYTES + 1
    for raw in HOSTILE.values():
        box.add(raw)
    last = box.add(mail(("gut.xml", "text/xml", xml("ER-9"))))
    (found,) = read(db)
    assert found.error is None
    assert found.mails == len(HOSTILE) + 2
    assert found.refused >= 3
    assert huge not in box.read, "what is too large is not even fetched"
    assert last not in [uid for uid, _ in box.mails]
    assert huge in [uid for uid, _ in box.mails], "it stays for somebody to look at"
    count = len(box.read)
    read(db)
    assert len(box.read) == count, "and is not fetched again and again"
    assert any(name == "gut.xml" for name, *_ in stored(admin))


@pytest.mark.parametrize("says", [b"", b"* OK ready\r\n* "])
def test_a_server_that_trickles_is_left(says: bytes) -> None:
    """Before its greeting and after it: one such server would keep the mailbox of invoices for ever."""
    with Trickle(mode="trickle", says=says) as peer:
        place = {
            "host": "127.0.0.1",
            "port": peer.port,
            "security": "none",
            "username": "house",
            "folder": "x",
        }
        with pytest.raises(Unavailable, match="mail_server_away"), folder.open_folder(place, "secret", 0.2):
            pass
