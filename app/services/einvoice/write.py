"""Writes an invoice as XML and builds one from what was read: both by the table of its language."""

import dataclasses
import datetime as dt
import types
import typing
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from app.services.einvoice.cii import CII
from app.services.einvoice.mapping import Reader, Syntax, Writer
from app.services.einvoice.model import Invoice, Profile
from app.services.einvoice.ubl import CREDIT_NOTE, INVOICE

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

READING = frozenset({"extended", "reading"})
# Any day will do: an invoice without its date is shown with a finding, never used.
NO_DAY = dt.date(1, 1, 1)


def for_profile(invoice: Invoice, profile: Profile) -> Invoice:
    """The invoice as this profile says it: with its identifiers, and without what it cannot carry."""
    extended = profile is Profile.ZUGFERD_EXTENDED
    why = (
        {(tax.category, tax.rate): (tax.reason, tax.reason_code) for tax in invoice.taxes} if extended else {}
    )

    def explained(thing: Any) -> Any:
        reason, code = why.get((thing.category, thing.rate), ("", ""))
        return dataclasses.replace(thing, exemption=reason, exemption_code=code)

    lines = tuple(explained(line) for line in invoice.lines)
    discounts = invoice.discounts
    if not extended:
        lines = tuple(dataclasses.replace(line, delivery_note=None) for line in lines)
        discounts = tuple(dataclasses.replace(discount, amount=None) for discount in discounts)
    return dataclasses.replace(
        invoice,
        guideline=profile.guideline,
        process=profile.process,
        discounts=discounts,
        lines=lines,
        allowances=tuple(explained(one) for one in invoice.allowances),
        charges=tuple(explained(one) for one in invoice.charges),
        advances=invoice.advances if extended else (),
    )


def syntax_of(invoice: Invoice, profile: Profile) -> tuple[Syntax, frozenset[str]]:
    """The language a profile is written in, and its variant."""
    if not profile.is_ubl:
        return CII, frozenset({"extended"} if profile is Profile.ZUGFERD_EXTENDED else ())
    return (CREDIT_NOTE, frozenset({"credit"})) if invoice.is_credit else (INVOICE, frozenset({"invoice"}))


def to_xml(invoice: Invoice, profile: Profile) -> bytes:
    """The invoice as an XML file, the same bytes for the same invoice."""
    from lxml import etree

    said = for_profile(invoice, profile)
    syntax, variant = syntax_of(said, profile)
    variables = {"currency": said.currency, "tax_currency": said.tax_currency}
    root = Writer(syntax, variables).write(said, variant)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def reader_for(root: "Element") -> Reader | None:
    """The document taken apart; None when it is no invoice in a known language."""
    for syntax, variant in (
        (CII, READING),
        (INVOICE, READING | {"invoice"}),
        (CREDIT_NOTE, READING | {"credit"}),
    ):
        if root.tag == syntax.name(syntax.root):
            return Reader(syntax, root, variant)
    return None


def build(cls: type[Any], fields: dict[str, Any], at: str, missing: list[str]) -> Any:
    """An object of the model from plain fields.

    A required field that was not given becomes empty, 0 or the first day of all, and its path is added to
    ``missing``: an invoice with faults can be shown, but is known to be faulty.
    """
    values: dict[str, Any] = {}
    for name, (inner, many, required) in _shape(typing.cast("typing.Any", cls)).items():
        path = f"{at}{name}"
        if name not in fields:
            if required:
                missing.append(path)
                values[name] = _nothing(inner, many, path)
            continue
        given = fields[name]
        if not dataclasses.is_dataclass(inner):
            values[name] = given
        elif many:
            values[name] = tuple(
                build(inner, one, f"{path}[{index}].", missing) for index, one in enumerate(given)
            )
        else:
            values[name] = build(inner, given, f"{path}.", missing)
    return cls(**values)


def _nothing(inner: type[Any], many: bool, path: str) -> Any:
    if many:
        return ()
    if dataclasses.is_dataclass(inner):
        return build(inner, {}, f"{path}.", [])
    return {Decimal: Decimal(0), dt.date: NO_DAY, int: 0}.get(inner, "")


@cache
def _shape(cls: Any) -> dict[str, tuple[type[Any], bool, bool]]:
    """Of a class, per field: the type it holds, whether several, whether it has to be given."""
    hints = typing.get_type_hints(cls)
    shape = {}
    for field in dataclasses.fields(cls):
        hint, many = hints[field.name], False
        arguments = typing.get_args(hint)
        if typing.get_origin(hint) is tuple:
            hint, many = arguments[0], True
        elif isinstance(hint, types.UnionType):
            hint = next(one for one in arguments if one is not type(None))
        shape[field.name] = (hint, many, field.default is dataclasses.MISSING)
    return shape
