"""What makes a partner, an address or a VAT id acceptable; pure functions without a session.

All raise `Invalid` whose parameter ``column`` names the value at fault.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.core.errors import Invalid
from app.services.catalog.rules import LARGEST_PRICE, check_decimal, check_text

# VAT identification numbers behind their two letters, as the member states publish them.
_VAT = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[A-Z0-9+*]{9}B\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"\d{9}|\d{12}",
}
_OTHER_VAT = {"GB": r"\d{9}|\d{12}", "CH": r"E\d{9}"}
EU_PREFIXES = frozenset(_VAT) - {"XI"}
EU_COUNTRIES = (EU_PREFIXES - {"EL"}) | {"GR"}
EINVOICE_FORMATS = ("paper", "zugferd_en16931", "zugferd_extended", "xrechnung_cii", "xrechnung_ubl")
TREATMENTS = ("domestic", "eu_business", "reverse_charge", "export")


def clean_vat_id(value: str | None) -> str | None:
    """A VAT id as it is stored: upper case, without blanks, dots and dashes; None when empty."""
    text = check_text(value, "vat_id", 30)
    return re.sub(r"[\s.\-/]", "", text).upper() if text else None


def check_vat_id(value: str | None) -> str | None:
    """A VAT id in the format of its country (the register is not asked); None when empty."""
    vat_id = clean_vat_id(value)
    if vat_id is None:
        return None
    country, rest = vat_id[:2], vat_id[2:]
    pattern = _VAT.get(country) or _OTHER_VAT.get(country)
    if pattern is None:
        raise Invalid("vat_id_country", column="vat_id", value=vat_id, country=country)
    if not re.fullmatch(pattern, rest, re.ASCII):
        raise Invalid("vat_id_format", column="vat_id", value=vat_id, country=country)
    return vat_id


def treatment_for(country: str, vat_id: str | None, home: str = "DE") -> str:
    """How sales to a business in ``country`` (ISO code) are taxed, as far as master data can tell.

    Without a VAT id a partner in another member state is taxed like a domestic one.
    """
    if country == home:
        return "domestic"
    if country in EU_COUNTRIES:
        return "eu_business" if vat_id and vat_id[:2] in EU_PREFIXES and vat_id[:2] != home else "domestic"
    return "export"


def check_email(value: str | None, column: str = "email") -> str | None:
    """An e-mail address that could exist; None when empty."""
    text = check_text(value, column, 254)
    if text is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise Invalid("email_format", column=column, value=text)
    return text


def check_buyer_reference(value: str | None, column: str = "buyer_reference") -> str | None:
    """What a buyer wants to read on invoices; a Leitweg-ID must have the right check digits."""
    from stdnum.de import leitweg

    text = check_text(value, column, 100)
    looks = text is not None and re.fullmatch(r"[0-9]{2,12}(-[A-Za-z0-9]{1,30})?-[0-9]{2}", text, re.ASCII)
    if text is not None and looks and not leitweg.is_valid(text):
        raise Invalid("leitweg_wrong", column=column, value=text)
    return text


def partner_values(values: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    """Checked values of a partner's own columns; missing keys stay missing."""
    checked = dict(values)
    if "number" in checked:
        checked["number"] = check_text(checked["number"], "number", 20, required=True)
    if "name" in checked or new:
        name = check_text(checked.get("name"), "name", 200)
        if name is None:
            raise Invalid("partner_name_not_blank", column="name")
        checked["name"] = name
    if "vat_id" in checked:
        checked["vat_id"] = check_vat_id(checked["vat_id"])
    if "email" in checked:
        checked["email"] = check_email(checked["email"])
    for key, limit in (("phone", 60), ("website", 254), ("remark", 20_000), ("block_reason", 200)):
        if key in checked:
            checked[key] = check_text(checked[key], key, limit)
    checked |= _einvoice_values(checked)
    if "tax_treatment" in checked and checked["tax_treatment"] not in TREATMENTS:
        raise Invalid("tax_treatment_known", column="tax_treatment")
    if checked.get("credit_limit") is not None:
        check_decimal(checked["credit_limit"], "credit_limit", 2, LARGEST_PRICE)
        if checked["credit_limit"] < 0:
            raise Invalid("credit_limit_not_negative", column="credit_limit")
    return checked


def _check_einvoice(checked: dict[str, Any]) -> None:
    """How invoices go to a customer: format, what they bear, and the scheme of the address."""
    if "electronic_address_scheme" in checked:
        scheme = check_text(checked["electronic_address_scheme"], "electronic_address_scheme", 4)
        checked["electronic_address_scheme"] = (scheme or "EM").upper()
    if "einvoice_format" in checked and checked["einvoice_format"] not in EINVOICE_FORMATS:
        raise Invalid("einvoice_format_known", column="einvoice_format")
    if "buyer_reference" in checked:
        checked["buyer_reference"] = check_buyer_reference(checked["buyer_reference"])


def _einvoice_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked values of how a partner gets invoices, those that are given."""
    checked: dict[str, Any] = {}
    if "einvoice_format" in values and values["einvoice_format"] not in EINVOICE_FORMATS:
        raise Invalid("einvoice_format_known", column="einvoice_format")
    if "buyer_reference" in values:
        checked["buyer_reference"] = check_buyer_reference(values["buyer_reference"])
    if "electronic_address" in values:
        checked["electronic_address"] = check_text(values["electronic_address"], "electronic_address", 254)
    if "electronic_address_scheme" in values:
        scheme = check_text(values["electronic_address_scheme"], "electronic_address_scheme", 4)
        checked["electronic_address_scheme"] = (scheme or "EM").upper()
    return checked


def check_whole(is_customer: bool, is_supplier: bool, treatment: str, vat_id: str | None) -> None:
    """What must hold of a partner's values together."""
    if not (is_customer or is_supplier):
        raise Invalid("partner_is_something", column="is_customer")
    if treatment == "reverse_charge" and vat_id is None:
        raise Invalid("reverse_charge_needs_vat_id", column="vat_id")
    if treatment == "eu_business":
        if vat_id is None:
            raise Invalid("eu_business_needs_vat_id", column="vat_id")
        if vat_id[:2] not in EU_PREFIXES:
            raise Invalid("eu_business_needs_eu_vat_id", column="vat_id", value=vat_id)


def address_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked values of an address."""
    checked = dict(values)
    for key, limit in (("street", 200), ("postcode", 20), ("city", 120)):
        if key in checked:
            checked[key] = check_text(checked[key], key, limit, required=True)
    for key, limit in (("name", 200), ("street2", 200), ("region", 120)):
        if key in checked:
            checked[key] = check_text(checked[key], key, limit)
    if "country" in checked:
        country = (check_text(checked["country"], "country", 2, required=True) or "").upper()
        if not re.fullmatch(r"[A-Z]{2}", country):
            raise Invalid("country_code_format", column="country", value=country)
        checked["country"] = country
    return checked


def contact_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked values of a contact."""
    checked = dict(values)
    if "name" in checked:
        checked["name"] = check_text(checked["name"], "name", 120, required=True)
    if "email" in checked:
        checked["email"] = check_email(checked["email"])
    for key, limit in (("salutation", 20), ("role", 120), ("phone", 60)):
        if key in checked:
            checked[key] = check_text(checked[key], key, limit)
    return checked
