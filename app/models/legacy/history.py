"""What the old system says about its documents, works orders, people and stock: written by the sync, read by people.

Nothing here takes part in a posting.  Amounts of a document are in its own currency unless the column ends in `_eur`;
`source_id` is the number the old system itself tells its rows apart by.
"""

import datetime as dt
from decimal import Decimal

from sqlalchemy import Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import MONEY, PERCENT, QUANTITY, Base, flag, one_of, ref, search_key, whole

SCHEMA = "legacy"
AMOUNT = Numeric(16, 4)


class Article(Base):
    """A number of the old article tables, which old positions still use, and the product it stands for."""

    __tablename__ = "article"
    __table_args__ = (
        Index("ix_article_base_number", "base_number"),
        Index("ix_article_source_id", "source_id"),
        {"schema": SCHEMA},
    )
    number: Mapped[str] = mapped_column(String(60), unique=True)
    base_number: Mapped[str | None] = mapped_column(String(60))
    code: Mapped[str | None] = mapped_column(String(20))
    source_id: Mapped[int | None]
    name: Mapped[str | None] = mapped_column(String(300))
    family_id: Mapped[int | None] = ref("catalog.family.id", ondelete="SET NULL")
    product_id: Mapped[int | None] = ref("catalog.product.id", ondelete="SET NULL")


class Document(Base):
    """A sales document of the old system, with the totals it was written with."""

    __tablename__ = "document"
    __table_args__ = (
        one_of("kind", "legacy_document_kind", "invoice", "quote", "delivery", "credit_note", "order"),
        Index("ix_document_date", "date", "id"),
        Index("ix_document_search_key", "search_key"),
        Index("ix_document_kind", "kind", "number"),
        {"schema": SCHEMA},
    )
    source_id: Mapped[int] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    number: Mapped[str] = mapped_column(String(30))
    customer_number: Mapped[str | None] = mapped_column(String(30))
    partner_id: Mapped[int | None] = ref("partners.partner.id", ondelete="SET NULL")
    date: Mapped[dt.date | None]
    currency: Mapped[str] = mapped_column(String(3))
    rate_to_eur: Mapped[Decimal | None] = mapped_column(Numeric(14, 6))
    net: Mapped[Decimal | None] = mapped_column(AMOUNT)
    freight: Mapped[Decimal | None] = mapped_column(AMOUNT)
    handling: Mapped[Decimal | None] = mapped_column(AMOUNT)
    tax: Mapped[Decimal | None] = mapped_column(AMOUNT)
    gross: Mapped[Decimal | None] = mapped_column(AMOUNT)
    net_eur: Mapped[Decimal | None] = mapped_column(MONEY)
    tax_eur: Mapped[Decimal | None] = mapped_column(MONEY)
    gross_eur: Mapped[Decimal | None] = mapped_column(MONEY)
    tax_rate: Mapped[Decimal | None] = mapped_column(PERCENT)
    tax_kind: Mapped[str | None] = mapped_column(String(20))
    paid_amount: Mapped[Decimal | None] = mapped_column(AMOUNT)
    paid_currency: Mapped[str | None] = mapped_column(String(3))
    paid_on: Mapped[dt.date | None]
    is_paid: Mapped[bool] = flag()
    dunning_level: Mapped[str | None] = mapped_column(String(20))
    payment_method: Mapped[str | None] = mapped_column(String(80))
    shipping_method: Mapped[str | None] = mapped_column(String(80))
    price_group: Mapped[str | None] = mapped_column(String(20))
    discount_pct: Mapped[Decimal | None] = mapped_column(PERCENT)
    cash_discount_pct: Mapped[Decimal | None] = mapped_column(PERCENT)
    cash_discount_days: Mapped[int | None] = whole()
    net_days: Mapped[int | None] = whole()
    delivery_address: Mapped[str | None] = mapped_column(Text)
    billing_address: Mapped[str | None] = mapped_column(Text)
    clerk: Mapped[str | None] = mapped_column(String(60))
    remark: Mapped[str | None] = mapped_column(Text)
    printed_on: Mapped[dt.date | None]
    search_key: Mapped[str] = search_key("lower(number)")


class DocumentLine(Base):
    """A position of a document; `article_number` is the one of that time."""

    __tablename__ = "document_line"
    __table_args__ = (
        UniqueConstraint("document_id", "position", name="legacy_document_line_once"),
        one_of("kind", "legacy_document_line_kind", "product", "service", "text", "discount"),
        {"schema": SCHEMA},
    )
    document_id: Mapped[int] = ref("legacy.document.id", ondelete="CASCADE", index=False)
    position: Mapped[int] = whole()
    kind: Mapped[str] = mapped_column(String(10))
    article_number: Mapped[str | None] = mapped_column(String(60))
    product_id: Mapped[int | None] = ref("catalog.product.id", ondelete="SET NULL")
    description: Mapped[str | None] = mapped_column(Text)
    qty: Mapped[Decimal | None] = mapped_column(QUANTITY)
    unit_price: Mapped[Decimal | None] = mapped_column(AMOUNT)
    discount_pct: Mapped[Decimal | None] = mapped_column(PERCENT)
    amount: Mapped[Decimal | None] = mapped_column(AMOUNT)
    picked_qty: Mapped[Decimal | None] = mapped_column(QUANTITY)
    is_picked: Mapped[bool] = flag()
    is_preorder: Mapped[bool] = flag()
    remark: Mapped[str | None] = mapped_column(Text)


