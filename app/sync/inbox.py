"""Reads the folders invoices come in by: every PDF and XML goes to the received invoices, each mail once.

A mail is moved away only after its files are stored and noted.  When the program ends in between, the next one finds
the same files again and stores nothing twice.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from app.core.db import Database, call_api
from app.core.errors import AppError, Invalid, NotAllowed, Refused, SessionEnded
from app.services.mail import folder, incoming, reads, secrets, writes
from app.services.mail.commands import BeginFetch, EndFetch, NoteCheck, NoteReceived
from app.services.purchasing import received
from app.sync.queue import QueueWorker

log = logging.getLogger(__name__)
RIGHT = "mail_fetch_begin"
STORE = "received_store"
EVERY_S = 180.0
LEASE_S = 90
"""Renewed with every mail: who goes away in the middle keeps nobody from reading for long."""
MOST_S = 480.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of reading a folder; ``error`` is why it could not be read."""

    account_id: int
    account: str = ""
    mails: int = 0
    files: int = 0
    refused: int = 0
    error: AppError | None = None


class FolderReader(QueueWorker):
    """Reads the folders every few minutes until `stop`; ``on_fetched`` is called in its thread when there was news."""

    right = RIGHT
    name = "inbox"

    def __init__(self, db: Database, on_fetched: Callable[[Fetched], object] = lambda _: None) -> None:
        super().__init__(db)
        self._on_fetched = on_fetched

    def once(self) -> float | None:
        """Read all folders; gives how long to wait."""
        if self._db.profile.can(STORE):
            for found in self.read_all():
                if found.files or found.refused or found.error is not None:
                    self._on_fetched(found)
        return EVERY_S

    def read_all(self) -> list[Fetched]:
        """Read every folder this client has the password of."""
        return [
            found
            for one in self._db.read(reads.reading_accounts)
            if (found := self.read_one(one)) is not None and not self._stop.is_set()
        ]

    def read_one(self, account_id: int) -> Fetched | None:
        """Read a folder; None when this client cannot, or somebody else is reading it."""
        account = self._db.read(reads.account_open, account_id)
        keyring = secrets.open_keys(self._db) if account["sealed"] else None
        password = secrets.open_password(keyring, account)
        if password is None:
            return None
        begun = self._db.write(writes.begin_fetch, BeginFetch(account_id, LEASE_S)).value
        if begun["account"] is None:
            return None
        fence = int(begun["fence"])
        try:
            found = self._read(account, password, fence)
        except (SessionEnded, NotAllowed):
            raise
        except AppError as error:
            found = Fetched(account_id, str(account["name"]), error=error)
        words = "" if found.error is None else str(found.error.params.get("what") or found.error.key)
        self._db.write(writes.note_check, NoteCheck(account_id, words))
        self._db.write(writes.end_fetch, EndFetch(account_id, fence))
        return found

    def _read(self, account: dict[str, Any], password: str, fence: int) -> Fetched:
        until = time.monotonic() + MOST_S
        account_id, target = int(account["id"]), str(account["done_folder"])
        mails = files = refused = 0
        with folder.open_folder(account, password) as open_one:
            unseen = set(self._db.read(_unseen, account_id, open_one.uid_validity, open_one.uids))
            for uid in open_one.uids:
                if self._stop.is_set() or time.monotonic() > until:
                    break
                if uid in unseen:
                    noted = self._take(open_one, uid, account_id, fence)
                    if noted is None:
                        break
                    mails, files = mails + 1, files + len(noted.files)
                    refused += noted.state == "refused"
                    if noted.state == "refused":
                        continue  # stays where it is, for somebody to look at
                elif not target or self._was_refused(account_id, open_one.uid_validity, uid):
                    continue
                folder.put_away(open_one, uid, target)
        return Fetched(account_id, str(account["name"]), mails, files, refused)

    def _take(self, open_one: folder.Folder, uid: int, account_id: int, fence: int) -> NoteReceived | None:
        """Store what is in a mail and note it; None when the folder is somebody else's by now."""
        if folder.size_of(open_one, uid) > incoming.MOST_BYTES:
            mail = incoming.Incoming("", "", (), "mail_incoming_large")
        else:
            mail = incoming.parse(folder.content_of(open_one, uid))
        taken: list[dict[str, Any]] = []
        problem = mail.problem
        for name, content in mail.files:
            try:
                command = received.store_command(content, name, source="mail", sender=mail.sender)
                stored = self._db.write(received.store, command).value
            except (Invalid, Refused) as error:
                problem = error.key
                taken.append({"name": name, "problem": error.key})
            except AppError:
                raise
            except Exception:  # one file nobody foresaw keeps no other mail waiting
                log.exception("a file of mail %d could not be read", uid)
                problem = "mail_incoming_broken"
                taken.append({"name": name, "problem": problem})
            else:
                taken.append({"name": name, "id": stored.id, "known": stored.known})
        state: Literal["taken", "nothing", "refused"] = "taken" if taken else "nothing"
        if problem:
            state = "refused"
        note = NoteReceived(
            account_id,
            fence,
            open_one.uid_validity,
            uid,
            mail.sender,
            mail.subject,
            state,
            tuple(taken),
            problem,
        )
        return note if self._db.write(writes.note_received, note).value else None

    def _was_refused(self, account_id: int, validity: int, uid: int) -> bool:
        return self._db.read(reads.was_refused, account_id, validity, uid)


def _unseen(session: Any, account_id: int, validity: int, uids: tuple[int, ...]) -> list[int]:
    answer = call_api(
        session, "mail_unseen", p_account_id=account_id, p_uid_validity=validity, p_uids=tuple(uids)
    )
    return [int(one) for one in answer["value"] or ()]
