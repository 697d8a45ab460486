"""Values of form fields and line cells as text, and back: one place decides how each kind is shown and typed."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.core import format as fmt
from app.core.errors import AppError
from app.core.i18n import has_text, language, t
from app.services.validation import Rules

NUMERIC = ("number", "quantity", "money", "percent", "digits")
LARGEST = Decimal(10) ** 12
_PLACES = {"money": 2, "digits": 0}
# As the database writes them into a refusal.
_DAY, _MONTH = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d")


def show(kind: str, value: Any, *, places: int | None = None, unit: str = "", editing: bool = False) -> str:
    """The text of a value.  While ``editing``, nothing is added that the user would have to type around."""
    if value is None or value == "":
        return "" if editing else fmt.NONE
    match kind:
        case "money":
            if unit and not editing:
                return fmt.money(value, "EUR" if unit == "€" else unit, places=money_places(value, places))
            if editing or places is not None:
                return fmt.number(value, places=money_places(value, places))
            return fmt.money(value)
        case "percent":
            return fmt.number(value, places=places) if editing else fmt.percent(value)
        case "number" | "quantity":
            text = fmt.number(value, places=places if kind == "number" else None)
            return f"{text} {unit}" if unit and not editing else text
        case "date":
            return fmt.date_(value)
        case "time":
            return fmt.date_time(value)
        case "check":
            return t("form.yes") if value else t("form.no")
    return str(value)


def money_places(value: Any, most: int | None) -> int:
    """How many decimals an amount is shown with: two, and more only where it has them and may have them."""
    exponent = Decimal(value).normalize().as_tuple().exponent
    return max(2, min(-exponent if isinstance(exponent, int) else 0, 2 if most is None else most))


def read(kind: str, text: str, *, places: int | None = None) -> Any:
    """The value of what was typed; empty text is None.  Raises ValueError with a text key when it is none.

    Numbers keep at most ``places`` decimals (money 2, quantities and percentages 3 when not told): typing more is
    an error, never silently rounded; of ``digits`` there are none. A secret stays as it was typed, blanks and all.
    """
    if kind == "secret":
        return text or None
    plain = text.strip()
    if not plain:
        return None
    if kind in NUMERIC:
        number = fmt.parse_decimal(plain.removesuffix("%").removesuffix("€").strip())
        limit = places if places is not None else _PLACES.get(kind, 3)
        if abs(number) >= LARGEST:
            raise ValueError("error.number_too_large")
        if number != round(number, limit):
            raise ValueError("error.too_many_decimals")
        return number
    if kind == "date":
        return fmt.parse_date(plain)
    return text if kind == "multiline" else plain


def range_problem(value: Any, minimum: Decimal | None, above: Decimal | None, maximum: Decimal | None) -> str:
    """What is wrong with the size of a number, in words; empty when nothing is, and for what is no number."""
    if not isinstance(value, Decimal):
        return ""
    if minimum is not None and value < minimum:
        return t("error.too_small", limit=show("number", minimum))
    if above is not None and value <= above:
        return t("error.not_above", limit=show("number", above))
    if maximum is not None and value > maximum:
        return t("error.too_large", limit=show("number", maximum))
    return ""


def in_words(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a message as the language writes them; what identifies a record stays as it is."""
    words: dict[str, Any] = {}
    for name, value in params.items():
        counts = isinstance(value, int) and not isinstance(value, bool) and not _identifies(name)
        if isinstance(value, Decimal | float) or (counts and name != "n"):
            words[name] = _figure(value)
        elif isinstance(value, datetime):
            words[name] = fmt.date_time(value)
        elif isinstance(value, date):
            words[name] = fmt.date_(value)
        elif isinstance(value, list | tuple):
            # Between numbers a semicolon: a comma may be within them.
            figures = any(isinstance(item, int | float | Decimal) for item in value)
            words[name] = ("; " if figures else ", ").join(_figure(item) for item in value)
        elif isinstance(value, str) and _DAY.fullmatch(value):
            words[name] = fmt.date_(date.fromisoformat(value))
        elif name == "month" and _MONTH.fullmatch(str(value)):
            words[name] = f"{t(f'accounting.month.{int(value[5:])}')} {value[:4]}"
        elif name in ("role", "other") and has_text(f"role.{value}"):
            words[name] = t(f"role.{value}")
        else:
            words[name] = value
    return words


def _figure(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    return fmt.number(Decimal(str(value)))


def _identifies(name: str) -> bool:
    return name in ("id", "year", "version", "row_version", "pid", "port") or name.endswith("_id")


def broken_rules(rules: Rules, values: Mapping[str, Any]) -> dict[str, str]:
    """What a form must mark, by field, of rules that imports ask too; empty when all hold."""
    found: dict[str, str] = {}
    for finding in rules.check(values):
        if finding.is_error:
            found.setdefault(finding.field, finding.words(language()))
    return found


def error_text(error: AppError) -> str:
    """What an error says to the user: its own text, or the general one of its class."""
    key = f"error.{error.key}"
    if not has_text(key):
        key = f"error.{type(error).general}"
    return t(key, **in_words({"key": error.key, **error.params}))
