"""Pictures of the image service: what it says about them, their files, the articles they are meant for.

How a picture comes to a product is a row of `app.models.catalog.ProductImage`, as for a picture uploaded here.
"""

import datetime as dt
from typing import Any

from sqlalchemy import Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Versioned, flag, moment, one_of, ref, whole

SCHEMA = "catalog"


class Picture(Versioned, Base):
    """A picture of the service, kept also when no product wants it or the service has it no longer.

    ``hash`` changes with anything the service says, ``said_hash`` with what it says of the files, ``file_hash`` also
    when a file was replaced under its address: it names the picture in caches.  ``products`` is how many products
    show it, ``conflict`` what somebody should look at: a number that fits several families, a primary picture chosen
    by hand that is gone.
    """

    __tablename__ = "picture"
    __table_args__ = (
        one_of("state", "picture_state_known", "here", "gone"),
        one_of("conflict", "picture_conflict_known", "ambiguous", "chosen_gone"),
        Index("ix_picture_orphan", "id", postgresql_where=text("products = 0")),
        {"schema": SCHEMA},
    )
    source_key: Mapped[str] = mapped_column(String(120), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    file_hash: Mapped[str] = mapped_column(String(64))
    said_hash: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(10), server_default=text("'here'"))
    conflict: Mapped[str | None] = mapped_column(String(20))
    products: Mapped[int] = whole("0")
    changed_at: Mapped[dt.datetime] = moment(default_now=True)
    gone_at: Mapped[dt.datetime | None] = moment()


class PictureFile(Base):
    """One file of a picture.  ``is_large`` stands for the picture, ``is_small`` is for lists.

    ``mark`` is how its content was known when it was looked at last (ETag, date and length, or checksum).
    ``content`` is a copy, only where the service wants its password for files too.
    """

    __tablename__ = "picture_file"
    __table_args__ = (
        UniqueConstraint("picture_id", "position", name="picture_file_once"),
        {"schema": SCHEMA},
    )
    picture_id: Mapped[int] = ref("catalog.picture.id", ondelete="CASCADE", index=False)
    position: Mapped[int] = whole()
    format: Mapped[str] = mapped_column(String(20))
    url: Mapped[str | None] = mapped_column(Text)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    is_original: Mapped[bool] = flag()
    is_large: Mapped[bool] = flag()
    is_small: Mapped[bool] = flag()
    mark: Mapped[str | None] = mapped_column(String(300))
    content: Mapped[bytes | None] = mapped_column(LargeBinary(), deferred=True)


class PictureArticle(Base):
    """An article number the service gives a picture, the rule that found products for it and all that were tried.

    ``attempts`` is a list of ``{rule, value, found}`` up to the first that found something.
    """

    __tablename__ = "picture_article"
    __table_args__ = (
        UniqueConstraint("picture_id", "number", name="picture_article_once"),
        {"schema": SCHEMA},
    )
    picture_id: Mapped[int] = ref("catalog.picture.id", ondelete="CASCADE", index=False)
    number: Mapped[str] = mapped_column(String(60), index=True)
    is_front: Mapped[bool] = flag()
    rule: Mapped[str | None] = mapped_column(String(20))
    family_id: Mapped[int | None] = ref("catalog.family.id", ondelete="SET NULL")
    product_id: Mapped[int | None] = ref("catalog.product.id", ondelete="SET NULL")
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB(), server_default=text("'[]'"))


class PictureChange(Base):
    """What happened to a picture: by a run, or by the person who did it by hand."""

    __tablename__ = "picture_change"
    __table_args__ = (
        one_of(
            "kind",
            "picture_change_known",
            "created",
            "changed",
            "gone",
            "back",
            "linked",
            "unlinked",
            "primary",
            "conflict",
            "assigned",
            "chosen",
            "automatic",
        ),
        {"schema": SCHEMA},
    )
    picture_id: Mapped[int | None] = ref("catalog.picture.id", ondelete="CASCADE")
    product_id: Mapped[int | None] = ref("catalog.product.id", ondelete="CASCADE")
    run_id: Mapped[int | None] = ref("legacy.run.id", ondelete="SET NULL")
    kind: Mapped[str] = mapped_column(String(12))
    details: Mapped[dict[str, Any]] = mapped_column(JSONB(), server_default=text("'{}'"))
    at: Mapped[dt.datetime] = moment(default_now=True)
    by: Mapped[str] = mapped_column(Text, server_default=text("SESSION_USER"))
