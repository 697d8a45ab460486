"""From a record to the mail with its documents: recipients, text and files, all to be changed before it goes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import format as fmt
from app.core.errors import Refused
from app.core.i18n import has_text, translate
from app.services.mail import texts
from app.services.mail.commands import MailFile

INVOICES = frozenset({"invoice", "down_payment", "partial", "final", "correction", "cancellation"})
MOST_AT_ONCE = 500


class Contact(NamedTuple):
    """Somebody at the partner's who has an address."""

    name: str
    role: str
    email: str


class Sender(NamedTuple):
    """An account mails can be sent by."""

    id: int
    name: str
    address: str
    own: bool
    max_mb: int


class Draft(NamedTuple):
    """A mail about a record as it is proposed; ``kind`` is that of the text."""

    kind: str
    topic: str
    record_id: int
    number: str
    partner: str
    language: str
    to: tuple[str, ...]
    contacts: tuple[Contact, ...]
    subject: str
    body: str
    files: tuple[MailFile, ...]
    more: tuple[MailFile, ...]
    """Files beside the record that may go with it."""


class Prepared(NamedTuple):
    """Mails to be sent, in the order asked for; ``missing`` are records nothing is archived for."""

    drafts: tuple[Draft, ...]
    senders: tuple[Sender, ...]
    missing: tuple[int, ...]


# What a text can say of a record: reference, total, currency, due, contact_id, level.  One read for all.
VALUES: dict[str, str] = {
    "sales.quote": "SELECT h.id, h.customer_reference AS reference, h.gross_amount AS total, h.currency,"
    " h.valid_until AS due, h.contact_id, NULL::int AS level FROM sales.quote h WHERE h.id = ANY (:ids)",
    "sales.sales_order": "SELECT h.id, h.customer_reference AS reference, h.gross_amount AS total, h.currency,"
    " h.requested_date AS due, h.contact_id, NULL::int AS level FROM sales.sales_order h WHERE h.id = ANY (:ids)",
    "sales.delivery": "SELECT h.id, o.customer_reference AS reference, NULL::numeric AS total, o.currency,"
    " NULL::date AS due, o.contact_id, NULL::int AS level"
    " FROM sales.delivery h JOIN sales.sales_order o ON o.id = h.sales_order_id WHERE h.id = ANY (:ids)",
    "sales.invoice": "SELECT h.id, o.customer_reference AS reference, h.gross_amount - h.prepaid_amount AS total,"
    " h.currency, h.due_date AS due, o.contact_id, NULL::int AS level"
    " FROM sales.invoice h JOIN sales.sales_order o ON o.id = h.sales_order_id WHERE h.id = ANY (:ids)",
    "sales.reminder": "SELECT h.id, NULL::text AS reference, h.total_amount AS total, h.currency,"
    " h.pay_until AS due, NULL::bigint AS contact_id, h.level FROM sales.reminder h WHERE h.id = ANY (:ids)",
    "purchasing.purchase_order": "SELECT h.id, h.supplier_reference AS reference, NULL::numeric AS total,"
    " h.currency, h.expected_date AS due, NULL::bigint AS contact_id, NULL::int AS level"
    " FROM purchasing.purchase_order h WHERE h.id = ANY (:ids)",
}
_PAPERS = text("""
SELECT i.record_id, i.id, i.kind, i.number, i.format, i.file_name, i.size, i.dated, i.language, i.recipient,
       i.partner_id, p.name AS partner, p.language AS speaks, p.email,
       CASE WHEN p.electronic_address_scheme = 'EM' THEN p.electronic_address END AS invoices_to
  FROM documents.issued i LEFT JOIN partners.partner p ON p.id = i.partner_id
 WHERE i.topic = :topic AND i.record_id = ANY (:ids) AND i.kind = ANY (:kinds)
 ORDER BY i.record_id, i.id
""")
_BESIDE = text("""
SELECT a.record_id, a.id, a.name, v.size
  FROM documents.attachment a JOIN documents.attachment_version v ON v.attachment_id = a.id AND v.version = a.version
 WHERE a.topic = :topic AND a.record_id = ANY (:ids) AND a.state = 'current' ORDER BY a.record_id, lower(a.name)
""")
_CONTACTS = text("""
SELECT c.partner_id, c.id, c.salutation, c.name, coalesce(c.role, ''), btrim(c.email)
  FROM partners.contact c
 WHERE c.partner_id = ANY (:partners) AND btrim(coalesce(c.email, '')) <> ''
 ORDER BY c.partner_id, c.name
""")
_TEMPLATES = text("""
SELECT t.kind, t.language, t.partner_id, t.subject, t.body
  FROM mail.template t WHERE t.kind = ANY (:kinds) AND (t.partner_id IS NULL OR t.partner_id = ANY (:partners))
""")
_HOUSE = text("""
SELECT c.name, coalesce(nullif(c.contact_email, ''), c.email), coalesce(nullif(c.contact_phone, ''), c.phone),
       (SELECT p.person FROM sec.people() p WHERE p.login = session_user)
  FROM system.company c
""")
_SENDERS = text("""
SELECT a.id, a.name, a.sender_address, a.owner <> '', a.max_mb FROM mail.account a
 WHERE a.kind = 'outgoing' AND a.is_active ORDER BY a.owner = '', lower(a.name), a.id
""")


