"""The outbox and the codes for forgotten passwords, with a mail server that really listens."""

import email
import email.policy
import re
import socket
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.guard.service import Guard
from app.guard.settings import MailServer, Settings, SettingsError
from app.guard.setup import prepare_login

Raw = psycopg.Connection[Any]


class Sink:
    """A mail server that keeps what it gets, or refuses who it is told to refuse."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refused: dict[str, str] = {}
        self.controller: Controller

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 OK"

    @property
    def port(self) -> int:
        return int(self.controller.port)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def sink() -> Iterator[Sink]:
    found = Sink()
    found.controller = Controller(found, hostname="127.0.0.1", port=free_port())
    found.controller.start()
    yield found
    found.controller.stop()


@pytest.fixture(scope="module")
def guard_dsn(admin_dsn: str) -> str:
    return prepare_login(admin_dsn)


@pytest.fixture
def guard(guard_dsn: str, sink: Sink) -> Iterator[Guard]:
    server = MailServer("127.0.0.1", sink.port, "werkbank@example.com", "none")
    found = Guard(Settings(guard_dsn, mail=server))
    yield found
    found.close()


def put(admin: Raw, recipient: str = "eva@example.com", subject: str = "Größe", body: str = "Äpfel\n") -> int:
    row = admin.execute("SELECT sec.mail_put(%s, %s, %s)", (recipient, subject, body)).fetchone()
    assert row is not None
    return int(row[0])


def state(admin: Raw, number: int) -> tuple[Any, ...]:
    row = admin.execute(
        "SELECT state, tries, body, error, next_try > now() FROM sec.mail_message WHERE id = %s", (number,)
    ).fetchone()
    assert row is not None
    found: tuple[Any, ...] = row
    return found


def test_a_mail_arrives_once_and_its_text_does_not_stay(guard: Guard, sink: Sink, admin: Raw) -> None:
    number = put(admin)
    guard.send_mail()
    guard.send_mail()
    assert [(m["To"], m["From"], m["Subject"]) for m in sink.mails] == [
        ("eva@example.com", "werkbank@example.com", "Größe")
    ]
    assert sink.mails[0].get_content().split() == ["Äpfel"]
    assert state(admin, number)[:4] == ("sent", 1, "", "")


def test_without_a_mail_server_mails_wait(guard_dsn: str, admin: Raw) -> None:
    number = put(admin)
    silent = Guard(Settings(guard_dsn))
    silent.send_mail()
    silent.close()
    assert state(admin, number)[:2] == ("waiting", 0)
    admin.execute("DELETE FROM sec.mail_message")


def test_a_server_that_is_away_gets_it_later(guard_dsn: str, guard: Guard, sink: Sink, admin: Raw) -> None:
    number = put(admin)
    away = MailServer("127.0.0.1", free_port(), "werkbank@example.com", "none")
    unlucky = Guard(Settings(guard_dsn, mail=away))
    unlucky.send_mail()
    unlucky.close()
    waiting = state(admin, number)
    assert (waiting[0], waiting[1], waiting[2], waiting[4]) == ("waiting", 1, "Äpfel\n", True)
    assert "refused" in waiting[3]
    assert admin.execute("SELECT kind FROM sec.alarm").fetchall() == [("guard_mail_failed",)]
    guard.send_mail()
    assert sink.mails == [], "not before the pause is over"
    admin.execute("UPDATE sec.mail_message SET next_try = now()")
    guard.send_mail()
    assert state(admin, number)[:2] == ("sent", 2)
    admin.execute("DELETE FROM sec.alarm")


def test_one_address_that_does_not_exist_stops_no_other_mail(guard: Guard, sink: Sink, admin: Raw) -> None:
    sink.refused = {"gone@example.com": "550 no such person", "full@example.com": "452 mailbox full"}
    bad, full, good = put(admin, "gone@example.com"), put(admin, "full@example.com"), put(admin)
    guard.send_mail()
    assert state(admin, bad)[0] == "failed"
    assert "550" in state(admin, bad)[3]
    assert state(admin, full)[0] == "waiting"
    assert state(admin, good)[0] == "sent"
    admin.execute("DELETE FROM sec.mail_message")


def test_after_many_tries_it_is_given_up(guard: Guard, sink: Sink, admin: Raw) -> None:
    sink.refused = {"full@example.com": "452 mailbox full"}
    number = put(admin, "full@example.com")
    for _ in range(12):
        assert state(admin, number)[0] == "waiting"
        admin.execute("UPDATE sec.mail_message SET next_try = now()")
        guard.send_mail()
    assert state(admin, number)[0] == "failed"
    admin.execute("DELETE FROM sec.mail_message")


@pytest.mark.parametrize(
    ("recipient", "subject"),
    [("a@b.de\nBcc: x@y.de", "s"), ("a@b.de, x@y.de", "s"), ("nobody", "s"), ("a@b.de", "s\r\nBcc: x@y.de")],
)
def test_no_header_is_smuggled_in(admin: Raw, recipient: str, subject: str) -> None:
    with pytest.raises(psycopg.Error, match="mail_address_invalid"):
        put(admin, recipient, subject)


def everything(admin: Raw) -> str:
    """Every row of every table, as text."""
    tables = admin.execute(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname IN ('sec', 'audit', 'system', 'api') AND c.relkind = 'r'"
    ).fetchall()
    return "\n".join(
        str(row) for (table,) in tables for row in admin.execute(f"SELECT t::text FROM {table} t").fetchall()
    )


@pytest.fixture
def forgetful(admin: Raw) -> Iterator[str]:
    """Somebody with a mail address who has asked for a code; a login of its own, for logins are the whole cluster's."""
    admin.execute(
        "SELECT sec.user_create('u_forgetful', 'Some Body', 'a long phrase of old', '{viewer}', "
        "p_email => 'vera@example.com')"
    )
    admin.execute("SELECT sec.reset_request('u_forgetful')")
    yield "u_forgetful"
    admin.execute("SET session_replication_role = replica")
    for table in ("password_reset", "user_role", "person_task", "password_history", "session", "app_user"):
        admin.execute(f"DELETE FROM sec.{table} WHERE login = 'u_forgetful'")
    admin.execute("RESET session_replication_role")
    admin.execute("DROP OWNED BY u_forgetful")
    admin.execute("DROP ROLE u_forgetful")


