"""Which tables the reader may see: a statement that names one he may not would fail as a whole."""

from sqlalchemy import text
from sqlalchemy.orm import Session

# Tables that not everybody may read and that lists show a column or two of.
_GUARDED = (
    "catalog.price",
    "catalog.product_cost",
    "purchasing.supplier_price",
    "partners.partner",
    "sales.sales_order",
    "sales.invoice",
    "production.work_order_cost",
)


def may_read(session: Session, table: str) -> bool:
    """Whether the session's login has SELECT on a table.

    Known from the rights the login came with; else the database is asked once per session (one round trip).
    """
    rights: frozenset[str] | None = session.info.get("rights")
    if rights is None:
        names = ", ".join(f"has_table_privilege('{name}', 'SELECT')" for name in _GUARDED)
        answers = session.execute(text(f"SELECT {names}")).one()
        rights = frozenset(f"{name}:select" for name, yes in zip(_GUARDED, answers, strict=True) if yes)
        session.info["rights"] = rights
    return f"{table}:select" in rights
