"""What is done to many products at once, and how many there are of what one looks for in the morning."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, select, text, update
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.errors import Invalid
from app.core.paging import count_rows
from app.models.catalog import Product, ProductImage
from app.services.catalog import rules

PRODUCT = "catalog.product"


@dataclass(frozen=True)
class SetCategory:
    """Put products into a category."""

    ids: tuple[int, ...]
    category_id: int


@dataclass(frozen=True)
class SetState:
    """Give products a state: active, phase_out or discontinued."""

    ids: tuple[int, ...]
    state: str


class ProductCounts(NamedTuple):
    """How many products need somebody's attention."""

    below_reorder: int
    without_image: int


def set_category(session: Session, command: SetCategory) -> Result[int]:
    """Change the category of many products in one statement; gives how many were changed."""
    return _set(
        session,
        command.ids,
        Product.category_id.is_distinct_from(command.category_id),
        category_id=command.category_id,
    )


def set_state(session: Session, command: SetState) -> Result[int]:
    """Change the state of many products in one statement; gives how many were changed."""
    if command.state not in rules.STATES:
        raise Invalid("product_state_known", column="state", value=command.state)
    return _set(session, command.ids, Product.state != command.state, state=command.state)


def _set(session: Session, ids: Sequence[int], differs: ColumnElement[bool], **values: object) -> Result[int]:
    statement = (
        update(Product)
        .where(Product.id.in_(ids), differs)
        .values(**values)
        .returning(Product.id)
        .execution_options(synchronize_session=False)
    )
    done = session.scalars(statement).all()
    return Result(len(done), changed(*[(PRODUCT, product_id) for product_id in done]))


_COUNTS = text("""
SELECT count(*) FILTER (WHERE p.state = 'active' AND p.is_stocked AND p.reorder_point > 0
                          AND coalesce(st.free, 0) < p.reorder_point),
       count(*) FILTER (WHERE p.state <> 'discontinued' AND i.id IS NULL)
  FROM catalog.product p
  LEFT JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary
  LEFT JOIN (SELECT l.product_id, sum(l.free) AS free FROM inventory.stock_level l GROUP BY 1) st
         ON st.product_id = p.id
""")


def product_counts(session: Session) -> ProductCounts:
    """Both numbers in one statement, over the warehouses the reader may see."""
    return ProductCounts._make(session.execute(_COUNTS).one())


def count_without_image(session: Session) -> int:
    """Products that nobody can recognise."""
    pictured = exists().where(ProductImage.product_id == Product.id, ProductImage.is_primary)
    return count_rows(session, select(Product.id).where(Product.state != "discontinued", ~pictured))
