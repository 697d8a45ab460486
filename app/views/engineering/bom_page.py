"""A bill of materials: its structure, its lines (a draft's can be edited), its versions, where the product is used."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.changes import Changes, Result
from app.core.i18n import t
from app.services.catalog.reads import search_made_products, search_products
from app.services.engineering import writes
from app.services.engineering.commands import (
    ApproveBom,
    BomLineInput,
    DiscardBom,
    NewBomVersion,
    RetireBom,
    SaveBom,
)
from app.services.engineering.reads import BomHeader, bom_detail
from app.views.core.context import AppContext
from app.views.core.errors import ask
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.lines import LineColumn, LinesSpec
from app.views.core.operation import WriteOp
from app.views.core.people import name
from app.views.core.segmented import SegmentedTabs
from app.views.core.side_cards import StoryCards
from app.views.core.theme import fill, px
from app.views.engineering.side import SidePanel
from app.views.engineering.structure import StructureView
from app.views.engineering.tables import VersionsTable, WhereUsedTable
from app.views.engineering.words import BOM, PRODUCT, state_chip

TABS = ("structure", "lines", "versions", "where_used")
LINES = LinesSpec(
    columns=(
        LineColumn("position", "bom.col.position", "position", width=48),
        LineColumn(
            "product_id", "bom.col.sku", "lookup", width=110, editable=True, required=True, text_key="sku"
        ),
        LineColumn("name", "bom.col.name", "text", style="body500", stored=False),
        LineColumn(
            "qty",
            "bom.col.qty",
            "quantity",
            width=96,
            editable=True,
            required=True,
            places=6,
            minimum=Decimal(0),
        ),
        LineColumn("unit", "bom.col.unit", "text", width=70, stored=False),
        LineColumn(
            "scrap_pct",
            "bom.col.scrap_pct",
            "percent",
            width=96,
            editable=True,
            places=2,
            minimum=Decimal(0),
            maximum=Decimal("99.99"),
        ),
        LineColumn("remark", "bom.col.remark", "text", width=220, editable=True),
    ),
    find=search_products,
    picked=lambda hit: {"product_id": hit.id, "sku": hit.sku, "name": hit.name, "unit": hit.unit},
    defaults=(("scrap_pct", Decimal(0)),),
    title="bom.lines",
    after_lookup="qty",
    row_height=32,
)


def load_bom(session: Any, bom_id: int, language: str) -> dict[str, Any]:
    """A bill with its lines as the form wants it."""
    header, lines = bom_detail(session, bom_id, language)
    return {
        **header._asdict(),
        "product": f"{header.sku} {header.name}",
        "lines": [line._asdict() for line in lines],
        "header": header,
    }


class BomPage(FormPage):
    """Four views of one version."""

    spec: ClassVar[FormSpec] = FormSpec(
        BOM,
        "bom.one",
        "list-tree",
        (
            Section(
                (
                    Field(
                        "product_id",
                        "bom.col.product",
                        "lookup",
                        required=True,
                        find=search_made_products,
                        text_key="product",
                        topic=PRODUCT,
                        span=2,
                    ),
                    Field("valid_from", "bom.col.valid_from", "date", required=True),
                    Field("valid_to", "bom.col.valid_to", "date", help="bom.valid_to_help"),
                    Field(
                        "output_qty",
                        "bom.col.output_qty",
                        "quantity",
                        required=True,
                        places=6,
                        minimum=Decimal("0.000001"),
                        help="bom.output_help",
                    ),
                    Field("remark", "bom.col.remark", span=3, max_length=1000),
                )
            ),
        ),
        load=load_bom,
        lines=LINES,
        update_right="engineering.bom:update",
        create_right="engineering.bom:insert",
        constraints=(("bom_dates_in_order", "valid_to"), ("bom_output_positive", "output_qty")),
    )

    def __init__(
        self, ctx: AppContext, record_id: int | None, state: Mapping[str, Any] | None = None
    ) -> None:
        self._view: dict[str, Any] = dict((state or {}).get("view") or {})
        self._story: StoryCards | None = None
        self._fresh: set[str] = set()  # the views that show the version as it was read last
        super().__init__(ctx, record_id, state)
        self.topics = self.topics | {"inventory.stock_level", "production.work_order"}

    # -- building -----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        super()._build()
        column = self.layout()
        assert column is not None
        # A page of its own around the form: the form shows itself, which a page of a stack must not.
        form = QWidget()
        inside = QVBoxLayout(form)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._content)
        self._tabs = SegmentedTabs([(key, t(f"bom.tab.{key}")) for key in TABS])
        self._tabs.setObjectName("bom.tabs")
        self._tabs.chosen.connect(self.choose)
        bar = QWidget()
        fill(bar, "surface")
        line = QHBoxLayout(bar)
        line.setContentsMargins(px("margin_l") + 2, 0, px("margin"), 0)
        line.addWidget(self._tabs)
        line.addStretch(1)
        self._bar = bar
        column.addWidget(bar)
        self._structure = StructureView(self.ctx, self._view)
        self._versions = VersionsTable(self.ctx)
        self._where_used = WhereUsedTable(self.ctx)
        self._stack = QStackedWidget()
        for part in (self._structure, form, self._versions, self._where_used):
            self._stack.addWidget(part)
        column.addWidget(self._stack)
        left = QWidget()
        left.setLayout(column)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(left, 1)
        self._side = SidePanel(self.ctx, lambda: self._structure.day)
        across.addWidget(self._side)
        self._structure.current.connect(self._side.show_row)
        self._structure.arrived.connect(self._side.show_structure)
        self._structure.changed.connect(self.changed)
        first = str(self._view.get("tab") or "structure")
        self.choose("lines" if self.record.id is None else first)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The tree needs its room on a small screen."""
        super().resizeEvent(event)
        small = event.size().width() < px("detail") * 3 + px("row_two")
        self._side.setFixedWidth(px("side") + px("gap_l" if small else "row_two"))
        self._show_side()

    def _show_side(self) -> None:
        """Beside the structure, as long as there is room for both."""
        self._side.setVisible(self._tabs.current == "structure" and self.width() >= px("beside"))

    def cards(self) -> Sequence[QWidget]:
        """Notes and history beside the lines."""
        self._story = StoryCards(self, self.ctx, BOM, labels_of(self.spec))
        return self._story.cards

    def choose(self, key: str) -> None:
        """Show one of the four views; each reads what it shows when it is looked at."""
        self._tabs.set_current(key)
        self._stack.setCurrentIndex(TABS.index(key))
        self._show_side()
        self._bar.setVisible(self.record.id is not None)
        if not self.ready or key in self._fresh:
            return
        self._fresh.add(key)
        bom = self.bom
        if key == "lines" and self._story is not None:
            self._story.show(self.record.id, self.heading()[0])
        elif key == "structure" and bom is not None:
            self._structure.show_bom(bom)
        elif key == "versions" and bom is not None:
            self._versions.show_product(bom.product_id, bom.id)
        elif key == "where_used" and bom is not None:
            self._where_used.show_product(bom.product_id)

    # -- FormPage -----------------------------------------------------------------------------------------------

    @property
    def bom(self) -> BomHeader | None:
        """The version as it was read, None while it is new."""
        raw = self.record.raw
        return raw["header"] if isinstance(raw, dict) else None

    def state_untyped(self) -> dict[str, Any]:
        """The form, and how the structure is looked at."""
        return {**super().state_untyped(), "view": {**self._structure.state(), "tab": self._tabs.current}}

    def defaults(self) -> Mapping[str, Any]:
        """A new bill is for one piece, from today."""
        return {"valid_from": clock.today(), "output_qty": Decimal(1)}

    def editable(self) -> bool:
        """Only drafts change."""
        return self.bom is None or self.bom.state == "draft"

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Number and name of the product, state of the version."""
        bom = self.bom
        if bom is None:
            return t("bom.new_title"), None
        return f"{bom.sku} {bom.name}", state_chip(bom)

    def title(self) -> str:
        """The product's number on the tab."""
        bom = self.bom
        return t("bom.tab_title", sku=bom.sku) if bom is not None else t("bom.one")

    def subtitle(self) -> str:
        """Version, validity, who approved it when."""
        bom = self.bom
        if bom is None:
            return ""
        parts = [t("bom.version_line", version=bom.version), t("bom.from", day=fmt.date_(bom.valid_from))]
        if bom.valid_to is not None:
            parts.append(t("bom.to", day=fmt.date_(bom.valid_to)))
        if bom.approved_by and bom.approved_at is not None:
            who, when = name(self.ctx, bom.approved_by), fmt.date_(bom.approved_at.astimezone().date())
            parts.append(t("bom.approved_by", who=who, day=when))
        return " · ".join(parts)

    def picture(self) -> Any:
        """The product's picture."""
        bom = self.bom
        return (bom.image_id, bom.image_hash) if bom is not None and bom.image_id is not None else None

    def shown(self) -> None:
        """Read again what is looked at."""
        bom = self.bom
        self.boxes["product_id"].set_read_only(self.record.id is not None)
        self._fresh.clear()
        self.choose(self._tabs.current)
        if bom is None:
            return
        labels = {key: t(f"bom.tab.{key}") for key in TABS}
        labels["lines"] = t("bom.tab.lines_n", n=len(self.record.lines))
        labels["versions"] = t("bom.tab.versions_n", n=bom.versions)
        self._tabs.set_items([(key, labels[key]) for key in TABS], self._tabs.current)

    def on_changes(self, changes: Changes) -> None:
        """Another bill may be a version of this one, or part of its structure."""
        if self.record.id is not None and not self._saving:
            self.refresh()

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Save a draft with its lines."""
        lines = tuple(
            BomLineInput(
                line["product_id"],
                line["qty"],
                line["scrap_pct"] or Decimal(0),
                line["remark"] or None,
                line["id"],
            )
            for line in form.lines
        )
        values = form.values
        command = SaveBom(
            form.id,
            form.row_version if form.id is not None else None,
            values["product_id"],
            values["valid_from"],
            lines,
            values["valid_to"],
            values["output_qty"],
            values["remark"] or None,
        )
        return writes.save_bom, command

    # -- actions ------------------------------------------------------------------------------------------------

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Approve or copy; what ends a version is in the menu."""
        return (
            FormAction(
                "approve",
                "bom.approve",
                "badge-check",
                lambda page: page.approve(),
                "primary",
                "Ctrl+Enter",
                "bom_approve",
                visible=lambda page: page.record.id is not None and page.editable(),
                blocked=lambda page: (
                    "" if page.lines is not None and page.lines.lines() else t("bom.approve_blocked")
                ),
            ),
            FormAction(
                "new_version",
                "bom.new_version",
                "plus",
                lambda page: page.new_version(),
                "primary",
                "Ctrl+N",
                "engineering.bom:insert",
                visible=lambda page: page.record.id is not None and not page.editable(),
            ),
            FormAction(
                "retire",
                "bom.retire",
                "archive",
                lambda page: page.retire(),
                "menu",
                right="bom_retire",
                visible=lambda page: page.bom is not None and page.bom.state == "approved",
            ),
            FormAction(
                "discard_bom",
                "bom.discard",
                "trash-2",
                lambda page: page.discard_bom(),
                "menu",
                right="engineering.bom:discard",
                visible=lambda page: page.record.id is not None and page.editable(),
            ),
        )

    def approve(self) -> None:
        """Save and approve."""

        def done(_answer: Any) -> None:
            bom = self.bom
            if bom is not None:
                self.ctx.navigate.toast(t("bom.approved", sku=bom.sku, version=bom.version))

        self.post(writes.approve_bom, lambda record: ApproveBom(record.id or 0, record.row_version), done)

    def new_version(self) -> None:
        """Copy this version as the next draft and show it."""
        if self.record.id is None:
            return

        def done(saved: Any) -> None:
            self.ctx.navigate.toast(t("bom.copied"))
            self.refresh()  # one version more
            self.ctx.navigate.open_record(BOM, saved.id)

        command = NewBomVersion(self.record.id, clock.today())
        op = WriteOp(self, self.ctx, writes.new_version, command).disabling(*self.head.buttons())
        op.success(done).start()

    def retire(self) -> None:
        """Ask, then take the version out of use."""
        bom = self.bom
        if bom is None:
            return

        def go() -> None:
            self.post(writes.retire_bom, lambda record: RetireBom(record.id or 0, record.row_version))

        words = t("bom.retire_text", sku=bom.sku, version=bom.version)
        ask(self, t("bom.retire_title"), words, "bom.retire", go, danger=True, icon="archive")

    def discard_bom(self) -> None:
        """Ask, then delete the draft."""
        bom = self.bom
        if bom is None:
            return

        def done(_answer: Any) -> None:
            self.discard()
            self.ctx.navigate.toast(t("bom.discarded", sku=bom.sku, version=bom.version), kind="info")
            self.ctx.navigate.close_page(self)

        def go() -> None:
            command = DiscardBom(bom.id, self.record.row_version)
            WriteOp(self, self.ctx, writes.discard_bom, command).success(done).start()

        words = t("bom.discard_text", sku=bom.sku, version=bom.version)
        ask(self, t("bom.discard_title"), words, "bom.discard", go, danger=True, icon="trash-2")
