"""Fields that share a text: Skonto in the terms of payment (BT-20) as XRechnung prescribes, notes and orders in UBL."""

import re
from decimal import Decimal
from typing import Any

from app.services.einvoice.mapping import NOT_XML

_LINE = re.compile(
    r"#SKONTO#TAGE=(?P<days>\d{1,4})#PROZENT=(?P<percent>\d{1,3}\.\d\d)(#BASISBETRAG=(?P<base>-?\d+\.\d\d))?#"
)


def pack_words(invoice: Any) -> str:
    """The words alone; their Skonto stands in fields of its own."""
    return NOT_XML.sub("", str(invoice.terms)).strip()


def pack_terms(invoice: Any) -> str:
    """The words, then one line for each Skonto, each with the line end the rule asks for."""
    words = pack_words(invoice)
    lines = []
    for discount in invoice.discounts:
        base = f"#BASISBETRAG={discount.base:.2f}" if discount.base is not None else ""
        lines.append(f"#SKONTO#TAGE={discount.days}#PROZENT={discount.percent:.2f}{base}#\n")
    return words + ("\n" if words and lines else "") + "".join(lines)


def unpack_terms(text: str) -> dict[str, Any]:
    """The words and each Skonto as fields of the model."""
    words, discounts = [], []
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match:
            base = Decimal(match["base"]) if match["base"] else None
            percent = Decimal(match["percent"])
            discounts.append({"days": int(match["days"]), "percent": percent, "base": base})
        elif line.strip():
            words.append(line.strip())
    return {"terms": "\n".join(words)} | ({"discounts": discounts} if discounts else {})


_SUBJECT = re.compile(r"#([A-Z]{3})#(.*)", re.DOTALL)


def pack_note(note: Any) -> str:
    """A note with its subject before it, as UBL says it."""
    text = NOT_XML.sub("", note.text).strip()
    return f"#{note.subject}#{text}" if note.subject else text


def unpack_note(text: str) -> dict[str, Any]:
    """Text and subject of a note."""
    match = _SUBJECT.fullmatch(text.strip())
    return {"subject": match[1], "text": match[2].strip()} if match else {"text": text.strip()}


_NO_ORDER = "NA"  # what UBL wants to read where only the seller's number of an order is known


def pack_order(invoice: Any) -> str:
    """The buyer's number of the order; UBL has none of the seller's without it."""
    order = NOT_XML.sub("", str(invoice.order)).strip()
    return order or (_NO_ORDER if invoice.sales_order else "")


def unpack_order(text: str) -> dict[str, Any]:
    """The buyer's number of the order."""
    return {} if text.strip() == _NO_ORDER else {"order": text.strip()}