def test_a_reset_code_is_in_the_mail_and_nowhere_else(
    guard: Guard, sink: Sink, admin: Raw, forgetful: str, raw_role: Callable[..., Raw]
) -> None:
    guard.send_mail()
    guard.send_mail()
    assert len(sink.mails) == 1
    text = sink.mails[0].get_content()
    code = re.search(r"\b[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}\b", text)
    assert code is not None
    assert forgetful in text
    kept = everything(admin)
    for written in (code[0], code[0].replace("-", "")):
        assert written not in kept
        assert written.lower() not in kept.lower()
    with pytest.raises(psycopg.Error, match="reset_code_wrong"):
        admin.execute("SELECT sec.reset_complete(%s, 'AAAA-BBBB-CCCC', 'five blue buses')", (forgetful,))
    admin.execute(
        "SELECT sec.reset_complete(%s, %s, 'five blue buses at noon')", (forgetful, code[0].lower())
    )
    with pytest.raises(psycopg.Error, match="reset_code_wrong"):
        admin.execute("SELECT sec.reset_complete(%s, %s, 'six green trams at noon')", (forgetful, code[0]))


def test_a_code_whose_mail_did_not_go_is_worth_nothing(
    guard: Guard, sink: Sink, admin: Raw, forgetful: str
) -> None:
    sink.refused = {"vera@example.com": "451 later"}
    guard.send_mail()
    row = admin.execute("SELECT code_hash FROM sec.password_reset WHERE login = %s", (forgetful,)).fetchone()
    assert row == (None,)
    assert sink.mails == []


@pytest.mark.parametrize(
    ("host", "security", "sender"),
    [("mail.example.com", "none", "a@b.de"), ("127.0.0.1", "ssl", "a@b.de"), ("127.0.0.1", "none", "nobody")],
)
def test_a_mail_server_in_clear_is_on_this_machine_only(host: str, security: str, sender: str) -> None:
    with pytest.raises(SettingsError):
        MailServer(host, 25, sender, security)
