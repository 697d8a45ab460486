"""Supplier prices: list, pane, form."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from app.core import clock
from app.core import format as fmt
from app.core.i18n import t
from app.services.catalog.reads import search_products
from app.services.partners.reads import search_suppliers
from app.services.purchasing import rules, writes
from app.services.purchasing.commands import Discard, SaveSupplierPrice
from app.services.purchasing.lists import OfferForm, OfferRow, list_supplier_prices, load_supplier_price
from app.views.catalog.words import COST, from_quantity, picture_key, price, ruled
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, Picture, facts, section, value_row
from app.views.core.errors import ask
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormSpec, FormValues, Mine, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import WriteOp
from app.views.core.side_cards import StoryCards
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.core.workspace import TabPage

OFFER = "purchasing.supplier_price"
CREATE, UPDATE, DISCARD = f"{OFFER}:insert", f"{OFFER}:update", f"{OFFER}:discard"
ZERO = Decimal(0)


def _bought(session: Any, typed: str, limit: int = 8, language: str = "de") -> Any:
    return search_products(session, typed, limit, language, "bought")


def _check_tier(value: Decimal | None) -> None:
    if value is not None:
        rules.supplier_price_values({"min_qty": value}, new=False)


def _above_tone(row: OfferRow) -> str:
    return "bad" if row.above is not None and row.above > 0 else ""


class OfferPane(DetailPane):
    """A supplier's price against what the product is thought to cost."""

    def __init__(self, ctx: AppContext, row: OfferRow) -> None:
        super().__init__()
        self.setObjectName("detail")
        opened = IconButton(
            "external-link", "kit.list.open", clicked=lambda: ctx.navigate.open_record(OFFER, row.id)
        )
        opened.setObjectName("detail.open")
        chips = [("ok", t("purchasing.chip.preferred"))] if row.is_preferred else []
        self.head(
            row.sku,
            row.name,
            chips=chips,
            note=row.supplier,
            picture=Picture(ctx.images, picture_key(row)),
            actions=[opened],
        )
        box = self.tab("overview", t("catalog.tab.overview"))
        lead = t("purchasing.days", n=row.lead_days) if row.lead_days is not None else fmt.NONE
        box.addWidget(
            facts(
                (
                    (t("catalog.line.supplier_sku"), row.supplier_sku or fmt.NONE),
                    (t("purchasing.field.lead_days"), lead),
                    (t("catalog.line.valid_from"), fmt.date_(row.valid_from)),
                    (t("catalog.column.unit"), row.unit),
                )
            )
        )
        box.addWidget(section(t("purchasing.pane.price")))
        box.addWidget(
            value_row(t("purchasing.pane.offer"), price(row.amount, row.currency), from_quantity(row.min_qty))
        )
        box.addWidget(value_row(t("catalog.pane.cost"), price(row.cost), t("catalog.pane.cost_standard")))
        if row.above is not None:
            sign = "+" if row.above > 0 else ""
            tone = "bad" if row.above > 0 else "text"
            box.addWidget(
                value_row(t("purchasing.pane.above"), f"{sign}{fmt.percent(row.above)}", "", tone=tone)
            )
        for name, words, topic, record in (
            ("product", "purchasing.pane.open_product", "catalog.product", row.product_id),
            ("supplier", "purchasing.pane.open_supplier", "partners.partner", row.supplier_id),
        ):
            link = Button(words, kind="link", clicked=partial(ctx.navigate.open_record, topic, record))
            link.setObjectName(f"detail.open_{name}")
            box.addSpacing(px("gap"))
            box.addWidget(link)


OFFERS = ListSpec(
    key="purchasing.offers",
    title="purchasing.offers.title",
    icon="handshake",
    columns=(
        Column("image", "", "thumb", width=44, sortable=False, exported=False, value=picture_key),
        Column("sku", "catalog.column.sku", "code", width=88, filter="prefix"),
        Column("name", "catalog.column.name", "bold", width=150, stretch=True, filter="contains"),
        Column("supplier", "catalog.line.supplier", width=150, filter="contains"),
        Column("min_qty", "catalog.line.from", "quantity", width=76, filter="min"),
        Column(
            "amount",
            "catalog.line.cost",
            "strong",
            width=90,
            align="right",
            filter="min",
            text=lambda row: price(row.amount, row.currency),
        ),
        Column(
            "above",
            "purchasing.column.above",
            "percent",
            width=90,
            filter="min",
            tone=_above_tone,
            right=COST,
        ),
        Column("lead_days", "purchasing.column.lead_days", "number", width=64, filter="max"),
        Column(
            "is_preferred",
            "catalog.line.preferred",
            "chip",
            width=108,
            chips={True: ("ok", "purchasing.chip.preferred"), False: ("neutral", "purchasing.chip.other")},
        ),
        Column("supplier_sku", "catalog.line.supplier_sku", width=110, filter="prefix", hidden=True),
        Column("valid_from", "catalog.line.valid_from", "date", width=110, filter="date", hidden=True),
        Column("unit", "catalog.column.unit", width=64, hidden=True),
    ),
    fetch=list_supplier_prices,
    topics=frozenset({OFFER, "catalog.product"}),
    presets=(
        Preset("all", "kit.list.all"),
        Preset("preferred", "purchasing.preset.preferred"),
        Preset("above_cost", "purchasing.preset.above_cost"),
    ),
    primary=ListAction(
        "new",
        "purchasing.offer.new_button",
        lambda ctx, _: ctx.navigate.new_record(OFFER),
        "plus",
        CREATE,
        "Ctrl+N",
    ),
    row_height="row_thumb",
    empty=Empty(
        "purchasing.offers.empty_title", "purchasing.offers.empty_text", first="purchasing.offers.first"
    ),
    open=lambda ctx, row: ctx.navigate.open_record(OFFER, row.id),
    detail=OfferPane,
    sort="sku",
)


