"""Numbers, money and dates as people read and type them, by language; the one place for it."""

import re
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from app.core import i18n

NONE = "–"
MINUS = "−"
_LOCALES = {"de": Locale("de", "DE"), "en": Locale("en", "GB")}
_DATE = {"de": "dd.MM.yyyy", "en": "d MMM yyyy"}
_ENGLISH_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


# What is called otherwise when there is one of it, and when there are several: as units are called in lists of units.
_UNITS = {
    "de": (
        ("Satz", "Sätze"),
        ("Karton", "Kartons"),
        ("Packung", "Packungen"),
        ("Palette", "Paletten"),
        ("Rolle", "Rollen"),
        ("Stunde", "Stunden"),
        ("Tag", "Tage"),
    ),
    "en": (
        ("pc", "pcs"),
        ("piece", "pieces"),
        ("set", "sets"),
        ("pair", "pairs"),
        ("carton", "cartons"),
        ("box", "boxes"),
        ("pack", "packs"),
        ("pallet", "pallets"),
        ("roll", "rolls"),
        ("bag", "bags"),
        ("hour", "hours"),
        ("day", "days"),
        ("litre", "litres"),
        ("metre", "metres"),
    ),
}
_BY_UNIT = {lang: {word: pair for pair in pairs for word in pair} for lang, pairs in _UNITS.items()}


def _locale(lang: str | None) -> Locale:
    return _LOCALES[lang or i18n.language()]


def _signs(text: str) -> str:
    return text.replace("-", MINUS)


def money(
    value: Decimal | None, currency: str | None = "EUR", lang: str | None = None, places: int = 2
) -> str:
    """An amount with its places; with ``currency=None`` without its sign, for columns that name it in the head."""
    if value is None:
        return NONE
    if currency is None:
        return _signs(format_decimal(value, f"#,##0.{'0' * places}", locale=_locale(lang)))
    if places == 2:
        return _signs(format_currency(value, currency, locale=_locale(lang)))
    # Prices may have more places than the currency has.
    exact = round(value, places)
    return _signs(format_currency(exact, currency, locale=_locale(lang), decimal_quantization=False))


def number(value: Decimal | int | None, lang: str | None = None, places: int | None = None) -> str:
    """A number with grouping; ``places`` fixes the decimals, otherwise all significant ones are shown."""
    if value is None:
        return NONE
    pattern = "#,##0." + ("0" * places if places is not None else "#" * 9)
    return _signs(format_decimal(value, pattern.rstrip("."), locale=_locale(lang)))


def quantity(value: Decimal | int | None, unit: str = "", lang: str | None = None) -> str:
    """A quantity without trailing zeros, followed by its unit when given: 1 pc, 2 pcs."""
    text = number(value, lang)
    return f"{text} {counted(unit, value, lang)}" if unit and value is not None else text


def counted(unit: str, value: Decimal | int, lang: str | None = None) -> str:
    """What a unit is called behind so many; a word nobody knows another form of stays as it is."""
    one, many = _BY_UNIT[lang or i18n.language()].get(unit, (unit, unit))
    return one if abs(value) == 1 else many


def percent(value: Decimal | None, lang: str | None = None) -> str:
    """A percentage given as 18 for 18 %, spaced as the language wants it."""
    if value is None:
        return NONE
    space = "\u00a0" if (lang or i18n.language()) == "de" else ""
    return f"{number(value, lang)}{space}%"


def date_(value: date | None, lang: str | None = None) -> str:
    """A date: 20.11.2026 or 20 Nov 2026."""
    if value is None:
        return NONE
    return format_date(value, _DATE[lang or i18n.language()], locale=_locale(lang))


def date_time(value: datetime | None, lang: str | None = None, zone: tzinfo | None = None) -> str:
    """A point in time, shown in the local zone (or ``zone``) to the minute."""
    if value is None:
        return NONE
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    local = value.astimezone(zone)
    return format_datetime(
        local.replace(tzinfo=None), _DATE[lang or i18n.language()] + " HH:mm", locale=_locale(lang)
    )


def no_formula(text: str) -> str:
    """A text for a cell of a CSV file: what a spreadsheet would take for a formula stays text."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def parse_decimal(text: str, lang: str | None = None) -> Decimal:
    """Read a number as typed: grouping and decimal mark of the language, minus signs of either kind.

    Raises ValueError with the text key ``error.not_a_number`` when it is none (also NaN, infinity, exponents).
    """
    german = (lang or i18n.language()) == "de"
    group, mark = (".", ",") if german else (",", ".")
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace(MINUS, "-")
    if not re.fullmatch(rf"[+-]?\d+(?:\{group}\d{{3}})*(?:\{mark}\d*)?|[+-]?\{mark}\d+", plain, re.ASCII):
        if not re.fullmatch(r"[+-]?\d+\.\d+", plain, re.ASCII) or (
            german and re.fullmatch(r"[+-]?\d{1,3}\.\d{3}", plain)
        ):
            raise ValueError("error.not_a_number")
        group, mark = ",", "."
    try:
        return Decimal(plain.replace(group, "").replace(mark, "."))
    except InvalidOperation as error:
        raise ValueError("error.not_a_number") from error


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def parse_date(text: str) -> date:
    """Read a date as typed in either language: 20.11.2026, 20.11.26, 20 Nov 2026, 20/11/2026 or 2026-11-20.

    Two-digit years mean 2000 to 2099.  Raises ValueError with the text key ``error.not_a_date``.
    """
    plain = text.strip().lower()
    numbers: tuple[int, int, int] | None = None
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", plain):
        numbers = (int(found[1]), int(found[2]), int(found[3]))
    elif found := re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{2}|\d{4})", plain):
        numbers = (_year(found[3]), int(found[2]), int(found[1]))
    elif (found := re.fullmatch(r"(\d{1,2})\s+([a-z]{3})[a-z]*\.?\s+(\d{2}|\d{4})", plain)) and (
        found[2] in _ENGLISH_MONTHS
    ):
        numbers = (_year(found[3]), _ENGLISH_MONTHS.index(found[2]) + 1, int(found[1]))
    if numbers is None:
        raise ValueError("error.not_a_date")
    year, month, day = numbers
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError("error.not_a_date") from error
