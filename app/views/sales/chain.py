"""The chain quote, order, delivery, invoice, payment as cards over a form."""

from collections.abc import Container, Sequence
from dataclasses import replace
from decimal import Decimal

from app.core import format as fmt
from app.core.i18n import t
from app.services.sales.reads import ChainLink
from app.views.core.form_parts import ChainNode
from app.views.sales.states import BY_TYPE, ICONS, TOPICS, chip, draft_name

MOST = 6
FULL_TEXT = 4
ORDER = ("quote", "sales_order", "delivery", "invoice", "cancellation", "payment")


def next_node(document_type: str, text: str) -> ChainNode:
    """A document that is still to come."""
    return ChainNode(ICONS[document_type], t(f"sales.type.{document_type}"), text, "to_come")


def nodes(
    links: Sequence[ChainLink],
    here: tuple[str, int | None],
    to_come: Sequence[ChainNode] = (),
    openable: Container[str] = TOPICS.values(),
) -> tuple[ChainNode, ...]:
    """Cards from left to right; ``here`` is (type, id) of the document on screen, ``openable`` names the topics
    this person can open.

    Too many of them are gathered by kind, the one on screen never.
    """
    compact = len(links) + len(to_come) > FULL_TEXT
    kept = sorted(links, key=lambda link: (ORDER.index(link.document_type), link.document_id))
    if len(kept) + len(to_come) <= MOST:
        cards = [_card(link, here, compact) for link in kept]
    else:
        cards = []
        for kind in ORDER:
            several = [link for link in kept if link.document_type == kind]
            own = [link for link in several if _is_here(link, here)]
            others = [link for link in several if link not in own]
            cards += [_card(link, here, compact) for link in own]
            cards += (
                [_card(others[0], here, compact)]
                if len(others) == 1
                else [_several(others)]
                if others
                else []
            )
    cards = [card if card.topic in openable else replace(card, topic="", record_id=None) for card in cards]
    return (*cards, *to_come)


def _is_here(link: ChainLink, here: tuple[str, int | None]) -> bool:
    topic = TOPICS.get(link.document_type)
    return (topic, link.document_id) == (TOPICS.get(here[0]), here[1])


def _card(link: ChainLink, here: tuple[str, int | None], compact: bool) -> ChainNode:
    kind = link.document_type
    amount = f" · {fmt.money(link.amount)}" if link.amount is not None else ""
    text = t(f"sales.chain.{kind}", date=fmt.date_(link.document_date)) + amount
    title = draft_name(link.document_id, link.number)
    if kind == "payment":
        title = t("sales.type.payment")
    if kind == "payment" or compact:
        text = fmt.date_(link.document_date) + amount
    return ChainNode(
        ICONS[kind],
        title,
        text,
        "present" if _is_here(link, here) else "done",
        chip(BY_TYPE[kind], link.state),
        TOPICS.get(kind, ""),
        link.document_id if kind in TOPICS else None,
    )


def _several(links: Sequence[ChainLink]) -> ChainNode:
    kind = links[0].document_type
    numbers = ", ".join(draft_name(link.document_id, link.number) for link in links if link.number)
    known = [link.amount for link in links if link.amount is not None]
    text = numbers if kind != "payment" else fmt.money(sum(known, Decimal(0))) if known else ""
    return ChainNode(ICONS[kind], t(f"sales.types.{kind}", n=len(links)), text)
