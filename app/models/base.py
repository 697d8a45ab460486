"""What every table has in common: the declarative bases, the column kinds and the version stamps.

Constraint names are shown to users (`error.<constraint>` is a text key), so CHECK and EXCLUDE constraints carry the
name they are given, unprefixed; keys and indexes are named after their table and columns as PostgreSQL itself does.
"""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    FetchedValue,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    Numeric,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column

NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}
MONEY = Numeric(14, 2)
PRICE = Numeric(14, 4)
QUANTITY = Numeric(18, 6)
PERCENT = Numeric(7, 4)


class Root(DeclarativeBase):
    """Declarative root without columns: for the few side tables keyed by their parent's id."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger(),
        str: Text(),
        bool: Boolean(),
        Decimal: QUANTITY,
        dt.date: Date(),
        dt.datetime: DateTime(timezone=True),
    }


def pk() -> MappedColumn[Any]:
    """The surrogate key: a bigint identity nobody but the server sets."""
    return mapped_column(BigInteger(), Identity(always=True), primary_key=True, sort_order=-10)


def parent_pk(target: str, *, ondelete: str = "CASCADE") -> MappedColumn[Any]:
    """The key of a 1:1 side table, which is the key of its parent (`"catalog.product.id"`)."""
    return mapped_column(BigInteger(), ForeignKey(target, ondelete=ondelete), primary_key=True)


def ref(
    target: str,
    *,
    ondelete: str = "RESTRICT",
    index: bool = True,
    unique: bool = False,
    elsewhere: bool = False,
) -> MappedColumn[Any]:
    """A foreign key to `"schema.table.id"`, indexed unless an index of the table starts with it already.

    ``elsewhere``: the database fills it when it is not given.
    """
    return mapped_column(
        BigInteger(),
        ForeignKey(target, ondelete=ondelete),
        index=index and not unique,
        unique=unique or None,
        server_default=FetchedValue() if elsewhere else None,
    )


def money(default: str | None = None) -> MappedColumn[Any]:
    """An amount in the company's currency, two places. `default` is SQL, e.g. `"0"`."""
    return mapped_column(MONEY, server_default=_sql(default))


def price(default: str | None = None) -> MappedColumn[Any]:
    """A price or cost per unit, four places."""
    return mapped_column(PRICE, server_default=_sql(default))


def qty(default: str | None = None) -> MappedColumn[Any]:
    """A quantity in the product's unit, six places."""
    return mapped_column(QUANTITY, server_default=_sql(default))


def percent(default: str | None = None) -> MappedColumn[Any]:
    """A percentage (19.0000 means 19 %), four places."""
    return mapped_column(PERCENT, server_default=_sql(default))


def flag(default: bool = False) -> MappedColumn[Any]:
    """A yes/no column with a default."""
    return mapped_column(Boolean(), server_default=text("true" if default else "false"))


def whole(default: str | None = None) -> MappedColumn[Any]:
    """A 32-bit whole number: positions, days, years."""
    return mapped_column(Integer(), server_default=_sql(default))


def words(default: str | None = None) -> MappedColumn[Any]:
    """A text column; `default` is the literal value, not SQL."""
    quoted = None if default is None else "'" + default.replace("'", "''") + "'"
    return mapped_column(Text(), server_default=_sql(quoted))


def day() -> MappedColumn[Any]:
    """A calendar day."""
    return mapped_column(Date())


def moment(default_now: bool = False) -> MappedColumn[Any]:
    """A point in time, UTC in the database."""
    return mapped_column(DateTime(timezone=True), server_default=_sql("now()" if default_now else None))


def search_key(expression: str) -> MappedColumn[Any]:
    """A generated column for prefix search and sorting: byte order, so that `^@` and `<` use its index under RLS."""
    return mapped_column(Text(collation="C"), Computed(expression, persisted=True))


def one_of(column: str, name: str, *values: str) -> CheckConstraint:
    """CHECK that a text column holds one of the listed words (states are text, never enums)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def _sql(expression: str | None) -> Any:
    return None if expression is None else text(expression)


class Base(Root):
    """Base of ordinary tables: `id` bigint identity."""

    __abstract__ = True

    id: Mapped[int] = pk()


class Versioned:
    """Row version and stamps, all set by a trigger; nobody has a grant on these columns.

    The ORM compares `row_version` on UPDATE: a stale write raises StaleDataError, mapped to `Conflict`.
    """

    row_version: Mapped[int] = mapped_column(
        Integer(), server_default=text("1"), server_onupdate=FetchedValue(), sort_order=90
    )
    created_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()"), sort_order=91
    )
    created_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"), sort_order=92)
    updated_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()"), server_onupdate=FetchedValue(), sort_order=93
    )
    updated_by: Mapped[str] = mapped_column(
        Text(), server_default=text("SESSION_USER"), server_onupdate=FetchedValue(), sort_order=94
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"version_id_col": cls.row_version, "version_id_generator": False, "eager_defaults": True}