class WorkOrder(Base):
    """A works order of the old system: so many castings of a mould."""

    __tablename__ = "work_order"
    __table_args__ = (
        one_of("state", "legacy_work_order_state", "draft", "scheduled", "started", "completed", "cancelled"),
        {"schema": SCHEMA},
    )
    number: Mapped[str] = mapped_column(String(30), unique=True)
    mould_number: Mapped[str | None] = mapped_column(String(30))
    mould_id: Mapped[int | None] = ref("production.mould.id", ondelete="SET NULL")
    qty: Mapped[Decimal | None] = mapped_column(QUANTITY)
    state: Mapped[str] = mapped_column(String(12))
    created_on: Mapped[dt.date | None]
    due_on: Mapped[dt.date | None]
    priority: Mapped[int | None] = whole()
    remark: Mapped[str | None] = mapped_column(Text)


class WorkOrderStep(Base):
    """One operation of a works order on one article."""

    __tablename__ = "work_order_step"
    __table_args__ = (
        Index("ix_work_order_step_line", "work_order_id", "line"),
        one_of("state", "legacy_step_state", "scheduled", "started", "completed", "cancelled"),
        {"schema": SCHEMA},
    )
    work_order_id: Mapped[int] = ref("legacy.work_order.id", ondelete="CASCADE", index=False)
    line: Mapped[int] = whole()
    operation: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[str | None] = mapped_column(String(12))
    article_number: Mapped[str | None] = mapped_column(String(60))
    family_id: Mapped[int | None] = ref("catalog.family.id", ondelete="SET NULL")
    product_id: Mapped[int | None] = ref("catalog.product.id", ondelete="SET NULL")
    qty_target: Mapped[Decimal | None] = mapped_column(QUANTITY)
    qty_done: Mapped[Decimal | None] = mapped_column(QUANTITY)
    share: Mapped[Decimal | None] = mapped_column(QUANTITY)
    minutes: Mapped[Decimal | None] = mapped_column(QUANTITY)
    pieces_per_hour: Mapped[Decimal | None] = mapped_column(QUANTITY)
    cost_centre: Mapped[str | None] = mapped_column(String(40))
    begins_on: Mapped[dt.date | None]
    due_on: Mapped[dt.date | None]


class Employee(Base):
    """Somebody the old system has as staff; what it says about pay and birth is in `EmployeePay`."""

    __tablename__ = "employee"
    __table_args__ = ({"schema": SCHEMA},)
    number: Mapped[str] = mapped_column(String(30), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    first_name: Mapped[str | None] = mapped_column(String(120))
    login_name: Mapped[str | None] = mapped_column(String(60))
    street: Mapped[str | None] = mapped_column(String(200))
    postcode: Mapped[str | None] = mapped_column(String(20))
    city: Mapped[str | None] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(60))
    phone2: Mapped[str | None] = mapped_column(String(60))
    hours_per_week: Mapped[Decimal | None] = mapped_column(QUANTITY)
    hours_per_day: Mapped[Decimal | None] = mapped_column(QUANTITY)
    holidays_per_year: Mapped[Decimal | None] = mapped_column(QUANTITY)
    is_present: Mapped[bool] = flag()
    is_active: Mapped[bool] = flag(True)
    joined_on: Mapped[dt.date | None]
    left_on: Mapped[dt.date | None]


class EmployeePay(Base):
    """Pay and day of birth of an employee, for the few who may know them."""

    __tablename__ = "employee_pay"
    __table_args__ = ({"schema": SCHEMA},)
    employee_id: Mapped[int] = ref("legacy.employee.id", ondelete="CASCADE", unique=True)
    birth_date: Mapped[dt.date | None]
    pay_code: Mapped[str | None] = mapped_column(String(20))
    monthly: Mapped[Decimal | None] = mapped_column(MONEY)
    yearly: Mapped[Decimal | None] = mapped_column(MONEY)
    gross: Mapped[Decimal | None] = mapped_column(MONEY)


class Stock(Base):
    """What lies where in the old system's books; it becomes stock of Werkbank at the cut-over alone."""

    __tablename__ = "stock"
    __table_args__ = (
        one_of("kind", "legacy_stock_kind", "place", "box"),
        {"schema": SCHEMA},
    )
    kind: Mapped[str] = mapped_column(String(10))
    product_id: Mapped[int | None] = ref("catalog.product.id", ondelete="SET NULL")
    place_id: Mapped[int | None] = ref("inventory.place.id", ondelete="SET NULL")
    box_id: Mapped[int | None] = ref("inventory.box.id", ondelete="SET NULL")
    box_slot_id: Mapped[int | None] = ref("inventory.box_slot.id", ondelete="SET NULL")
    qty: Mapped[Decimal | None] = mapped_column(QUANTITY)
    reserved_qty: Mapped[Decimal | None] = mapped_column(QUANTITY)
    lot_code: Mapped[str | None] = mapped_column(String(40))
    expires_on: Mapped[dt.date | None]
    order_number: Mapped[str | None] = mapped_column(String(30))
    opened_qty: Mapped[Decimal | None] = mapped_column(QUANTITY)
