"""Changes to customers and suppliers."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.errors import Invalid, NotAllowed
from app.models.base import Root
from app.models.partners import Address, Contact, Partner, PaymentTerm
from app.services import records
from app.services.catalog import rules as common
from app.services.partners import rules
from app.services.partners.commands import Child, SavePartner, SavePaymentTerm, SetCredit
from app.services.records import Saved

PARTNER = "partners.partner"
_CREDIT = ("credit_limit", "is_delivery_blocked", "block_reason")
_TERMS = ("price_list_id", "payment_term_id", "tax_treatment")
FIRST_CUSTOMER, FIRST_SUPPLIER = 10000, 70000


def save_partner(session: Session, command: SavePartner) -> Result[Saved]:
    """Create or change a partner with addresses and contacts in one transaction.

    What a new customer's terms are, when they are not given, the database decides.

    Raises `Invalid` for a value that breaks a rule, `Conflict` when somebody else changed the partner, one of the
    addresses or contacts meanwhile, `NotAllowed` when credit, delivery block or terms change without the right.
    """
    checked = rules.partner_values(command.values, new=command.id is None)
    credit = {key: checked.pop(key) for key in _CREDIT if key in checked}
    terms = {key: checked.pop(key) for key in _TERMS if key in checked}
    if command.id is None and not checked.get("number"):
        checked["number"] = next_number(session, supplier=not checked.get("is_customer", True))
    if command.id is None:
        partner = Partner(**checked)
        rules.check_whole(
            checked.get("is_customer", True),
            checked.get("is_supplier", False),
            terms.get("tax_treatment", "domestic"),
            checked.get("vat_id"),
        )
        session.add(partner)
    else:
        partner = records.find(session, Partner, command.id, command.row_version)
        treatment = terms.get("tax_treatment", partner.tax_treatment)
        if treatment != "eu_business" and terms:
            # Before the VAT id may go; the other way round it must be there first.
            _set_terms(session, partner, terms, command.command)
            terms = {}
        records.assign(partner, checked)
        rules.check_whole(partner.is_customer, partner.is_supplier, treatment, partner.vat_id)
        if not checked:
            records.touch(partner, "name")
    session.flush()
    if terms:
        _set_terms(session, partner, terms, command.command)
    _remove(session, Address, command.removed_addresses)
    _remove(session, Contact, command.removed_contacts)
    for child in command.addresses:
        _save_address(session, partner.id, child)
    for child in command.contacts:
        _save_child(session, Contact, partner.id, child, rules.contact_values(child.values), ("name",))
    session.flush()
    saved = _set_credit(session, partner, credit, command.command) if credit else partner.row_version
    return Result(Saved(partner.id, saved), changed((PARTNER, partner.id)))


@posting
def set_credit(session: Session, command: SetCredit) -> Result[Saved]:
    """Change credit limit and delivery block, in one round trip."""
    answer = call_api(
        session,
        "partner_credit_set",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_credit_limit=command.credit_limit,
        p_is_delivery_blocked=command.is_delivery_blocked,
        p_block_reason=command.block_reason,
    )
    return Result(Saved(answer["id"], answer["row_version"]), changed((PARTNER, command.id)))


def save_payment_term(session: Session, command: SavePaymentTerm) -> Result[Saved]:
    """Create or change a payment term."""
    values = dict(command.values)
    for key, limit in (("code", 20), ("name_de", 120), ("name_en", 120)):
        if key in values or command.id is None:
            values[key] = common.check_text(values.get(key), key, limit, required=True)
    for key in ("discount_pct", "discount2_pct"):
        if key in values:
            common.check_not_negative(values[key], key, 4)
    term = records.save(session, PaymentTerm, command.id, command.row_version, values)
    return Result(Saved(term.id, term.row_version), changed(("partners.payment_term", term.id)))


def next_number(session: Session, *, supplier: bool = False) -> str:
    """The next free number: customers from 10000, suppliers from 70000, as ledgers usually have them."""
    first = FIRST_SUPPLIER if supplier else FIRST_CUSTOMER
    highest = session.scalar(
        select(func.max(Partner.number)).where(
            Partner.number.regexp_match("^[0-9]{5}$"),
            Partner.number >= str(first),
            Partner.number <= str(99999 if supplier else FIRST_SUPPLIER - 1),
        )
    )
    return str(int(highest) + 1 if highest else first)


def _set_credit(session: Session, partner: Partner, credit: Mapping[str, Any], command: uuid.UUID) -> int:
    wanted = {key: credit.get(key, getattr(partner, key)) for key in _CREDIT}
    wanted["is_delivery_blocked"] = bool(wanted["is_delivery_blocked"])
    if not wanted["is_delivery_blocked"]:
        wanted["block_reason"] = None
    elif not wanted["block_reason"]:
        raise Invalid("delivery_block_needs_reason", column="block_reason")
    if all(getattr(partner, key) == value for key, value in wanted.items()):
        return partner.row_version
    _may(session, "partner_credit_set")
    answer = call_api(
        session,
        "partner_credit_set",
        p_command=command,
        p_id=partner.id,
        p_row_version=partner.row_version,
        **{f"p_{key}": value for key, value in wanted.items()},
    )
    return int(answer["row_version"])


def _set_terms(session: Session, partner: Partner, terms: Mapping[str, Any], command: uuid.UUID) -> None:
    wanted = {key: terms.get(key, getattr(partner, key)) for key in _TERMS}
    if all(getattr(partner, key) == value for key, value in wanted.items()):
        return
    _may(session, "partner_terms_set")
    call_api(
        session,
        "partner_terms_set",
        p_command=uuid.uuid5(command, "terms"),
        p_id=partner.id,
        p_row_version=partner.row_version,
        **{f"p_{key}": value for key, value in wanted.items()},
    )
    session.refresh(partner)


def _may(session: Session, right: str) -> None:
    """Say it by name instead of letting the statement fail."""
    rights = session.info.get("rights")
    if rights is not None and right not in rights:
        raise NotAllowed(right, right=right)


def _save_address(session: Session, partner_id: int, child: Child) -> None:
    values = rules.address_values(child.values)
    if values.get("is_default"):
        kind = values.get("kind") or (
            session.scalar(select(Address.kind).where(Address.id == child.id)) if child.id else "billing"
        )
        # One default of a kind: the new one takes the place of the old.
        session.execute(
            update(Address)
            .where(
                Address.partner_id == partner_id,
                Address.kind == kind,
                Address.is_default,
                Address.id != (child.id or 0),
            )
            .values(is_default=False)
        )
    _save_child(session, Address, partner_id, child, values, ("street", "postcode", "city"))


def _save_child(
    session: Session,
    model: type[Address] | type[Contact],
    partner_id: int,
    child: Child,
    values: dict[str, Any],
    required: tuple[str, ...],
) -> None:
    if child.id is None:
        for key in required:
            if not values.get(key):
                raise Invalid("required", column=key)
        session.add(model(partner_id=partner_id, **values))
        session.flush()
        return
    record = records.save(session, model, child.id, child.row_version, values)
    if record.partner_id != partner_id:
        raise Invalid("record_of_another_partner", column="id")


def _remove(session: Session, model: type[Root], removed: tuple[tuple[int, int], ...]) -> None:
    for record_id, row_version in removed:
        call_api(
            session,
            "discard_draft",
            p_command=uuid.uuid4(),
            p_table=records.topic_of(model),
            p_id=record_id,
            p_row_version=row_version,
        )