def senders(session: Session) -> tuple[Sender, ...]:
    """The accounts the person may send by: his own first."""
    return tuple(Sender(*row) for row in session.execute(_SENDERS))


def prepare(session: Session, kind: str, topic: str, record_ids: Sequence[int]) -> Prepared:
    """The mails these records would go out with; what is attached is what the archive holds of them.

    Refused mail_too_many for more than 500, mail_nothing_archived when there is nothing to send.
    """
    ids = list(dict.fromkeys(record_ids))
    if len(ids) > MOST_AT_ONCE:
        raise Refused("mail_too_many", most=MOST_AT_ONCE)
    kinds = sorted(INVOICES) if kind in INVOICES else [kind]
    asked = {"topic": topic, "ids": ids}
    papers: dict[int, list[Any]] = {}
    for row in session.execute(_PAPERS, {**asked, "kinds": kinds}):
        papers.setdefault(row.record_id, []).append(row)
    if not papers:
        raise Refused("mail_nothing_archived")
    beside: dict[int, list[MailFile]] = {}
    for record_id, file_id, name, size in session.execute(_BESIDE, asked):
        beside.setdefault(record_id, []).append(MailFile(name, size, attachment_id=file_id))
    known = (
        {row.id: row for row in session.execute(text(VALUES[topic]), {"ids": ids})} if topic in VALUES else {}
    )
    partners = sorted(
        {row.partner_id for rows in papers.values() for row in rows if row.partner_id is not None}
    )
    contacts: dict[int, list[Any]] = {}
    for contact in session.execute(_CONTACTS, {"partners": partners}):
        contacts.setdefault(contact[0], []).append(contact)
    text_kinds = {
        record_id: _text_kind(rows[-1].kind, known.get(record_id)) for record_id, rows in papers.items()
    }
    found = session.execute(_TEMPLATES, {"kinds": sorted(set(text_kinds.values())), "partners": partners})
    templates = {(row.kind, row.language, row.partner_id): (row.subject, row.body) for row in found}
    house = session.execute(_HOUSE).one()
    drafts = []
    for record_id in ids:
        rows = papers.get(record_id)
        if rows:
            people = contacts.get(rows[-1].partner_id, [])
            text_kind, value = text_kinds[record_id], known.get(record_id)
            more = tuple(beside.get(record_id, ()))
            drafts.append(_draft(text_kind, topic, rows, value, people, templates, house, more))
    missing = tuple(record_id for record_id in ids if record_id not in papers)
    return Prepared(tuple(drafts), senders(session), missing)


def _text_kind(kind: str, value: Any) -> str:
    return f"reminder_{value.level}" if kind == "reminder" and value is not None and value.level else kind


