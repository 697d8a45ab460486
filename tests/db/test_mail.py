"""E-mail as real roles, with mail servers that really listen: nothing twice, nothing lost, every refusal in words."""

import datetime as dt
import smtplib
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from app.cli import main
from app.core import smtp, vault
from app.core.db import Database
from app.core.errors import Duplicate, Invalid, NotAllowed, Refused, Unavailable
from app.core.paging import ListQuery
from app.services.mail import accounts, reads, secrets, writes
from app.services.mail.commands import (
    ActOnMails,
    ClaimMail,
    Mail,
    MailFile,
    MailProgress,
    QueueMails,
    SaveAccount,
    SaveTemplate,
    SetSecret,
)
from app.services.mail.message import compose
from app.services.security import keys
from app.simulate.mailbox import Sink, imap_folder, smtp_sink
from app.simulate.tls import Certificate, make_certificate
from app.sync.mail import MailOutcome, MailWorker
from tests.peers.mail import strict_server
from tests.peers.sockets import Sink as Trickle

As = Callable[[str], Database]
Raw = psycopg.Connection[Any]
PDF = MailFile("Rechnung.pdf", content=b"%PDF-1.7\n%...", mime="application/pdf")


@pytest.fixture
def sink() -> Iterator[Sink]:
    with smtp_sink() as found:
        yield found


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return make_certificate()


@pytest.fixture
def queue(admin: Raw) -> None:
    """Nothing waits from before, and accounts of other tests are gone."""
    admin.execute(
        "UPDATE mail.message SET state = 'cancelled', claim_until = NULL WHERE state NOT IN ('sent', 'cancelled')"
    )
    admin.execute("UPDATE mail.account SET is_active = false, name = gen_random_uuid()")


def account(db: Database, port: int, **values: Any) -> int:
    """An account of the house at a server on this machine."""
    given = {
        "name": "House",
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender_name": "Werkbank GmbH",
        "sender_address": "info@werkbank.example",
        **values,
    }
    return db.write(writes.save_account, SaveAccount(None, None, given)).value.id


def mail(*to: str, **values: Any) -> Mail:
    """A mail with an invoice."""
    given = {
        "subject": "Rechnung für Sie",
        "body": "Guten Tag,\n\nÄpfel & Birnen\n",
        "files": (PDF,),
        **values,
    }
    return Mail(to or ("eva@example.com",), **given)


def queued(db: Database, by: int, *mails: Mail) -> tuple[int, ...]:
    return db.write(writes.queue, QueueMails(by, mails)).value


def drained(db: Database) -> list[MailOutcome]:
    found: list[MailOutcome] = []
    MailWorker(db, found.append).drain()
    return found


def row(admin: Raw, number: int, columns: str = "state, reason, detail") -> tuple[Any, ...]:
    found = admin.execute(f"SELECT {columns} FROM mail.message WHERE id = %s", (number,)).fetchone()
    assert found is not None
    return tuple(found)


def test_a_mail_arrives_with_its_files_once(as_role: As, admin: Raw, sink: Sink, queue: None) -> None:
    by = account(
        as_role("administrator"),
        sink.port,
        reply_to="office@werkbank.example",
        bcc="archive@werkbank.example",
    )
    db = as_role("sales_rep")
    command = QueueMails(by, (mail(cc=("cc@example.com",), bcc=("blind@example.com",)),))
    (number,) = db.write(writes.queue, command).value
    assert db.write(writes.queue, command).value == (number,), "the same command again is the same mail"
    told = drained(db)
    assert [(one.state, one.reason) for one in told] == [("sent", "")]
    assert drained(db) == []
    (arrived,) = sink.messages
    assert arrived.sender == "info@werkbank.example"
    assert arrived.recipients == (
        "eva@example.com",
        "cc@example.com",
        "blind@example.com",
        "archive@werkbank.example",
    )
    message = arrived.message
    assert message["From"] == "Werkbank GmbH <info@werkbank.example>"
    assert (message["To"], message["Cc"], message["Reply-To"]) == (
        "eva@example.com",
        "cc@example.com",
        "office@werkbank.example",
    )
    assert b"blind@" not in arrived.raw
    assert message["Subject"] == "Rechnung für Sie"
    assert message["Message-ID"] == row(admin, number, "message_id")[0]
    body = message.get_body()
    assert body is not None
    assert "Äpfel & Birnen" in body.get_content()
    assert [(one.get_filename(), one.get_content()) for one in message.iter_attachments()] == [
        ("Rechnung.pdf", PDF.content)
    ]
    assert row(admin, number, "state, attempts") == ("sent", 1)


