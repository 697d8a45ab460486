"""Keys of fields the server cannot read: whose they are, and for whom they are wrapped. The secrets never come here."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, flag, moment, ref, whole, words
from app.models.security.people import APP_USER


class PersonKey(Base):
    """A person's key pair: the public half, and the private one under the password (scrypt, `cost` is its N)."""

    __tablename__ = "person_key"
    __table_args__ = (
        CheckConstraint("octet_length(public) = 32", name="person_key_public"),
        CheckConstraint("octet_length(private) = 61 AND octet_length(salt) = 16", name="person_key_sealed"),
        CheckConstraint("cost BETWEEN 1024 AND 1048576", name="person_key_cost"),
        {"schema": "sec"},
    )

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"), unique=True)
    public: Mapped[bytes] = mapped_column(LargeBinary())
    private: Mapped[bytes] = mapped_column(LargeBinary())
    salt: Mapped[bytes] = mapped_column(LargeBinary())
    cost: Mapped[int] = whole()
    set_at: Mapped[dt.datetime] = moment(default_now=True)


class DataKey(Base):
    """A key that encrypts one kind of data (`name`) for those who have the right; one of a kind is active.

    Others are read with until everything has been encrypted anew. `recovery` is the public half of the key pair that
    was written down when the key was made.
    """

    __tablename__ = "data_key"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z_]{2,40}$'", name="data_key_name"),
        CheckConstraint("octet_length(recovery) = 32", name="data_key_recovery"),
        Index("uq_data_key_active", "name", unique=True, postgresql_where=text("active")),
        {"schema": "sec"},
    )

    name: Mapped[str] = words()
    right: Mapped[str] = words()
    recovery: Mapped[bytes] = mapped_column(LargeBinary())
    active: Mapped[bool] = flag(True)
    created_at: Mapped[dt.datetime] = moment(default_now=True)
    created_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))


class WrappedKey(Base):
    """A data key wrapped for one holder: a login, or `recovery`."""

    __tablename__ = "wrapped_key"
    __table_args__ = (
        UniqueConstraint("data_key_id", "holder"),
        CheckConstraint(
            "octet_length(ephemeral) = 32 AND octet_length(wrapped) = 61", name="wrapped_key_form"
        ),
        {"schema": "sec"},
    )

    data_key_id: Mapped[int] = ref("sec.data_key.id", ondelete="CASCADE", index=False)
    holder: Mapped[str] = words()
    ephemeral: Mapped[bytes] = mapped_column(LargeBinary())
    wrapped: Mapped[bytes] = mapped_column(LargeBinary())
    given_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    given_at: Mapped[dt.datetime] = moment(default_now=True)
