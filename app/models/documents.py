"""The archive of issued documents: the very bytes that went out, with their hash."""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, moment, one_of, words


class Issued(Base):
    """The PDF of one issued record, written once and never changed.

    `document_type` is the record's table in schema sales; `warehouse_id` is the record's, so that the copy is seen by
    those who see the record.
    """

    __tablename__ = "issued"
    __table_args__ = (
        UniqueConstraint("document_type", "document_id", name="document_archived_once"),
        one_of("document_type", "document_type_known", "quote", "sales_order", "delivery", "invoice"),
        one_of("language", "document_language", "de", "en"),
        CheckConstraint("octet_length(content) BETWEEN 5 AND 20971520", name="document_size"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="document_hash"),
        {"schema": "documents"},
    )

    document_type: Mapped[str] = words()
    document_id: Mapped[int] = mapped_column(BigInteger())
    warehouse_id: Mapped[int] = mapped_column(BigInteger())
    number: Mapped[str] = words()
    language: Mapped[str] = words()
    file_name: Mapped[str] = words()
    content: Mapped[bytes] = mapped_column(LargeBinary(), deferred=True)
    sha256: Mapped[str] = words()
    issued_at: Mapped[dt.datetime] = moment(default_now=True)
    issued_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
