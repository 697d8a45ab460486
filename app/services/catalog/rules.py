"""What makes a product, a quantity or a price acceptable; pure functions without a session.

All raise `Invalid` whose parameter ``column`` names the value at fault.
"""

import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.core.errors import Invalid

SKU_LENGTH = 40
NAME_LENGTH = 200
PRICE_PLACES = 4
QUANTITY_PLACES = 6
LARGEST_PRICE = Decimal("9999999999.9999")
LARGEST_QUANTITY = Decimal("999999999999.999999")
STATES = ("active", "phase_out", "discontinued", "placeholder")


def split_sku(sku: str) -> tuple[str, str | None]:
    """Base SKU and variant code: the parts before and behind the last hyphen, as the database splits them.

    "803721-BE" -> ("803721", "BE"); without a hyphen inside, the whole SKU and None.
    """
    base, hyphen, code = sku.rpartition("-")
    return (base, code) if hyphen and base and code else (sku, None)


# Overrides and isolates of direction: with one of them a text is shown as another one than it is. Marks may stay.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_text(value: str | None, column: str, limit: int, *, required: bool = False) -> str | None:
    """A text without blanks around it, None when empty; any script and emoji are fine, control characters are not."""
    text = unicodedata.normalize("NFC", value).strip() if value is not None else ""
    if not text:
        if required:
            raise Invalid("required", column=column)
        return None
    if len(text) > limit:
        raise Invalid("text_too_long", column=column, limit=limit, length=len(text))
    if any(
        unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in text
    ) or _TURNS & set(text):
        raise Invalid("text_control_character", column=column)
    return text


def check_sku(value: str | None) -> str:
    """A stock keeping unit: one line, no blank at its ends, at most 40 characters."""
    sku = check_text(value, "sku", SKU_LENGTH)
    if sku is None:
        raise Invalid("sku_not_blank", column="sku")
    if any(char in sku for char in "\n\t"):
        raise Invalid("text_control_character", column="sku")
    return sku


def check_name(value: str | None, column: str = "name") -> str:
    """A product's name: not empty, at most 200 characters."""
    name = check_text(value, column, NAME_LENGTH)
    if name is None:
        raise Invalid("product_name_not_blank", column=column)
    return " ".join(name.split())


def check_ean(value: str | None) -> str | None:
    """An EAN/GTIN of 8, 12, 13 or 14 digits whose check digit is right; None when empty."""
    ean = check_text(value, "ean", 14)
    if ean is None:
        return None
    if not (ean.isascii() and ean.isdigit() and len(ean) in (8, 12, 13, 14)):
        raise Invalid("ean_digits", column="ean", value=ean)
    if ean_check_digit(ean[:-1]) != ean[-1]:
        raise Invalid("ean_check_digit", column="ean", value=ean, expected=ean_check_digit(ean[:-1]))
    return ean


def ean_check_digit(digits: str) -> str:
    """The last digit of an EAN whose other digits are given."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def check_decimal(value: Decimal, column: str, places: int, largest: Decimal) -> Decimal:
    """A finite number with at most so many decimal places: more are refused, never rounded away."""
    if not value.is_finite():
        raise Invalid("number_required", column=column)
    if _places(value) > places:
        raise Invalid("too_many_places", column=column, value=value, places=places)
    if abs(value) > largest:
        raise Invalid("number_too_large", column=column, value=value)
    return value


def check_quantity(value: Decimal, decimals: int = QUANTITY_PLACES, column: str = "qty") -> Decimal:
    """A quantity above zero with no more places than its unit has."""
    check_decimal(value, column, min(decimals, QUANTITY_PLACES), LARGEST_QUANTITY)
    if value <= 0:
        raise Invalid("quantity_not_positive", column=column, value=value)
    return value


def check_price(value: Decimal, column: str = "amount") -> Decimal:
    """A price or cost per unit: zero or more, at most four places."""
    check_decimal(value, column, PRICE_PLACES, LARGEST_PRICE)
    if value < 0:
        raise Invalid("price_not_negative", column=column, value=value)
    return value


def check_not_negative(value: Decimal, column: str, places: int = QUANTITY_PLACES) -> Decimal:
    """A number of zero or more."""
    check_decimal(value, column, places, LARGEST_QUANTITY)
    if value < 0:
        raise Invalid("number_negative", column=column, value=value)
    return value


def product_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked values of a product's own columns; keys that are missing stay missing."""
    checked = dict(values)
    if "sku" in checked:
        checked["sku"] = check_sku(checked["sku"])
    if "name" in checked:
        checked["name"] = check_name(checked["name"])
    if "legacy_sku" in checked:
        checked["legacy_sku"] = check_text(checked["legacy_sku"], "legacy_sku", SKU_LENGTH)
    if "ean" in checked:
        checked["ean"] = check_ean(checked["ean"])
    for key in ("size", "color"):
        if key in checked:
            checked[key] = check_text(checked[key], key, 40)
    if checked.get("weight_g") is not None:
        check_not_negative(checked["weight_g"], "weight_g", 3)
    if "reorder_point" in checked:
        checked["reorder_point"] = check_not_negative(
            checked["reorder_point"] if checked["reorder_point"] is not None else Decimal(0), "reorder_point"
        )
    if "state" in checked and checked["state"] not in STATES:
        raise Invalid("product_state_known", column="state", value=checked["state"])
    for key in ("unit_id", "tax_class_id"):
        if key in checked and checked[key] is None:
            raise Invalid("required", column=key)
    return checked


def family_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked values of a family; keys that are missing stay missing."""
    checked = dict(values)
    if "code" in checked:
        checked["code"] = check_text(checked["code"], "code", 40, required=True)
    if "name" in checked:
        checked["name"] = check_name(checked["name"])
    texts = (("name_en", 200), ("description", 10_000), ("description_en", 10_000))
    for key, limit in (*texts, ("short_text", 1000), ("short_text_en", 1000)):
        if key in checked:
            checked[key] = check_text(checked[key], key, limit)
    for key, places in (("weight_g", 3), ("depth_mm", 2), ("height_mm", 2), ("width_mm", 2)):
        if checked.get(key) is not None:
            check_not_negative(checked[key], key, places)
    return checked


def price_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked values of a selling price; keys that are missing stay missing."""
    checked = dict(values)
    if "amount" in checked:
        check_price(checked["amount"])
    if "min_qty" in checked:
        check_quantity(checked["min_qty"], column="min_qty")
    return checked
