"""What the house changes about its papers."""

from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Versioned, one_of, ref, words


class Template(Base, Versioned):
    """The house's changes to its papers: for all of them, a kind, a language, a customer or supplier.

    Empty `kind` and `language` mean all. `changes` holds the choices of `app.services.documents.design`.
    """

    __tablename__ = "template"
    __table_args__ = (
        Index(
            "template_once",
            "kind",
            "language",
            text("coalesce(partner_id, 0)"),
            unique=True,
        ),
        one_of("language", "template_language", "", "de", "en"),
        CheckConstraint("kind ~ '^[a-z_]{0,40}$'", name="template_kind"),
        CheckConstraint(
            "jsonb_typeof(changes) = 'object' AND octet_length(changes::text) <= 65536",
            name="template_changes",
        ),
        CheckConstraint("octet_length(logo) BETWEEN 1 AND 2097152", name="template_logo_size"),
        {"schema": "documents"},
    )

    kind: Mapped[str] = words("")
    language: Mapped[str] = words("")
    partner_id: Mapped[int | None] = ref("partners.partner.id")
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    logo: Mapped[bytes | None] = mapped_column(LargeBinary(), deferred=True)