def test_many_go_over_one_line_and_all_or_none_are_queued(
    as_role: As, admin: Raw, sink: Sink, queue: None
) -> None:
    db = as_role("sales_rep")
    by = account(as_role("administrator"), sink.port)
    with pytest.raises(Refused, match="mail_address_invalid"):
        queued(db, by, mail(), mail("nobody"))
    assert admin.execute("SELECT count(*) FROM mail.message WHERE account_id = %s", (by,)).fetchone() == (0,)
    queued(db, by, *(mail(f"p{n}@example.com") for n in range(20)))
    assert len(drained(db)) == 20
    assert [one.recipients for one in sink.messages] == [(f"p{n}@example.com",) for n in range(20)]
    assert sink.connections == 1


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"to": ("a@b.de\r\nBcc: x@y.de",)}, "mail_address_invalid"),
        ({"to": ("a@b.de, x@y.de",)}, "mail_address_invalid"),
        ({"cc": ("Eva <a@b.de>",)}, "mail_address_invalid"),
        ({"bcc": ("a b@c.de",)}, "mail_address_invalid"),
        ({"subject": "Hello\r\nBcc: x@y.de"}, "mail_subject_one_line"),
        ({"subject": " "}, "mail_subject_not_blank"),
        ({"to": ()}, "mail_nobody"),
        ({"files": (MailFile("x", issued_id=999999),)}, "mail_file_gone"),
        ({"files": (MailFile("a\nb.pdf", content=b"x"),)}, "mail_attachment_name"),
        ({"files": (MailFile("big.bin", content=b"x" * 800_000),)}, "mail_too_large"),
        ({"topic": "sales.invoice", "record_id": 999999}, "record_not_found"),
        ({"topic": "sec.app_user", "record_id": 1}, "record_not_found"),
    ],
)
def test_nothing_is_smuggled_in(
    as_role: As, sink: Sink, queue: None, given: dict[str, Any], key: str
) -> None:
    by = account(as_role("administrator"), sink.port, max_mb=1)
    values = {"to": ("eva@example.com",), "subject": "Hello", "body": "x", **given}
    with pytest.raises((Refused, Invalid), match=key):
        queued(as_role("sales_rep"), by, Mail(**values))


def test_what_the_server_refuses_is_said_in_its_words(
    as_role: As, admin: Raw, sink: Sink, queue: None
) -> None:
    db = as_role("sales_rep")
    by = account(as_role("administrator"), sink.port)
    sink.replies = {"gone@example.com": "550 5.1.1 no such person", "full@example.com": "452 mailbox full"}
    gone, full, some = queued(
        db,
        by,
        mail("gone@example.com"),
        mail("full@example.com"),
        mail("eva@example.com", "gone@example.com"),
    )
    told = {one.mail_id: one for one in drained(db)}
    assert row(admin, gone)[:2] == ("failed", "mail_refused")
    assert "550 5.1.1 no such person" in row(admin, gone)[2]
    assert row(admin, full)[:2] == ("waiting", "mail_refused")
    assert row(admin, some)[:2] == ("sent", "mail_some_refused")
    assert row(admin, some, "refused")[0] == [
        {"address": "gone@example.com", "words": "550 5.1.1 no such person"}
    ]
    assert told[some].refused == ("gone@example.com",)
    assert drained(db) == [], "not before the pause is over"
    sink.replies = {}
    (again,) = db.write(writes.act, ActOnMails((some,), "again")).value
    assert again != some
    assert row(admin, again, "recipients, again_of")[0] == ["gone@example.com"]
    db.write(writes.act, ActOnMails((gone, full), "again"))
    assert {one.state for one in drained(db)} == {"sent"}
    assert row(admin, gone)[0] == row(admin, full)[0] == "sent"


@pytest.mark.parametrize(
    ("replies", "state", "reason"),
    [
        ({"mail": "451 later"}, "waiting", "mail_later"),
        ({"mail": "553 not you"}, "failed", "mail_refused"),
        ({"data": "451 busy"}, "waiting", "mail_later"),
        ({"content": "554 spam"}, "failed", "mail_refused"),
        ({"content": "452 disk full"}, "waiting", "mail_later"),
    ],
)
def test_later_and_never(
    as_role: As, admin: Raw, sink: Sink, queue: None, replies: dict[str, str], state: str, reason: str
) -> None:
    db = as_role("sales_rep")
    by = account(as_role("administrator"), sink.port)
    sink.replies = replies
    (number,) = queued(db, by, mail())
    drained(db)
    assert row(admin, number)[:2] == (state, reason)
    assert next(iter(replies.values())).split()[0] in row(admin, number)[2]
    assert sink.messages == []


