"""What the user wants with e-mail."""

import uuid
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that goes with a mail: of the archive, of a record, or given with its bytes."""

    name: str
    size: int = 0
    issued_id: int | None = None
    attachment_id: int | None = None
    content: bytes | None = field(default=None, repr=False)
    mime: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, and the record it is about; addresses stand alone, without a name."""

    to: tuple[str, ...]
    subject: str
    body: str
    files: tuple[MailFile, ...] = ()
    kind: str = ""
    topic: str = ""
    record_id: int | None = None
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueMails:
    """Send these, all or none, by this account."""

    account_id: int
    mails: tuple[Mail, ...]
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class ActOnMails:
    """Do something with mails; ``account_id`` is for moving them to another account."""

    ids: tuple[int, ...]
    action: Literal["again", "hold", "cancel", "move"]
    account_id: int | None = None
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class SaveAccount:
    """A mail account; without an id a new one."""

    id: int | None
    row_version: int | None
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SaveTemplate:
    """A text; without an id a new one."""

    id: int | None
    row_version: int | None
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SetSecret:
    """The password of an account, sealed by this client; None takes it back."""

    account_id: int
    sealed: bytes | None
    key_id: int | None


@dataclass(frozen=True, slots=True)
class NoteCheck:
    """How an account was found; no words: it answers."""

    account_id: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class ClaimMail:
    """Give me something to send by these accounts, for so many seconds."""

    accounts: tuple[int, ...]
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class MailProgress:
    """What becomes of a mail one holds; ``refused`` are (address, the server's words)."""

    mail_id: int
    fence: int
    state: Literal["began", "sent", "failed", "unclear", "waiting"]
    reason: str = ""
    detail: str = ""
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BeginFetch:
    """Read a folder now."""

    account_id: int
    seconds: int = 90


@dataclass(frozen=True, slots=True)
class EndFetch:
    """The folder has been read."""

    account_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class NoteReceived:
    """A mail of a folder was looked at; ``files`` say what was taken."""

    account_id: int
    fence: int
    uid_validity: int
    uid: int
    sender: str
    subject: str
    state: Literal["taken", "nothing", "refused"]
    files: tuple[dict[str, Any], ...] = ()
    detail: str = ""
