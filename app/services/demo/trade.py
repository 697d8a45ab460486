"""Quotes, orders, deliveries, invoices, payments and work orders of the demo company's last weeks.

Every document is made by the services the windows use, by the person whose job it is.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import NotAllowed
from app.models.inventory import Place
from app.models.production import WorkOrder
from app.models.sales import Quote, SalesOrder
from app.services.approvals.commands import Decide
from app.services.approvals.writes import decide
from app.services.demo.house import House, command_id
from app.services.production.commands import (
    CompleteWorkOrder,
    CreateWorkOrders,
    PlannedOrder,
    StartWorkOrder,
)
from app.services.production.reads import scrap_reasons
from app.services.production.writes import complete_work_order, create_work_orders, start_work_order
from app.services.records import Saved
from app.services.sales.commands import (
    CancelSalesOrder,
    ConfirmSalesOrder,
    ConvertQuote,
    IssueQuote,
    Pick,
    PostInvoice,
    PostPayment,
    RejectQuote,
    RequestApproval,
    RequestCreditApproval,
    SaveQuote,
    SaveSalesOrder,
    ShipDelivery,
)
from app.services.sales.drafts import save_quote, save_sales_order
from app.services.sales.forms import propose_for_customer, propose_lines
from app.services.sales.reads import payment_proposal
from app.services.sales.shipping import shipping_form
from app.services.sales.writes import (
    Confirmed,
    cancel_sales_order,
    confirm_sales_order,
    convert_quote,
    issue_quote,
    post_invoice,
    post_payment,
    reject_quote,
    request_approval,
    request_credit_approval,
    ship_delivery,
)
from app.services.system.commands import AddNote
from app.services.system.writes import add_note

ZERO = Decimal(0)


@dataclass(frozen=True)
class Deal:
    """A piece of business.  ``lines`` are (SKU, quantity, discount %); ``days`` is how long ago it began.

    ``ship`` is the share of each line that was shipped; ``paid``: "" not, "discount" with Skonto, "full".
    """

    ref: str
    customer: int
    days: int
    lines: tuple[tuple[str, int, int], ...]
    seller: str = "u_miriam"
    due: int = 10
    ship: tuple[str, ...] = ()
    invoice: bool = False
    paid: str = ""
    end: str = ""
    remark: str | None = None


QUOTES = (
    Deal("Advent 2026", 10002, 2, (("12300-BE", 48, 0), ("12305-BE", 48, 0), ("12310-BE", 48, 5)), end="draft"),
    Deal("Mail vom Montag", 10027, 4, (("11400-BE", 24, 0), ("11430-BE", 12, 0), ("14105-BE", 36, 0)), end="issued"),
    Deal("Musterbestellung", 10034, 6, (("12400-BE", 30, 8), ("12405-BE", 12, 8)), end="issued"),
    Deal("Ostern 2027", 10015, 9, (("16100-BE", 60, 10), ("16105-BE", 24, 10), ("16120-BE", 36, 10)), end="issued"),
    Deal("Sonderrabatt Messe", 10009, 1, (("12900", 120, 18), ("90100", 4, 15)), end="asked"),
    Deal("Telefon 14.", 10019, 16, (("17135-BE", 6, 0), ("17135-OX", 6, 0)), end="rejected"),
    Deal("Anfrage Vitrine", 10007, 12, (("HW-330", 2, 0), ("18100-BE", 24, 0)), end="issued"),
)  # fmt: skip
ORDERS = (
    Deal("ZR-26/288", 10001, 29, (("11400-BE", 24, 0), ("12100-BE", 36, 0), ("14100-BE", 12, 5)),
         ship=("1",), invoice=True, paid="discount"),
    Deal("4500017733", 10005, 27, (("17100-BE", 6, 0), ("17110-BE", 12, 0), ("17130-BE", 4, 0)),
         ship=("1",), invoice=True, paid="full"),
    Deal("WH-1192", 10002, 25, (("12600-BE", 8, 10), ("12605-BE", 10, 10), ("12200-BE", 48, 10)),
         ship=("0.5", "1"), invoice=True),
    Deal("B-2026-77", 10028, 22, (("11410-BE", 24, 0), ("11420-BE", 24, 0)), ship=("1",), invoice=True, paid="full"),
    Deal("PO 88104", 10033, 20, (("17120-BE", 12, 5), ("17115-BE", 12, 5), ("HW-320", 12, 0)),
         ship=("1",), invoice=True),
    Deal("GW-40117", 10009, 18, (("12100-BE", 60, 12), ("15100-BE", 48, 12), ("18100-BE", 72, 12)),
         ship=("1",), invoice=True, paid="discount"),
    Deal("Tel. Hr. Lutz", 10008, 15, (("17105-BE", 4, 0), ("17125-BE", 2, 0)), ship=("1",), invoice=True),
    Deal("WCK-311", 10026, 14, (("13900", 6, 8), ("14105-BE", 48, 8), ("12500-BE", 36, 8)), ship=("0.5",),
         invoice=True),
    Deal("SW 2026/44", 10015, 11, (("19110-BE", 12, 0), ("19105-BE", 24, 0), ("19100-BE", 36, 0)), ship=("1",)),
    Deal("K-00912", 10018, 9, (("12300-BE", 24, 5), ("11400-OX", 12, 5), ("14100-OX", 24, 5)), ship=("0.5",)),
    Deal("Filiale Altmarkt", 10010, 7, (("12400-BE", 24, 10), ("12405-BE", 10, 10), ("15105-BE", 48, 10)), due=6),
    Deal("TS-5521", 10025, 6, (("11440-BE", 24, 0), ("19120-BE", 24, 0)), due=9),
    Deal("Weihnachtsmarkt", 10023, 5, (("12900", 24, 5), ("12910", 18, 5), ("11900", 8, 0)), due=12,
         remark="Bitte bruchsicher verpacken, Standaufbau am Vortag."),
    Deal("NL-26-1187", 10030, 4, (("17135-BE", 60, 0), ("17130-BE", 48, 0)), due=21),
    Deal("DK 4471", 10035, 3, (("15110-BL", 60, 0), ("14110-BE", 36, 0)), due=14),
    Deal("Herbstliste", 10012, 3, (("17110-BE", 24, 0), ("17115-BE", 24, 0), ("17105-OX", 6, 0)), "u_jana", due=8),
    Deal("Webanfrage 311", 10037, 2, (("13900", 1, 0),), "u_clara", due=5),
    Deal("Storno siehe Mail", 10017, 8, (("17130-OX", 6, 0),), end="cancelled"),
    Deal("Nachbestellung", 10004, 1, (("11425-BE", 12, 0), ("14115-BE", 24, 0)), due=14, end="draft"),
    Deal("Sammelauftrag KW 48", 10014, 0, (("12100-BE", 48, 5), ("12200-BE", 48, 5), ("12500-BE", 48, 5)),
         due=9, end="draft"),
)  # fmt: skip


@dataclass
class _Desk:
    """One deal while it is being worked on."""

    house: House
    deal: Deal
    order: Saved = field(default_factory=lambda: Saved(0, 0))

    @property
    def customer(self) -> int:
        return self.house.ids("partners.partner", "number")[str(self.deal.customer)]

    def command(self, *words: object) -> UUID:
        """The key of a posting of this deal."""
        return command_id(self.deal.ref, *words)

    def draft(self, *, quote: bool) -> Saved:
        """The draft, with prices and texts as the form proposes them."""
        house, deal = self.house, self.deal
        on = house.day(-deal.days)
        seller = house.person(deal.seller)
        start = seller.read(propose_for_customer, self.customer)
        ids = house.products()
        price_list = start.price_list_id or house.ids("catalog.price_list", "code")["HANDEL"]
        warehouse = house.ids("inventory.warehouse", "code")["HL"]
        wanted = [(ids[sku], Decimal(qty)) for sku, qty, _ in deal.lines]
        proposals = seller.read(
            propose_lines, wanted, price_list, on, warehouse, self.customer, start.language
        )
        values: dict[str, Any] = {
            "customer_id": self.customer,
            "contact_id": start.contact_id,
            "delivery_address_id": start.delivery_address_id,
            "warehouse_id": warehouse,
            "price_list_id": price_list,
            "payment_term_id": start.payment_term_id,
            "customer_reference": deal.ref,
            "remark": deal.remark,
        }
        if quote:
            values |= {"quote_date": on, "valid_until": on + timedelta(days=30)}
        else:
            values |= {"order_date": on, "requested_date": house.day(deal.due)}
        lines = [
            {
                "product_id": p.product_id,
                "description": p.description,
                "qty": p.qty,
                "unit_price": p.list_price if p.list_price is not None else ZERO,
                "tax_rate": p.tax_rate,
                "discount_pct": Decimal(discount),
            }
            for p, (_, _, discount) in zip(proposals, deal.lines, strict=True)
        ]
        if quote:
            return house.post(deal.seller, save_quote, SaveQuote(None, None, values, lines))
        return house.post(deal.seller, save_sales_order, SaveSalesOrder(None, None, values, lines))


def quotes(house: House) -> None:
    """Quotes in every state."""
    for deal in QUOTES:
        if house.exists(Quote, Quote.customer_reference == deal.ref):
            continue
        desk = _Desk(house, deal)
        draft = desk.draft(quote=True)
        if deal.end == "asked":
            ask = RequestApproval(
                "quote", draft.id, "Stammkunde, Messeaktion über vier Paletten", command=desk.command("ask")
            )
            house.post(deal.seller, request_approval, ask)
        elif deal.end != "draft":
            issue = IssueQuote(draft.id, draft.row_version, command=desk.command("issue"))
            issued = house.post(deal.seller, issue_quote, issue)
            if deal.end == "rejected":
                reject = RejectQuote(
                    issued.id,
                    issued.row_version,
                    reason="Budget für dieses Jahr verplant",
                    command=desk.command("reject"),
                )
                house.post(deal.seller, reject_quote, reject)


def orders(house: House) -> None:
    """Orders in every state, some with deliveries, invoices and payments."""
    for number, deal in enumerate(ORDERS):
        if house.exists(SalesOrder, SalesOrder.customer_reference == deal.ref):
            continue
        desk = _Desk(house, deal)
        if number % 3 == 0 and deal.end != "draft":
            draft = desk.draft(quote=True)
            issued = house.post(
                deal.seller,
                issue_quote,
                IssueQuote(draft.id, draft.row_version, command=desk.command("issue")),
            )
            convert = ConvertQuote(issued.id, issued.row_version, command=desk.command("convert"))
            desk.order = house.post(deal.seller, convert_quote, convert)
        else:
            desk.order = desk.draft(quote=False)
        if deal.end == "draft":
            continue
        confirmed = _confirm(desk)
        desk.order = Saved(confirmed.id, confirmed.row_version)
        if deal.end == "cancelled":
            cancel = CancelSalesOrder(
                confirmed.id, confirmed.row_version, reason="Doppelt bestellt", command=desk.command("cancel")
            )
            house.post(deal.seller, cancel_sales_order, cancel)
            continue
        deliveries = [_ship(desk, Decimal(share), trip) for trip, share in enumerate(deal.ship)]
        if deal.invoice:
            for delivery in deliveries:
                _invoice(desk, delivery)
    _notes(house)


def _confirm(desk: _Desk) -> Confirmed:
    """Confirm the order; above the credit limit finance is asked first."""
    house, deal = desk.house, desk.deal
    order = ConfirmSalesOrder(desk.order.id, desk.order.row_version, command=desk.command("confirm"))
    try:
        return house.post(deal.seller, confirm_sales_order, order)
    except NotAllowed as refusal:
        if refusal.key != "credit_limit_exceeded":
            raise
    wish = RequestCreditApproval(desk.order.id, "Stammkunde, zahlt immer pünktlich", desk.command("credit"))
    request = house.post(deal.seller, request_credit_approval, wish)
    house.post("u_franziska", decide, Decide(request, True, "In Ordnung", desk.command("credit yes")))
    return house.post(deal.seller, confirm_sales_order, order)


def _ship(desk: _Desk, share: Decimal, trip: int) -> int:
    """Ship a share of what is open, as the picking list proposes it; returns the delivery."""
    house = desk.house
    carrier = "u_tom" if trip % 2 == 0 else "u_karin"
    form = house.person(carrier).read(shipping_form, desk.order.id)
    left = {line.line_id: (line.qty_open * share).to_integral_value() for line in form.lines}
    picks = []
    for pick in form.picks:
        qty = min(pick.qty, left[pick.line_id])
        if qty > 0:
            left[pick.line_id] -= qty
            picks.append(Pick(pick.line_id, qty, pick.place_id, pick.lot_id))
    command = ShipDelivery(
        desk.order.id, desk.order.row_version, tuple(picks), command=desk.command("ship", trip)
    )
    shipped = house.post(carrier, ship_delivery, command)
    desk.order = Saved(desk.order.id, shipped.sales_order_row_version)
    return shipped.id


def _invoice(desk: _Desk, delivery: int) -> None:
    house, deal = desk.house, desk.deal

    def version(session: Session) -> int:
        return session.scalars(select(SalesOrder.row_version).where(SalesOrder.id == desk.order.id)).one()

    clerk = house.person("u_franziska")
    invoice = house.post(
        "u_franziska",
        post_invoice,
        PostInvoice(
            desk.order.id, clerk.read(version), (delivery,), command=desk.command("invoice", delivery)
        ),
    )
    if deal.paid:
        asked = clerk.read(payment_proposal, invoice.id, house.today)
        discount = deal.paid == "discount" and asked.use_discount
        payment = PostPayment(
            invoice.id,
            asked.row_version,
            asked.amount if discount else asked.open_amount,
            house.today,
            discount,
            deal.ref,
            command=desk.command("pay", delivery),
        )
        house.post("u_franziska", post_payment, payment)


def _notes(house: House) -> None:
    """A few remarks, as people leave them."""
    partners, products = house.ids("partners.partner", "number"), house.products()
    remarks = (
        ("u_miriam", "partners.partner", partners["10001"], "Krippe bitte immer bruchsicher, Frau Sommer per Mail."),
        ("u_clara", "partners.partner", partners["10009"], "Lieferavis zwei Tage vorher an das Zentrallager."),
        ("u_franziska", "partners.partner", partners["10022"], "Dritte Mahnung ist raus, nur gegen Vorkasse."),
        ("u_mia", "catalog.product", products["11400-BE"], "Zur Messe nachlegen, Bild für den Katalog erneuern."),
        ("u_quirin", "catalog.product", products["12600-BE"], "Flügelrad auf Leichtgang prüfen, zwei Rückläufer."),
    )  # fmt: skip
    for login, topic, record_id, body in remarks:
        house.post(login, add_note, AddNote(topic, record_id, body))


# SKU, quantity, days from now to start and to end, how far: "" released, started, part, done
MAKE = (
    ("12300-BL", 80, -9, -7, "done"),
    ("17135-BL", 60, -6, -4, "done"),
    ("17130-BL", 40, -5, -3, "part"),
    ("12300-BE", 60, -3, 1, "started"),
    ("11410-BE", 48, -1, 2, "started"),
    ("14100-BE", 120, 1, 3, ""),
    ("14100-BL", 100, 1, 2, ""),
    ("17135-BE", 60, 2, 6, ""),
    ("RM-010", 100, 3, 4, ""),
    ("19110-BE", 36, 4, 8, ""),
)


def production(house: House) -> None:
    """Work orders of the workshop: done with some scrap, half done, started, waiting."""
    ids = house.products()
    workshop = house.ids("inventory.warehouse", "code")["WS"]
    if house.exists(WorkOrder):
        return
    plan = tuple(
        PlannedOrder(ids[sku], Decimal(qty), workshop, house.day(start), house.day(end))
        for sku, qty, start, end, _ in MAKE
    )
    made = house.post("u_tomas", create_work_orders, CreateWorkOrders(plan, command_id("plan")))
    reasons = house.person("u_petra").read(scrap_reasons)
    places = house.person("u_petra").read(_places, workshop)
    for order, (sku, qty, _, _, state) in zip(made, MAKE, strict=True):
        if not state:
            continue
        started = house.post(
            "u_petra", start_work_order, StartWorkOrder(order.id, order.row_version, command_id("start", sku))
        )
        if state in ("part", "done"):
            scrap = 3 if state == "done" else 1
            good = qty - scrap if state == "done" else qty // 2
            report = CompleteWorkOrder(
                order.id,
                started.row_version,
                Decimal(good),
                Decimal(scrap),
                reasons[0].id,
                places["WS-GIESS"],
                command=command_id("report", sku),
            )
            house.post("u_petra", complete_work_order, report)


def _places(session: Session, warehouse_id: int) -> dict[str, int]:
    rows = session.execute(select(Place.code, Place.id).where(Place.warehouse_id == warehouse_id)).all()
    return {row.code: row.id for row in rows}
