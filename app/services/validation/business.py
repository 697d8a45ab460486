"""Rules with a name, for what no condition can say: check digits, tax rates of former years, …

Each maker takes the parameters of the rule and returns a function from a record to findings.  A capability adds its own
to the table it hands to `Rules.read`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.errors import Invalid
from app.services.catalog.rules import check_ean
from app.services.partners.iban import clean_bic, clean_iban
from app.services.partners.rules import check_email, check_vat_id
from app.services.validation.findings import Finding

Check = Callable[[Mapping[str, Any]], Iterable[Finding]]
Maker = Callable[[Mapping[str, Any], str], Check]  # parameters, severity

# The German rates in percent since 1983: first day, full rate, reduced rate.
VAT_RATES: tuple[tuple[date, Decimal, Decimal], ...] = (
    (date(1983, 7, 1), Decimal(14), Decimal(7)),
    (date(1993, 1, 1), Decimal(15), Decimal(7)),
    (date(1998, 4, 1), Decimal(16), Decimal(7)),
    (date(2007, 1, 1), Decimal(19), Decimal(7)),
    (date(2020, 7, 1), Decimal(16), Decimal(5)),
    (date(2021, 1, 1), Decimal(19), Decimal(7)),
)


def vat_rates(day: date) -> tuple[Decimal, Decimal] | None:
    """The full and the reduced German VAT rate of a day in percent; None before July 1983."""
    for first, full, reduced in reversed(VAT_RATES):
        if day >= first:
            return full, reduced
    return None


def _historic_vat(params: Mapping[str, Any], severity: str) -> Check:
    """The rate of a document is one that held on its day, or 0.  Parameters: ``rate`` and ``date``, field names."""
    rate_field, date_field = str(params.get("rate", "tax_rate")), str(params.get("date", "date"))

    def check(values: Mapping[str, Any]) -> Iterable[Finding]:
        rate, day = values.get(rate_field), values.get(date_field)
        if rate is None or day is None or rate == 0:
            return ()
        held = vat_rates(day)
        if held is not None and rate in held:
            return ()
        expected = "" if held is None else f"{held[0]}, {held[1]}"
        return (
            Finding(severity, "historic_vat", rate_field, {"rate": rate, "date": day, "expected": expected}),
        )

    return check


def _shared(clean: Callable[[str], object]) -> Maker:
    """A check that forms use already, which raises `Invalid`.  Parameter: ``field``."""

    def make(params: Mapping[str, Any], severity: str) -> Check:
        name = str(params["field"])

        def check(values: Mapping[str, Any]) -> Iterable[Finding]:
            value = values.get(name)
            if value in (None, ""):
                return ()
            try:
                clean(str(value))
            except Invalid as wrong:
                return (Finding(severity, wrong.key, name, dict(wrong.params)),)
            return ()

        return check

    return make


BUSINESS: dict[str, Maker] = {
    "historic_vat": _historic_vat,
    "bic": _shared(clean_bic),
    "ean": _shared(check_ean),
    "email": _shared(check_email),
    "iban": _shared(clean_iban),
    "vat_id": _shared(check_vat_id),
}
