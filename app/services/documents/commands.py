"""What the user wants with documents and files."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Literal

from app.services.documents.data import Language
from app.services.documents.verify import Finding

DocumentType = Literal["quote", "sales_order", "delivery", "invoice"]


@dataclass(frozen=True, slots=True)
class ArchiveDocument:
    """Keep a file of an issued record once and for good.

    `kind` is a row of documents.kind and says which table the record is of.  `words` is the text of the file, for the
    search.  `beside` is the same document in another format, kept in the same posting.
    """

    kind: str
    record_id: int
    language: Language
    file_name: str
    content: bytes
    words: str = ""
    beside_name: str | None = None
    beside: bytes | None = None
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class NoteWords:
    """The words of an archived document, for the search."""

    id: int
    words: str
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class NoteVerified:
    """A run over the archive, done here: how many files were looked at, and what was found."""

    looked: int
    findings: tuple[Finding, ...]
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class PurgeDocuments:
    """Delete what had to be kept until `until` at most; a day that is past, and a reason."""

    until: dt.date
    reason: str
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class AddAttachment:
    """Lay a file beside a record; `topic` is its table."""

    topic: str
    record_id: int
    name: str
    mime: str
    content: bytes
    comment: str = ""
    words: str = ""
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class ReplaceAttachment:
    """Lay a new version over an attachment."""

    id: int
    row_version: int
    mime: str
    content: bytes
    comment: str = ""
    words: str = ""
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class RenameAttachment:
    """Give an attachment another name."""

    id: int
    row_version: int
    name: str
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class RemoveAttachment:
    """Take an attachment off its record; it is kept, with the reason."""

    id: int
    row_version: int
    reason: str
    command: uuid.UUID = field(default_factory=uuid.uuid4)