def test_cut_in_the_content_nobody_knows_and_only_a_person_decides(
    as_role: As, admin: Raw, sink: Sink, queue: None
) -> None:
    db = as_role("sales_rep")
    by = account(as_role("administrator"), sink.port)
    sink.cut = True
    (number,) = queued(db, by, mail(files=(MailFile("big.bin", content=bytes(500_000)),)))
    drained(db)
    assert row(admin, number)[:2] == ("unclear", "mail_cut")
    named = row(admin, number, "message_id")
    sink.cut = False
    assert drained(db) == []
    db.write(writes.act, ActOnMails((number,), "again"))
    drained(db)
    assert row(admin, number)[0] == "sent"
    assert row(admin, number, "message_id") == named, "who has it already knows it again"
    assert sink.messages[0].message["Message-ID"] == named[0]


def test_a_client_that_dies_leaves_nothing_in_doubt(as_role: As, admin: Raw, sink: Sink, queue: None) -> None:
    db = as_role("sales_rep")
    by = account(as_role("administrator"), sink.port)
    early, late = queued(db, by, mail(), mail())
    for number, began in ((early, False), (late, True)):
        claimed = db.write(writes.claim, ClaimMail((by,))).value["mail"]
        assert claimed["id"] == number
        if began:
            assert db.write(writes.progress, MailProgress(number, 1, "began")).value
    admin.execute("UPDATE mail.message SET claim_until = now() - interval '1 s' WHERE state = 'sending'")
    assert db.write(writes.claim, ClaimMail((by,))).value["mail"]["id"] == early
    assert row(admin, late)[:2] == ("unclear", "mail_lost")
    assert not db.write(writes.progress, MailProgress(early, 1, "sent")).value, "the first claim is over"
    assert db.write(writes.progress, MailProgress(early, 2, "sent")).value


