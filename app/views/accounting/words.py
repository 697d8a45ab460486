"""Words of accounting that several screens use."""

import datetime as dt
from typing import Any

from app.core.i18n import language, t
from app.services.accounting import preview
from app.services.accounting.preview import Note, Sum
from app.views.core.table_model import Column

AGREES = {True: ("ok", "datev.ok.true"), False: ("bad", "datev.ok.false")}


def month_words(day: dt.date) -> str:
    """November 2026."""
    return f"{t(f'accounting.month.{day.month}')} {day.year}"


def note_words(note: Note) -> str:
    """A finding as a sentence."""
    return t(f"datev.finding.{note.code}", **preview.told(note, language()))


def tax_words(row: Any) -> str:
    """The tax of a booking, of a sum or of an account."""
    return preview.tax_words(row.tax_category, row.tax_rate, language())


def figure_words(row: Sum) -> str:
    """What a sum is of."""
    return t(f"datev.figure.{row.figure}")


BOOKINGS = (
    Column("dated", "datev.column.dated", "date", 104),
    Column("number", "datev.column.number", "code", 140),
    Column(
        "words",
        "datev.column.words",
        "bold",
        240,
        stretch=True,
        text=lambda row: preview.words_of(row, language()),
    ),
    Column("account", "datev.column.account", "code", 84),
    Column("side", "datev.column.side", width=52, text=lambda row: t(f"datev.side.{row.side}")),
    Column("amount", "datev.column.amount", "money", 116),
    Column(
        "contra",
        "datev.column.contra",
        "code",
        96,
        text=lambda row: row.contra or t("accounting.missing"),
        tone=lambda row: None if row.contra else "bad",
    ),
    Column("tax_key", "datev.column.tax_key", "code", 60),
    Column("tax", "datev.column.tax", width=170, text=tax_words, value=tax_words),
    Column("due_date", "datev.column.due_date", "date", 104, hidden=True),
)
PROOF = (
    Column("figure", "datev.column.figure", "bold", 240, stretch=True, text=figure_words),
    Column("tax", "datev.column.tax", width=200, text=tax_words, value=tax_words),
    Column("documents", "datev.column.documents", "money", 140),
    Column("exported", "datev.column.exported", "money", 140),
    Column(
        "difference",
        "datev.column.difference",
        "money",
        120,
        tone=lambda row: "bad" if row.difference else None,
    ),
    Column("ok", "", "chip", 120, chips=AGREES, value=lambda row: not row.difference),
)
ACCOUNTS = (
    Column("account", "datev.column.account", "code", 100),
    Column("name", "datev.column.account_name", "bold", 260, stretch=True),
    Column("lines", "datev.column.lines", "number", 100),
    Column("debit", "datev.column.debit", "money", 130),
    Column("credit", "datev.column.credit", "money", 130),
    Column(
        "balance",
        "datev.column.balance",
        "money",
        130,
        value=lambda row: row.debit - row.credit,
    ),
)
PARTNERS = (
    Column("account", "datev.column.account", "code", 100),
    Column("number", "datev.column.partner_number", "code", 110),
    Column("name", "datev.column.partner", "bold", 260, stretch=True),
    Column("city", "datev.column.city", width=180),
    Column("country", "accounting.column.country", width=70),
    Column("vat_id", "datev.column.vat_id", "code", 150),
)
NOTES = (
    Column(
        "severity",
        "datev.column.severity",
        "chip",
        100,
        chips={"error": ("bad", "datev.severity.error"), "warning": ("warn", "datev.severity.warning")},
    ),
    Column("code", "datev.column.finding", "bold", 600, stretch=True, text=note_words, value=note_words),
)
