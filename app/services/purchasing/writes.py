"""Changes to supplier prices; only who may read purchase prices gets here."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api
from app.models.purchasing import SupplierPrice
from app.services import records
from app.services.purchasing import rules
from app.services.purchasing.commands import Discard, SaveSupplierPrice
from app.services.records import Saved


def save_supplier_price(session: Session, command: SaveSupplierPrice) -> Result[Saved]:
    """Create or change a supplier's price.  Of the prices for a product one supplier's are the preferred ones."""
    values = rules.supplier_price_values(command.values, new=command.id is None)
    offer = records.save(session, SupplierPrice, command.id, command.row_version, values)
    if values.get("is_preferred"):
        session.execute(
            update(SupplierPrice)
            .where(
                SupplierPrice.product_id == offer.product_id,
                SupplierPrice.supplier_id != offer.supplier_id,
                SupplierPrice.is_preferred,
            )
            .values(is_preferred=False)
            .execution_options(synchronize_session=False)
        )
    topics = changed(("catalog.product", offer.product_id), ("purchasing.supplier_price", offer.id))
    return Result(Saved(offer.id, offer.row_version), topics)


def discard_supplier_price(session: Session, command: Discard) -> Result[None]:
    """Remove a price that was entered by mistake."""
    offer = records.find(session, SupplierPrice, command.id, command.row_version)
    call_api(
        session,
        "discard_draft",
        p_command=command.command,
        p_table="purchasing.supplier_price",
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(
        None, changed(("catalog.product", offer.product_id), ("purchasing.supplier_price", command.id))
    )
