"""``werkbank mail``: sending mails and reading the folder of invoices without a window; a look at the queue; a test."""

import argparse
import threading
from typing import TYPE_CHECKING

from app.commands import FAILED, MISSING, CommandError, Commands, add_command, say
from app.commands.login import add_address, open_database
from app.commands.queues import watch, words

if TYPE_CHECKING:
    from app.core.db import Database
    from app.sync.inbox import Fetched
    from app.sync.mail import MailOutcome


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "mail", "send mails and fetch invoices: once, or until stopped", _mail)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--once", action="store_true", help="send what waits, then end (the default)")
    what.add_argument("--watch", action="store_true", help="send and fetch until stopped")
    what.add_argument("--fetch", action="store_true", help="read the folders of incoming invoices once")
    what.add_argument("--list", action="store_true", help="list what has not been sent")
    what.add_argument("--test", metavar="ADDRESS", help="send a test mail to this address")
    what.add_argument("--key", action="store_true", help="set up the key the accounts' passwords lie under")
    add_address(parser)


def _mail(arguments: argparse.Namespace) -> int:
    from app.core.errors import AppError
    from app.core.log import setup_logging

    setup_logging("mail")
    database = open_database(arguments, "werkbank mail")
    try:
        if arguments.list:
            return _list(database)
        if arguments.fetch:
            return _fetch(database)
        if arguments.key:
            return _key(database)
        if arguments.test:
            return _test(database, arguments.test)
        return _watch(database) if arguments.watch else _once(database)
    except AppError as error:
        raise CommandError(words(error)) from error
    finally:
        database.close()


def _tell(outcome: "MailOutcome") -> None:
    said = f"{outcome.mail_id}  {outcome.subject}  {outcome.state} {outcome.reason} {outcome.detail}"
    print(" ".join(said.split(" ")).rstrip(), flush=True)


def _tell_fetched(found: "Fetched") -> None:
    if found.error is not None:
        print(f"{found.account}: {words(found.error)}", flush=True)
    else:
        print(
            f"{found.account}: {found.mails} mails, {found.files} files, {found.refused} left to look at",
            flush=True,
        )


def _once(database: "Database") -> int:
    from app.sync.mail import MailWorker

    wrong: list[MailOutcome] = []

    def told(outcome: "MailOutcome") -> None:
        _tell(outcome)
        if outcome.state != "sent":
            wrong.append(outcome)

    tried = MailWorker(database, told).drain()
    say(f"{tried} mails.")
    return FAILED if wrong else 0


def _fetch(database: "Database") -> int:
    from app.sync.inbox import FolderReader

    found = FolderReader(database).read_all()
    for one in found:
        _tell_fetched(one)
    say(f"{len(found)} folders.")
    return FAILED if any(one.error is not None for one in found) else 0


def _watch(database: "Database") -> int:
    from app.sync.inbox import FolderReader
    from app.sync.mail import MailWorker

    reader = FolderReader(database, _tell_fetched)

    def fetching(stop: threading.Event) -> None:
        reader.start()
        stop.wait()
        reader.stop(20.0)

    return watch(database, MailWorker(database, _tell), "Sending mails until stopped.", fetching)


def _list(database: "Database") -> int:
    from app.core.paging import ListQuery
    from app.services.mail.reads import list_mails

    found = database.read(list_mails, ListQuery(sort="id", preset="open", limit=1000)).rows
    if not found:
        say("There is no open e-mail that this login may see.")
    for row in found:
        print(
            f"{row.id}  {row.requested_at:%Y-%m-%d %H:%M}  {row.state}  {row.recipients}  {row.subject}  {row.detail}"
        )
    return 0


def _test(database: "Database", address: str) -> int:
    from app.services.mail import addresses, sending, writes
    from app.services.mail.commands import Mail, QueueMails

    found = database.read(sending.senders)
    if not found:
        raise CommandError("there is no mail account to send by", MISSING)
    body = f"A test mail of Werkbank, sent by the account {found[0].name}.\n"
    mail = Mail(addresses.parse(address), "Werkbank: test", body)
    database.write(writes.queue, QueueMails(found[0].id, (mail,)))
    return _once(database)


def _key(database: "Database") -> int:
    from app.services.mail.secrets import KEY_NAME
    from app.services.security import keys

    login = database.profile.login
    password = database.with_password(str)
    database.confirm(password)
    found = keys.unlock(database, KEY_NAME, password)
    if found.problem == "former":
        raise CommandError(f"the key pair of {login} lies under a former password")
    if found.keyring is None:
        holders = ", ".join(found.holders)
        raise CommandError(
            f"{login} has a key pair and waits to be given the key by {holders or 'somebody who has it'}"
            f" (Mail › Accounts); fingerprint {found.fingerprint}"
        )
    if found.recovery_code:
        print("Write this recovery code down and lock it away; it is shown this once:")
        print(found.recovery_code)
    print(f"{login} holds the key.")
    return 0
