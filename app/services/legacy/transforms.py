"""The transformations only a 4D source needs, as steps a mapping can name; small pure functions.

They stand beside the steps of `app.services.imports.steps` (`text`, `number`, `whole`, `map`, `cut`, …) and follow the
same rules: None passes untouched, `WrongError` says that a value cannot be used, `Repaired` that it was put right.  A
step after `columns: [a, b]` gets a tuple, whose parts may be None.
"""

import json
import re
from collections.abc import Mapping
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from babel import Locale

from app.core.errors import Invalid
from app.services.imports.steps import Maker, Repaired, Step, WrongError, same_key
from app.services.partners import rules as partner_rules
from app.services.partners.iban import clean_iban
from app.services.validation.business import vat_rates

DM_PER_EUR = Decimal("1.95583")
"""The official rate, fixed for good on 31 December 1998; amounts are divided by it, never multiplied by its inverse."""

_CENT = Decimal("0.01")
_DAY = re.compile(r"(\d{1,2})[!.](\d{1,2})[!.](\d{4})$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UUID = re.compile(r"[0-9A-F]{32}$")
_CURRENCIES = {"DM": "DEM", "DEM": "DEM", "EUR": "EUR", "EURO": "EUR", "€": "EUR"}
_RATES = {"EUR": Decimal(1), "DEM": DM_PER_EUR}
_ALPHA3 = {
    "AUS": "AU", "AUT": "AT", "BEL": "BE", "BGR": "BG", "CAN": "CA", "CHE": "CH", "CHN": "CN", "CYP": "CY", "CZE": "CZ",
    "DEU": "DE", "DNK": "DK", "ESP": "ES", "EST": "EE", "FIN": "FI", "FRA": "FR", "GBR": "GB", "GER": "DE", "GRC": "GR",
    "HRV": "HR", "HUN": "HU", "IRL": "IE", "ISL": "IS", "ISR": "IL", "ITA": "IT", "JPN": "JP", "KOR": "KR", "LIE": "LI",
    "LTU": "LT", "LUX": "LU", "LVA": "LV", "MLT": "MT", "NLD": "NL", "NOR": "NO", "NZL": "NZ", "POL": "PL", "PRT": "PT",
    "ROU": "RO", "RUS": "RU", "SVK": "SK", "SVN": "SI", "SWE": "SE", "TUR": "TR", "UKR": "UA", "USA": "US", "ZAF": "ZA",
}  # fmt: skip
_COUNTRY_WORDS = {
    "A": "AT", "B": "BE", "BRD": "DE", "CH": "CH", "D": "DE", "ENGLAND": "GB", "F": "FR", "HOLLAND": "NL", "I": "IT",
    "L": "LU", "SCHOTTLAND": "GB", "TSCHECHIEN": "CZ", "UK": "GB", "GROSSBRITANNIEN": "GB", "U.S.A.": "US",
}  # fmt: skip


# -- texts -------------------------------------------------------------------------------------------------------------


def clean(value: Any) -> str | None:
    """A text without control signs and blanks around it; None when nothing is left."""
    text = value if isinstance(value, str) else same_key(value)
    if not text.isprintable() and _CONTROL.search(text):
        text = _CONTROL.sub("", text)
    return text.strip() or None


def lines(value: Any) -> str | None:
    """Free text over several lines: CR, CRLF and the two signs `\\r` somebody typed all break the line."""
    text = str(value)
    if text.isprintable() and "\\" not in text:
        return " ".join(text.split()) or None
    text = text.replace("\\r\\n", "\n").replace("\\r", "\n").replace("\r\n", "\n").replace("\r", "\n")
    kept = [" ".join(_CONTROL.sub("", line).split()) for line in text.split("\n")]
    return "\n".join(kept).strip("\n") or None


def first_line(value: Any) -> str | None:
    """The first line of a free text."""
    text = lines(value)
    return text.split("\n", 1)[0] if text else None


def last_line(value: Any) -> str | None:
    """The last line of a free text: the street below a building or a name."""
    text = lines(value)
    return text.rsplit("\n", 1)[-1] if text else None


def lines_before_last(value: Any) -> str | None:
    """What stands above the last line of a free text, in one line."""
    text = lines(value)
    return ", ".join(text.split("\n")[:-1]) or None if text else None


def key(value: Any) -> str | None:
    """A key as text: 1541.0 is 1541, UUIDs upper case, the null UUID none."""
    text = same_key(value)
    return text.upper() if len(text) == 32 and _UUID.match(text.upper()) else text or None


def not_zero(value: Any) -> Any:
    """A number or key, 0 and an all-zero UUID being none."""
    text = same_key(value)
    return None if not text.strip("0") else value


def json_value(value: Any) -> Any:
    """An object field that may have come as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_float=Decimal)
    except ValueError:
        raise WrongError("not_json") from None


def email(value: Any) -> Any:
    """An e-mail address; something that is none is left out and reported."""
    text = clean(value)
    try:
        return partner_rules.check_email(text)
    except Invalid:
        return Repaired(None, "email_left_out")


def vat_id(value: Any) -> Any:
    """A VAT id in the form of its country; something that is none is left out and reported."""
    try:
        return partner_rules.check_vat_id(clean(value))
    except Invalid:
        return Repaired(None, "vat_id_left_out")


def iban(value: Any) -> Any:
    """An IBAN whose check digits are right."""
    try:
        return clean_iban(str(value))
    except Invalid as wrong:
        raise WrongError(wrong.key) from None


# -- numbers of articles -----------------------------------------------------------------------------------------------


def sku_base(value: Any) -> str | None:
    """What stands before the last hyphen: `KS-17-BE` is `KS-17`, a number without hyphen all of it."""
    text = same_key(value)
    base, hyphen, code = text.rpartition("-")
    return (base if hyphen and base and code else text) or None


def sku_code(value: Any) -> str | None:
    """What stands behind the last hyphen: the edition; none without hyphen."""
    base, hyphen, code = same_key(value).rpartition("-")
    return code or None if hyphen and base else None


# -- days and times ----------------------------------------------------------------------------------------------------


def day(value: Any) -> date | None:
    """A day, also as the wire has it (`27!1!2025`), with `0!0!0` for none, or written ISO or German."""
    if isinstance(value, date):
        return value
    text = str(value).strip()
    if text in ("", "0!0!0", "00.00.00", "0000-00-00"):
        return None
    found = _DAY.match(text)
    try:
        if found:
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text[:10])
    except ValueError:
        raise WrongError("not_a_date") from None


def clock(value: Any) -> time:
    """A time of day, also as milliseconds since midnight."""
    if isinstance(value, time):
        return value
    try:
        seconds, ms = divmod(int(Decimal(str(value))), 1000)
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60, ms * 1000)
    except (ValueError, ArithmeticError):
        raise WrongError("not_a_time") from None


# -- money and tax -----------------------------------------------------------------------------------------------------


def currency(value: Any) -> str:
    """A currency as ISO has it: DM is DEM.  One without a fixed rate cannot be used."""
    text = str(value).strip().upper()
    if text not in _CURRENCIES:
        raise WrongError("currency_unknown")
    return _CURRENCIES[text]


def rate_to_eur(value: Any) -> Decimal:
    """How many of the currency make one euro."""
    return _RATES[currency(value)]


def to_eur(value: Any) -> Decimal | None:
    """(amount, currency) in euros, to the cent: DM divided by the official rate, rounded half up."""
    amount, word = value
    if amount is None or word is None:
        return None
    return (number(amount) / rate_to_eur(word)).quantize(_CENT, ROUND_HALF_UP)


def number(value: Any) -> Decimal:
    """A number, exact."""
    if isinstance(value, bool):
        raise WrongError("not_a_number")
    try:
        found = value if isinstance(value, Decimal) else Decimal(str(value))
    except ArithmeticError:
        raise WrongError("not_a_number") from None
    if not found.is_finite():
        raise WrongError("not_a_number")
    return found


def tax_rate(value: Any) -> Decimal | None:
    """(tax, day, amounts …): the rate in percent that was applied to the sum of the amounts.

    The rates of that day are tried first, since cents make others look possible; else it is what division gives.
    """
    tax, when, *amounts = value
    base = sum((number(amount) for amount in amounts if amount is not None), Decimal(0))
    if not tax or not base:
        return Decimal(0)
    paid = number(tax)
    held = vat_rates(when) if isinstance(when, date) else None
    for rate in held or ():
        if abs(base * rate / 100 - paid) <= Decimal("0.02"):
            return rate
    return (paid * 100 / base).quantize(_CENT, ROUND_HALF_UP)


# -- people and places -------------------------------------------------------------------------------------------------


@cache
def _territories() -> Mapping[str, str]:
    words: dict[str, str] = {}
    for language in ("en", "de"):
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha():
                words[name.upper()] = words[code] = code
    return {**words, **_ALPHA3, **_COUNTRY_WORDS}


def country(value: Any) -> str | None:
    """The two letters of a country written as two or three letters, plate, or name."""
    text = str(value).strip().upper()
    if not text:
        return None
    found = _territories().get(text)
    if found is None:
        raise WrongError("country_unknown")
    return found


def country_if_known(value: Any) -> Any:
    """As `country`, an unknown one being left out and reported."""
    try:
        return country(value)
    except WrongError as wrong:
        return Repaired(None, str(wrong))


def name(value: Any) -> str | None:
    """(company, first name, last name): the company, or the person's name."""
    company, first, last = (clean(part) if part is not None else None for part in value)
    return company or " ".join(part for part in (first, last) if part) or None


def tax_treatment(value: Any) -> str:
    """(country, VAT id): domestic, eu_business or export, as a form would propose it."""
    land, number_ = value
    return partner_rules.treatment_for(land or "DE", number_)


def joined(value: Any) -> str | None:
    """Parts put together with a blank, empty ones left out."""
    return " ".join(text for part in value if part is not None and (text := clean(part))) or None


def either(value: Any) -> bool:
    """Whether any of the parts is yes."""
    return any(bool(part) for part in value)


def subtract(value: Any) -> Decimal | None:
    """(a, b): a less b; none without a."""
    one, other = value
    return None if one is None else number(one) - (number(other) if other is not None else 0)


def yes(value: Any) -> bool:
    """A yes or no however it was stored."""
    if isinstance(value, bool):
        return value
    words = {"1": True, "0": False, "true": True, "false": False, "ja": True, "nein": False}
    try:
        return words[same_key(value).lower()]
    except KeyError:
        raise WrongError("not_a_flag") from None


def _pick(argument: Any, _tables: Mapping[str, Mapping[str, Any]]) -> Step:
    """One value of an object field, by its path: ``{pick: Coll.0.Preis}``."""
    parts = str(argument).split(".")

    def step(value: Any) -> Any:
        found = json_value(value)
        for part in parts:
            if isinstance(found, Mapping):
                found = found.get(part)
            elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
                found = found[int(part)]
            else:
                return None
        return found

    return step


def _is(argument: Any, _tables: Mapping[str, Mapping[str, Any]]) -> Step:
    """Whether the value is this one: ``{is: V}``."""
    return lambda value: same_key(value) == same_key(argument)


def _start(argument: Any, _tables: Mapping[str, Mapping[str, Any]]) -> Step:
    """The first signs of a text: ``{start: 12}``; unlike ``cut`` it is meant, and nothing is reported."""
    return lambda value: str(value)[: int(argument)].rstrip() or None


def _entry(argument: Any, _tables: Mapping[str, Mapping[str, Any]]) -> Step:
    """A value of the first item of a list that fits: ``{entry: {Art: Handel, get: VE}}``."""
    if not isinstance(argument, Mapping) or "get" not in argument or len(argument) < 2:
        raise ValueError(
            "the step entry needs what has to fit and what to get, as in {entry: {Art: Handel, get: VE}}"
        )
    wanted = [(name, same_key(value)) for name, value in argument.items() if name != "get"]

    def step(value: Any) -> Any:
        found = json_value(value)
        for item in found if isinstance(found, list) else ():
            if isinstance(item, Mapping) and all(same_key(item.get(name)) == fits for name, fits in wanted):
                return item.get(argument["get"])
        return None

    return step


def _word_of(argument: Any, tables: Mapping[str, Mapping[str, Any]]) -> Step:
    """The first word of a text that a table lists, translated by it: ``{word_of: colours}``."""
    if argument not in tables:
        raise ValueError(f"there is no table {argument!r} under tables")
    table = tables[argument]
    return lambda value: next((table[word] for word in str(value).split() if word in table), None)


PLAIN: Mapping[str, Step] = {
    "address_lines": lines,
    "clock": clock,
    "country": country,
    "country_if_known": country_if_known,
    "currency": currency,
    "date": day,
    "either": either,
    "email": email,
    "first_line": first_line,
    "flag": yes,
    "iban": iban,
    "joined": joined,
    "json": json_value,
    "key": key,
    "last_line": last_line,
    "lines_before_last": lines_before_last,
    "name": name,
    "not_zero": not_zero,
    "number": number,
    "rate_to_eur": rate_to_eur,
    "sku_base": sku_base,
    "sku_code": sku_code,
    "subtract": subtract,
    "tax_rate": tax_rate,
    "tax_treatment": tax_treatment,
    "text": clean,
    "to_eur": to_eur,
    "vat_id": vat_id,
}
MAKERS: Mapping[str, Maker] = {
    "entry": _entry,
    "is": _is,
    "pick": _pick,
    "start": _start,
    "word_of": _word_of,
}
