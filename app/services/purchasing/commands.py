"""What a user wants to change about supplier prices."""

from app.services.catalog.commands import Discard, SaveRecord

__all__ = ["Discard", "SaveSupplierPrice"]


class SaveSupplierPrice(SaveRecord):
    """Fields: supplier_id, product_id, supplier_sku, min_qty, amount, currency, lead_days, valid_from, is_preferred."""