def test_a_server_that_is_away_and_a_wrong_password_rest(
    as_role: As, admin: Raw, sink: Sink, queue: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(secrets.PASSWORD_VARIABLE, "wrong")
    boss, db = as_role("administrator"), as_role("sales_rep")
    with smtp_sink() as gone:
        away = account(boss, gone.port, name="Away")
    sink.user, sink.password = "house", "right"
    shut = account(boss, sink.port, name="Shut", username="house")
    first, second, third = *queued(db, away, mail()), *queued(db, shut, mail(), mail())
    drained(db)
    assert row(admin, first)[:2] == ("waiting", "mail_server_away")
    assert row(admin, second)[:2] == ("waiting", "mail_login")
    assert "535" in row(admin, second)[2]
    assert row(admin, third, "attempts")[0] == 0, "a wrong password is not tried again and again"
    found = db.read(reads.list_accounts, ListQuery(sort="name", preset="trouble"))
    assert "535" in next(one.error for one in found.rows if one.id == shut)
    boss.write(writes.act, ActOnMails((first,), "move", shut))
    monkeypatch.setenv(secrets.PASSWORD_VARIABLE, "right")
    db.write(writes.act, ActOnMails((second,), "again"))
    assert {one.mail_id for one in drained(db)} == {first, second, third}
    assert len(sink.messages) == 3


def test_tls_is_verified(as_role: As, admin: Raw, queue: None, certificate: Certificate) -> None:
    boss, db = as_role("administrator"), as_role("sales_rep")
    for security in ("starttls", "tls"):
        with smtp_sink(security=security, certificate=certificate) as sink:
            by = account(boss, sink.port, name=security, security=security)
            (number,) = queued(db, by, mail())
            drained(db)
            assert row(admin, number)[:2] == ("waiting", "mail_tls")
            assert "certificate" in row(admin, number)[2].lower()
            now = boss.read(reads.get_account, by)
            boss.write(writes.save_account, SaveAccount(by, now.row_version, {"ca": certificate.authority}))
            db.write(writes.act, ActOnMails((number,), "again"))
            drained(db)
            assert row(admin, number)[0] == "sent"
            assert len(sink.messages) == 1


def test_a_mail_server_of_somebody_else_takes_it_too(certificate: Certificate) -> None:
    """aiosmtpd with STARTTLS and a login, spoken to by the same few lines."""
    with strict_server(certificate, "house", "pass word") as peer:
        place = {"host": peer.host, "port": peer.port, "security": "starttls", "username": "house"}
        known = {**place, "ca": certificate.authority}
        assert accounts.test_sending(known, "pass word").startswith("250")
        with pytest.raises(Refused, match="mail_login"):
            accounts.test_sending(known, "wrong")
        with pytest.raises(Unavailable, match="mail_tls"):
            accounts.test_sending({**place, "ca": ""}, "pass word")
        written = {"to": ["eva@example.com"], "cc": [], "subject": "ä" * 200, "body": "x" * 3000}
        sender = {"sender_name": "Müller, Sohn & Co", "sender_address": "a@b.example", "reply_to": ""}
        message = compose({**written, "message_id": "<1@x>"}, sender, [], dt.datetime.now(dt.UTC))
        with smtp.connection(accounts.server_of(known, "pass word")) as line:
            assert smtp.deliver(line, message, "a@b.example", ["eva@example.com"]) == {}
    (arrived,) = peer.mails
    assert arrived["Message-ID"] == "<1@x>"
    assert max(map(len, arrived.as_bytes().splitlines())) < 999


@pytest.mark.parametrize("says", [b"", b"220-Welcome\r\n220-and "])
def test_a_server_that_trickles_is_left(says: bytes) -> None:
    """Every byte is a sign of life: without an end of its own, one such server would stop all mail, alarms too."""
    with Trickle(mode="trickle", says=says) as peer:
        server = smtp.Server("127.0.0.1", peer.port, "none", seconds=0.2)
        with pytest.raises((OSError, smtplib.SMTPException)), smtp.connection(server):
            pass


def test_lines_pasted_into_a_subject_become_one(as_role: As, sink: Sink, queue: None) -> None:
    """The clipboard brings line ends of Unicode, which no header may hold: it would be queued and never leave."""
    db = as_role("administrator")
    by = account(db, sink.port)
    (number,) = queued(db, by, mail(subject="Angebot\u2028und\u2029\x85Rechnung\u2028"))
    assert [(x.mail_id, x.state, x.subject) for x in drained(db)] == [
        (number, "sent", "Angebot und Rechnung")
    ]
    assert sink.messages[-1].message["Subject"] == "Angebot und Rechnung"


def test_whose_account_it_is(as_role: As, admin: Raw, sink: Sink, queue: None) -> None:
    boss, db, other = as_role("administrator"), as_role("sales_rep"), as_role("finance")
    own = account(db, sink.port, owner=db.profile.login, name="My own")
    with pytest.raises((NotAllowed, Refused)):
        account(db, sink.port, name="Not mine to make")
    with pytest.raises((NotAllowed, Refused)):
        account(db, sink.port, owner=other.profile.login, name="For another")
    for stranger in (boss, other):
        with pytest.raises(Refused, match="record_not_found"):
            stranger.read(reads.get_account, own)
        with pytest.raises(Refused, match="record_not_found"):
            stranger.read(reads.account_open, own)
        with pytest.raises(Refused, match="record_not_found"):
            queued(stranger, own, mail())
    (number,) = queued(db, own, mail())
    assert boss.write(writes.claim, ClaimMail((own,))).value["mail"] is None, "nobody else sends from it"
    with pytest.raises(Refused, match="record_not_found"):
        other.read(reads.get_mail, number)
    assert drained(db)[0].state == "sent"
    with pytest.raises(NotAllowed):
        queued(as_role("viewer"), own, mail())
    for values, key in (
        ({"security": "none", "host": "mail.example.com"}, "mail_account_in_clear"),
        ({"sender_address": "a@b.de\nBcc: c@d.de"}, "mail_account_sender"),
        ({"sender_name": "a\nb"}, "mail_account_one_line"),
        ({"host": "a b"}, "mail_account_host"),
    ):
        with pytest.raises(Invalid, match=key):
            account(boss, sink.port, **{"name": uuid.uuid4().hex, **values})


def test_the_password_is_sealed_and_belongs_to_its_server(
    as_role: As, admin: Raw, sink: Sink, queue: None, role_dsn: Callable[[str], str]
) -> None:
    boss, db = as_role("administrator"), as_role("sales_rep")
    word = "correct horse"
    by = account(boss, sink.port, username="house")
    own = account(db, sink.port, username="me", owner=db.profile.login)
    ring = keys.Keyring(boss.profile.login, vault.new_private(), {}, None)
    boss.write(
        keys.set_person_key, keys.SetPersonKey(vault.seal_private(ring.private, "x", ring.login, 2**10))
    )
    made = keys.make_data_key("mail", {ring.login: vault.public_of(ring.private)})
    number = boss.write(keys.create_data_key, made.command).value
    ring = keys.Keyring(ring.login, ring.private, {number: vault.DataKey(number, made.secret)}, number)
    sealed, key = secrets.seal_password(ring, boss.read(reads.account_open, by), word)
    boss.write(writes.set_secret, SetSecret(by, sealed, key))
    found = boss.read(reads.account_open, by)
    assert secrets.open_password(ring, found) == word
    assert secrets.open_password(None, found) is None
    assert secrets.open_password(ring, {**found, "host": "evil.example.com"}) is None, (
        "led elsewhere it is worth nothing"
    )
    with pytest.raises(NotAllowed):
        db.write(writes.set_secret, SetSecret(by, sealed, key))
    mine = keys.Keyring(db.profile.login, vault.new_private(), {}, None)
    sealed, key = secrets.seal_password(mine, db.read(reads.account_open, own), word)
    assert key is None
    db.write(writes.set_secret, SetSecret(own, sealed, None))
    assert secrets.open_password(mine, db.read(reads.account_open, own)) == word
    with pytest.raises(Refused, match="mail_secret_key"):
        boss.write(writes.set_secret, SetSecret(by, sealed, None))
    everything = admin.execute("SELECT string_agg(s::text, '') FROM mail.account_secret s").fetchone()
    assert everything is not None
    assert word.encode().hex() not in everything[0]
    queued(db, by, mail())
    assert drained(db) == [], "this client cannot open it: the mail waits for one that can"


def test_texts_name_only_what_there_is(as_role: As, admin: Raw) -> None:
    boss = as_role("administrator")
    count = admin.execute("SELECT count(DISTINCT language), count(*) FROM mail.template").fetchone()
    assert count is not None
    assert count[0] == 2
    first = boss.read(reads.list_templates, ListQuery(sort="kind")).rows[0]
    for body in ("{password}", "{number.__class__}", "{", "}", "{{number}}", "{number"):
        with pytest.raises(Invalid, match="mail_template_placeholder"):
            boss.write(writes.save_template, SaveTemplate(first.id, first.row_version, {"body": body}))
    with pytest.raises(Invalid, match="mail_template_one_line"):
        boss.write(writes.save_template, SaveTemplate(first.id, first.row_version, {"subject": "a\nBcc: x"}))
    with pytest.raises(Duplicate):
        boss.write(
            writes.save_template,
            SaveTemplate(None, None, {"kind": "invoice", "language": "de", "subject": "x", "body": "y"}),
        )
    with pytest.raises(NotAllowed):
        as_role("sales_rep").write(
            writes.save_template, SaveTemplate(first.id, first.row_version, {"subject": "mine"})
        )


def test_held_and_cancelled(as_role: As, admin: Raw, sink: Sink, queue: None) -> None:
    db = as_role("sales_rep")
    by = account(as_role("administrator"), sink.port)
    held, gone = queued(db, by, mail(), mail())
    db.write(writes.act, ActOnMails((held,), "hold"))
    db.write(writes.act, ActOnMails((gone,), "cancel"))
    assert drained(db) == []
    with pytest.raises(Refused, match="mail_nothing_to_do"):
        as_role("finance").write(writes.act, ActOnMails((held,), "again"))
    db.write(writes.act, ActOnMails((held,), "again"))
    assert [one.state for one in drained(db)] == ["sent"]
    with pytest.raises(NotAllowed):
        db.write(writes.act, ActOnMails((held,), "move", by))


def test_the_command_sends_what_waits(
    as_role: As,
    sink: Sink,
    queue: None,
    role_dsn: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by = account(as_role("administrator"), sink.port)
    (number,) = queued(as_role("sales_rep"), by, mail(subject="by command"))
    # Whoever may manage the queue sends what others wrote; who may not does not even see it.
    assert main(["mail", "--list", "--dsn", role_dsn("marketing")]) == 0
    told = capsys.readouterr()
    assert "by command" not in told.out
    assert "that this login may see" in told.err
    assert main(["mail", "--once", "--dsn", role_dsn("administrator")]) == 0
    assert capsys.readouterr().out.startswith(f"{number}  by command  sent")
    assert main(["mail", "--test", "eva@example.com", "--dsn", role_dsn("administrator")]) == 0
    assert [one.message["Subject"] for one in sink.messages] == ["by command", "Werkbank: test"]
    with imap_folder([b"Subject: x\r\n\r\nx"]) as folder:
        monkeypatch.setenv(secrets.PASSWORD_VARIABLE, folder.password)
        values = {"kind": "incoming", "username": folder.user, "folder": "INBOX", "sender_address": ""}
        account(as_role("administrator"), folder.port, name="Folder", **values)
        capsys.readouterr()
        assert main(["mail", "--fetch", "--dsn", role_dsn("finance")]) == 0
        assert capsys.readouterr().out.startswith("Folder: 1 mails, 0 files, 0 left to look at")