def _draft(
    kind: str,
    topic: str,
    rows: Sequence[Any],
    value: Any,
    people: Sequence[Any],
    templates: Mapping[tuple[str, str, int | None], tuple[str, str]],
    house: Any,
    more: tuple[MailFile, ...],
) -> Draft:
    newest = rows[-1]
    language = newest.speaks or newest.language
    # Of what is issued again and again (an order to a supplier) the last one of each format counts.
    last = {row.format: row for row in rows}
    files = tuple(MailFile(row.file_name, row.size, issued_id=row.id) for row in last.values())
    chosen = next((one for one in people if value is not None and one[1] == value.contact_id), None)
    # Where a customer wants invoices is said at the customer and goes before everybody there.
    invoices_to = (newest.invoices_to or "").strip() if newest.kind in INVOICES else ""
    if invoices_to and chosen is not None and chosen[5].lower() != invoices_to.lower():
        chosen = None  # nobody is greeted by name in a mailbox that may be everybody's
    to = invoices_to or (chosen[5] if chosen is not None else (newest.email or "").strip())
    if not to and people:
        chosen, to = people[0], people[0][5]
    general = (invoices_to, (newest.email or "").strip())
    subject, body = (
        templates.get((kind, language, newest.partner_id))
        or templates.get((kind, language, None))
        or ("{kind} {number}", "")
    )
    said = _values(newest, kind, value, chosen, house, language)
    return Draft(
        kind,
        topic,
        newest.record_id,
        newest.number,
        newest.partner or newest.recipient,
        language,
        (to,) if to else (),
        tuple(Contact(one[3], one[4], one[5]) for one in people)
        + tuple(Contact(newest.partner, "", one) for one in dict.fromkeys(general) if one),
        texts.in_one_line(texts.fill(subject, said)),
        texts.fill(body, said),
        files,
        more,
    )


def _values(paper: Any, kind: str, value: Any, contact: Any, house: Any, language: str) -> dict[str, str]:
    name, email, phone, person = house
    total: Decimal | None = None if value is None else value.total
    due: dt.date | None = None if value is None else value.due
    return {
        "number": paper.number,
        "date": fmt.date_(paper.dated, language),
        "kind": kind_words(kind, language),
        "recipient": paper.partner or paper.recipient,
        "salutation": salutation(contact[2] if contact else None, contact[3] if contact else "", language),
        "company": name,
        "sender": person or name,
        "sender_email": email,
        "sender_phone": phone,
        "reference": (value.reference if value is not None else None) or "",
        "total": "" if total is None else fmt.money(total, value.currency, language),
        "due": "" if due is None else fmt.date_(due, language),
    }


def kind_words(kind: str, language: str) -> str:
    """A kind of document in words."""
    key = f"mail.kind.{kind}"
    return translate(language, key if has_text(key) else f"paper.kind.{kind}")


def salutation(title: str | None, name: str, language: str) -> str:
    """How somebody is addressed; everybody when nobody is known."""
    family = name.rsplit(maxsplit=1)[-1] if name.split() else ""
    word = (title or "").strip().rstrip(".").lower()
    if family and word in ("frau", "mrs", "ms", "miss", "madam"):
        return translate(language, "mail.salutation.woman", name=family)
    if family and word in ("herr", "mr", "sir"):
        return translate(language, "mail.salutation.man", name=family)
    if name.strip() and word:
        return translate(language, "mail.salutation.person", name=name.strip())
    return translate(language, "mail.salutation.all")


def sample(language: str) -> dict[str, str]:
    """Values to look at a text with."""
    day = dt.date(2026, 11, 23)
    house = ("Werkbank GmbH", "info@example.com", "+49 30 1234567", "Miriam Vogel")
    german = language == "de"
    return {
        "number": "RE-2026-00042",
        "date": fmt.date_(day, language),
        "kind": kind_words("invoice", language),
        "recipient": "Musterkunde AG" if german else "Sample Customer Ltd",
        "salutation": salutation("Frau" if german else "Ms", "Vera Muster", language),
        "company": house[0],
        "sender": house[3],
        "sender_email": house[1],
        "sender_phone": house[2],
        "reference": "PO 4711",
        "total": fmt.money(Decimal("1190.00"), "EUR", language),
        "due": fmt.date_(day + dt.timedelta(days=14), language),
    }
