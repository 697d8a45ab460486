"""Charts of accounts as data: what SKR03 and SKR04 propose for what the house books."""

from functools import lru_cache
from typing import Any

import yaml

from app.services.accounting.datev import FOLDER

CHARTS = ("03", "04")
PURPOSES = (
    "revenue",
    "freight",
    "down_payment",
    "discount_granted",
    "expense",
    "discount_received",
    "bank",
    "exchange_gain",
    "exchange_loss",
)
CATEGORIES = ("S", "Z", "E", "AE", "K", "G", "O")


@lru_cache(maxsize=2)
def accounts(chart: str) -> tuple[dict[str, Any], ...]:
    """The proposed accounts: purpose, tax_category, tax_rate, number, tax_key, name."""
    declared: dict[str, Any] = yaml.safe_load((FOLDER / f"skr{chart}.yaml").read_text("utf-8"))
    return tuple(declared["accounts"])
