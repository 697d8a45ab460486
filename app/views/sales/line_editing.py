"""Keeps the lines of a quote or an order in step with prices and stock while somebody types."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.core.clock import today
from app.core.errors import Invalid
from app.core.i18n import language, t
from app.services.catalog.reads import search_sold_products
from app.services.inventory.reads import Availability
from app.services.sales.forms import LineProposal
from app.views.core.buttons import Button, IconButton
from app.views.core.lines import LineColumn, LinesSpec, typed_over
from app.views.core.operation import ReadOp
from app.views.sales import line_rules
from app.views.sales.draft_actions import edit_charges, edit_line_charges
from app.views.sales.draft_reads import Priced, priced, resolve_codes

if TYPE_CHECKING:
    from app.views.sales.draft_page import DraftPage

LOOK, TERMS, ARTICLE = 0, 1, 2
ONE = Decimal(1)
Line = dict[str, Any]


def _picked(hit: Any) -> Mapping[str, Any]:
    """The first values of a line for a product found while typing; the price list answers a moment later."""
    return {
        "product_id": hit.id,
        "sku": hit.sku,
        "description": hit.name,
        "unit": hit.unit,
        "decimals": hit.decimals,
        "tax_rate": hit.tax_rate,
        "image": (hit.image_id, hit.image_hash) if hit.image_hash else None,
    }


def _fits_unit(qty: Any, line: Mapping[str, Any]) -> Invalid | None:
    """Pieces are not divided."""
    places = line.get("decimals")
    if qty is None or places is None or qty == round(qty, places):
        return None
    return Invalid("line_too_precise", unit=line.get("unit") or "", places=places)


LINES = LinesSpec(
    columns=(
        LineColumn("position", "sales.line.position", "position", 44, stored=False),
        LineColumn("image", "", "image", 48, stored=False),
        LineColumn(
            "product_id", "sales.line.sku", "lookup", 112, editable=True, required=True, text_key="sku"
        ),
        LineColumn(
            "description", "sales.line.description", "text", 0, editable=True, required=True, style="body500"
        ),
        LineColumn(
            "qty",
            "sales.line.qty",
            "quantity",
            64,
            editable=True,
            required=True,
            above=Decimal(0),
            validate=_fits_unit,
        ),
        LineColumn("availability", "sales.line.availability", "status", 166, stored=False),
        LineColumn(
            "unit_price",
            "sales.line.price",
            "money",
            78,
            editable=True,
            required=True,
            minimum=Decimal(0),
        ),
        LineColumn("source", "sales.line.source", "two_line", 104, stored=False),
        LineColumn(
            "discount_pct",
            "sales.line.discount",
            "percent",
            74,
            editable=True,
            required=True,
            minimum=Decimal(0),
            maximum=Decimal(100),
            quiet_zero=True,
        ),
        LineColumn("net_amount", "sales.line.net", "money", 88, stored=False, style="body600"),
        LineColumn("tax_rate", "sales.line.tax", "percent", stored=True, shown=False),
        LineColumn("charges", "sales.line.charges", words=line_rules.charge_words, shown=False),
    ),
    find=search_sold_products,
    picked=_picked,
    resolve=resolve_codes,
    paste=("product_id", "qty", "discount_pct"),
    defaults=(("qty", ONE), ("discount_pct", Decimal(0))),
    after_lookup="qty",
)


class Pricing:
    """Asks for prices and stock, and writes what follows into the computed cells."""

    def __init__(self, page: "DraftPage") -> None:
        assert page.lines is not None
        self._page, self._editor = page, page.lines
        self._pending: list[tuple[Line, int]] = []
        self._editor.changed.connect(self.refresh)
        self._check = Button("sales.lines.check", "refresh-cw", "ghost", clicked=self.look)
        self._check.setObjectName("lines.check")
        self._editor.add_tool(self._check)
        self._line_charges = IconButton(
            "coins",
            "sales.line.charges_of",
            shortcut="Ctrl+Shift+L",
            clicked=lambda: edit_line_charges(page),
        )
        self._line_charges.setObjectName("lines.line_charges")
        self._editor.add_tool(self._line_charges)
        self._charges = Button(
            "sales.action.charges", "receipt-text", "ghost", clicked=lambda: edit_charges(page)
        )
        self._charges.setObjectName("lines.charges")
        self._editor.add_tool(self._charges)

    def shown(self) -> None:
        """A record was put into the form."""
        draft = self._page.stored_state == "draft"
        self._check.setVisible(draft)
        for button in (self._charges, self._line_charges):
            button.setVisible(draft and not self._page.read_only)
        typed = self._page.dirty()
        self.refresh()
        if draft:
            # The record brought prices and stock along; what is typed over it may be of yesterday.
            for line in self._editor.model.lines:
                if line.get("unit_price") is None:
                    self._note(line, ARTICLE)
                elif self._page.record.id is None or typed:
                    self._note(line, LOOK)
            self._ask()

    def changed(self, number: int, key: str) -> None:
        """The user changed a cell of a line."""
        line = self._editor.model.lines[number]
        if key == "product_id":
            self._note(line, ARTICLE)
        elif key == "qty":
            self._note(line, TERMS)
        else:
            return
        self._ask()

    def ask_all(self) -> None:
        """Customer, price list, day or warehouse are different now."""
        for line in self._editor.model.lines:
            self._note(line, TERMS)
        self._ask()

    def look(self) -> None:
        """Read prices and stock again without changing what stands in the lines."""
        for line in self._editor.model.lines:
            self._note(line, LOOK)
        self._ask()

    def refresh(self) -> None:
        """Computed cells of all lines, and what the form says about them."""
        editor, page = self._editor, self._page
        lines = editor.model.lines
        draft = page.stored_state == "draft"
        price_list = page.boxes["price_list_id"].words
        for number, (line, before) in enumerate(zip(lines, line_rules.taken_before(lines), strict=True)):
            if draft:
                status = line_rules.draft_status(line, before)
                words = line_rules.shortage_words(line, before)
            else:
                status = page.settled_status(line)
                words = ""
            net = line_rules.net_of(line)
            cells = {
                "net_amount": net,
                "source": line_rules.source_of(line, price_list),
                "availability": status,
            }
            if any(line.get(key) != value for key, value in cells.items()):
                editor.put(number, **cells)
            charged = line_rules.charge_words(line.get("charges") or (), page.currency)
            icon = "coins" if charged else "factory" if line.get("expected") else "info"
            editor.set_info(number, "neutral", icon, "  –  ".join(x for x in (charged, words) if x))
            too_much = draft and net is not None and net < 0
            editor.set_error(
                number, "discount_pct", t("error.quote_line_net_not_negative") if too_much else ""
            )
            above = draft and line_rules.effective(line) > page.limit and not page.read_only
            editor.set_tone(number, "discount_pct", "warn" if above else "")
        page.lines_shown()

    def _note(self, line: Line, mode: int) -> None:
        if line.get("product_id") is None:
            return
        for index, (known, before) in enumerate(self._pending):
            if known is line:
                self._pending[index] = (line, max(mode, before))
                return
        self._pending.append((line, mode))

    def _ask(self) -> None:
        page = self._page
        sent = list(self._pending)
        if not sent:
            return
        op: ReadOp[Priced] = ReadOp(
            page,
            page.ctx,
            priced,
            [(line["product_id"], line.get("qty") or ONE) for line, _ in sent],
            page.value("price_list_id"),
            page.value(page.day_key) or today(),
            page.value("warehouse_id"),
            page.value("customer_id"),
            language(),
        )
        op.replacing("pricing").success(lambda found: self._arrived(sent, found)).start()

    def _arrived(self, sent: list[tuple[Line, int]], found: Priced) -> None:
        self._pending = [item for item in self._pending if not any(item[0] is line for line, _ in sent)]
        changed = False
        for (line, mode), proposal in zip(sent, found.proposals, strict=True):
            number = next((n for n, x in enumerate(self._editor.model.lines) if x is line), None)
            if number is None or line.get("product_id") != proposal.product_id:
                continue
            cells = _cells(line, mode, proposal, found.stock.get(proposal.product_id))
            changed = changed or mode != LOOK
            self._editor.put(number, **cells)
        self.refresh()
        if changed:
            self._page.touched()


def _cells(line: Line, mode: int, proposal: LineProposal, stock: Availability | None) -> dict[str, Any]:
    """What a line takes over from the price list and the warehouse."""
    cells: dict[str, Any] = {
        "list_price": proposal.list_price,
        "price_from_qty": proposal.price_from_qty,
        "is_stocked": proposal.is_stocked,
        "free": proposal.free,
        "on_hand": proposal.on_hand,
        "unit": proposal.unit_name,
        "decimals": proposal.decimals,
        "sku": proposal.sku,
    }
    if stock is not None:
        cells |= {"expected": stock.expected, "expected_on": stock.expected_on}
    if mode == ARTICLE:
        cells |= {
            "description": proposal.description,
            "tax_rate": proposal.tax_rate,
            "unit_price": proposal.list_price,
        }
    elif mode == TERMS:
        cells["tax_rate"] = proposal.tax_rate
        if "unit_price" in typed_over(line):
            return cells
        if line.get("unit_price") is None or line.get("unit_price") == line.get("list_price"):
            cells["unit_price"] = proposal.list_price
    return cells
