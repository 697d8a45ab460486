"""What makes a supplier's price acceptable; raises `Invalid` whose parameter ``column`` names the value at fault."""

from collections.abc import Mapping
from typing import Any

from app.core.errors import Invalid
from app.services.catalog.rules import check_price, check_quantity, check_text


def supplier_price_values(values: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    """Checked values of a supplier's price; missing keys stay missing."""
    checked = dict(values)
    if new:
        for key in ("supplier_id", "product_id", "amount", "valid_from"):
            if checked.get(key) is None:
                raise Invalid("required", column=key)
    if "amount" in checked:
        check_price(checked["amount"])
    if "min_qty" in checked:
        check_quantity(checked["min_qty"], column="min_qty")
    if "supplier_sku" in checked:
        checked["supplier_sku"] = check_text(checked["supplier_sku"], "supplier_sku", 60)
    if checked.get("lead_days") is not None and not 0 <= checked["lead_days"] <= 3650:
        raise Invalid("lead_days_not_negative", column="lead_days")
    return checked