class OfferPage(FormPage):
    """What a supplier asks for a product from a quantity on."""

    spec = FormSpec(
        topic=OFFER,
        title="purchasing.offer.type",
        icon="handshake",
        sections=(
            Section(
                (
                    Field(
                        "supplier_id",
                        "catalog.line.supplier",
                        "lookup",
                        required=True,
                        span=2,
                        find=search_suppliers,
                        text_key="supplier",
                        topic="partners.partner",
                    ),
                    Field(
                        "product_id",
                        "purchasing.field.product",
                        "lookup",
                        required=True,
                        span=2,
                        find=_bought,
                        text_key="product",
                        topic="catalog.product",
                    ),
                    Field("supplier_sku", "catalog.line.supplier_sku", max_length=60),
                    Field(
                        "min_qty",
                        "catalog.line.from",
                        "quantity",
                        required=True,
                        places=6,
                        validate=ruled(_check_tier),
                    ),
                    Field("amount", "catalog.line.cost", "money", required=True, places=4, minimum=ZERO),
                    Field("currency", "catalog.column.currency", required=True, max_length=3),
                    Field(
                        "lead_days",
                        "purchasing.field.lead_days",
                        "number",
                        places=0,
                        minimum=ZERO,
                        maximum=Decimal(3650),
                    ),
                    Field("valid_from", "catalog.line.valid_from", "date", required=True),
                    Field(
                        "standard_cost",
                        "catalog.field.standard_cost",
                        "readonly",
                        shown_as="money",
                        right=COST,
                    ),
                    Field("is_preferred", "purchasing.field.is_preferred", "check"),
                )
            ),
        ),
        load=load_supplier_price,
        update_right=UPDATE,
        create_right=CREATE,
        constraints=(
            ("supplier_price_once", "valid_from"),
            ("supplier_price_not_negative", "amount"),
            ("supplier_price_tier_positive", "min_qty"),
            ("lead_days_not_negative", "lead_days"),
        ),
    )

    @property
    def offer(self) -> OfferForm | None:
        """The price as it is stored."""
        return cast("OfferForm | None", self.record.raw)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Product and supplier."""
        offer = self.offer
        if offer is None:
            return t("purchasing.offer.new"), None
        chip = ("ok", t("purchasing.chip.preferred")) if offer.is_preferred else None
        return f"{offer.product.split(' · ')[0]} · {offer.supplier.split(' · ')[-1]}"[:120], chip

    def tab_title(self) -> str:
        """The SKU."""
        return self.offer.product.split(" · ")[0] if self.offer else t("purchasing.offer.new")

    def defaults(self) -> Mapping[str, Any]:
        """From today, from one piece."""
        today = clock.today()
        return {"min_qty": Decimal(1), "currency": "EUR", "valid_from": today, "is_preferred": False}

    def cards(self) -> Sequence[QWidget]:
        """Notes and history."""
        self.story = StoryCards(self, self.ctx, OFFER, labels_of(self.spec))
        return self.story.cards

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]  # QWidget's own are not used here
        """A price entered by mistake goes."""
        return (
            FormAction(
                "discard",
                "purchasing.offer.discard",
                "trash-2",
                lambda page: page.remove(),
                "menu",
                right=DISCARD,
                visible=lambda page: page.record.id is not None,
            ),
        )

    def shown(self) -> None:
        """A record was put into the form."""
        self.story.show(self.record.id, self.heading()[0])

    def check(self, mine: Mine) -> Mapping[str, str]:
        """A currency has three letters."""
        currency = str(mine.values.get("currency") or "")
        if currency and not (len(currency) == 3 and currency.isalpha() and currency.isupper()):
            return {"currency": t("purchasing.check.currency")}
        return {}

    def save_call(self, form: FormValues) -> tuple[Any, SaveSupplierPrice]:
        """What was changed."""
        keys = (
            form.changed
            if form.id is not None
            else frozenset(k for k, v in form.values.items() if v is not None)
        )
        values = {key: form.values[key] for key in keys if self.boxes[key].field.stored}
        if values.get("lead_days") is not None:
            values["lead_days"] = int(values["lead_days"])
        version = form.row_version if form.id is not None else None
        return writes.save_supplier_price, SaveSupplierPrice(form.id, version, values)

    def remove(self) -> None:
        """Ask, then discard."""
        command = Discard(cast("int", self.record.id), self.record.row_version)

        def gone(_value: object) -> None:
            self.discard()
            self.ctx.navigate.toast(t("purchasing.offer.gone"))
            self.ctx.navigate.close_page(self)

        def go() -> None:
            op = WriteOp(self, self.ctx, writes.discard_supplier_price, command)
            op.disabling(*self.head.buttons()).success(gone).start()

        ask(
            self,
            t("purchasing.offer.discard_title"),
            t("purchasing.offer.discard_text"),
            "purchasing.offer.discard_yes",
            go,
            danger=True,
            icon="trash-2",
        )


def offers_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace."""
    return ListPage(ctx, OFFERS, state)
