"""The report of a comparison with the old system: what differs, what agrees, and the signature below it."""

from decimal import Decimal, InvalidOperation
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import has_text, t
from app.services.legacy import cutover
from app.services.legacy.cutover import RECONCILIATION, LineRow, Report, Sign
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.errors import host_of
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.page_head import PageHead
from app.views.core.people import name, names
from app.views.core.reason import ReasonDialog
from app.views.core.rows_export import RowsExport
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import Banner, Card, clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.legacy.count_tiles import CountTiles, TileItem
from app.views.legacy.words import module_words, titled

TOPIC = RECONCILIATION
SIGN = "legacy_reconciliation_sign"
STATES = {
    "clean": ("ok", "reconcile.state.clean"),
    "differences": ("warn", "reconcile.state.differences"),
    "signed": ("ok", "reconcile.state.signed"),
}
KINDS = ("count", "sum", "field", "sample")
_OK = {
    "same": ("ok", "reconcile.ok"),
    "differs": ("bad", "reconcile.differs"),
    "told": ("neutral", "reconcile.told"),
}


def _value(value: str | None) -> str:
    """A number as people write it, other values as they are."""
    if value is None:
        return fmt.NONE
    try:
        return fmt.number(Decimal(value)) if len(value) < 20 else value
    except InvalidOperation:
        return value


def subject_words(row: LineRow) -> str:
    """What was compared: words where there are any, else the parts of its name."""
    parts = []
    for part in row.subject.split(" · "):
        found = (key for key in (f"reconcile.subject.{part}", f"column.{part}") if has_text(key))
        parts.append(next((t(key) for key in found), part.removesuffix("_id").replace("_", " ")))
    return " · ".join(parts)


def _result(row: LineRow) -> str:
    if not row.ok:
        return "differs"
    # What only one side has (how much is in quarantine, say) is told, not compared.
    return "told" if row.legacy_value is None else "same"


COLUMNS = (
    Column("ok", "reconcile.column.ok", "chip", 140, chips=_OK, value=_result),
    Column("entity", "reconcile.column.entity", width=170, text=lambda row: titled(row.title, row.entity)),
    Column("kind", "reconcile.column.kind", width=110, text=lambda row: t(f"reconcile.kind.{row.kind}")),
    Column("subject", "reconcile.column.subject", "bold", 220, stretch=True, text=subject_words),
    Column("source_key", "reconcile.column.source_key", width=130, text=lambda row: row.source_key or ""),
    Column(
        "legacy_value",
        "reconcile.column.legacy",
        width=170,
        align="right",
        text=lambda row: _value(row.legacy_value),
    ),
    Column(
        "werkbank_value",
        "reconcile.column.werkbank",
        width=170,
        align="right",
        text=lambda row: _value(row.werkbank_value),
    ),
    Column(
        "difference",
        "reconcile.column.difference",
        width=120,
        align="right",
        text=lambda row: fmt.number(row.difference.normalize()) if row.difference else "",
        tone=lambda row: None if row.ok else "bad",
    ),
)


class ReconciliationPage(TabPage):
    """Differences first; tiles choose what is shown."""

    icon = "scale"
    topics = frozenset({TOPIC})

    def __init__(self, ctx: AppContext, record_id: int | None, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.id = int(record_id or 0)
        self.found: Report | None = None
        self._chosen = str(state.get("shown", ""))
        self.setObjectName("page.reconciliation")
        fill(self, "window")
        names(ctx)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead()
        self._head.show_title(t("reconcile.one"))
        self.export = RowsExport(
            self, ctx, self.title, lambda: COLUMNS, lambda: self.found.lines if self.found else ()
        )
        self._head.add(self.export.button())
        self._head.add(self.export.print_button())
        self.sign = Button("reconcile.sign", "file-check", "primary", clicked=self.ask_sign)
        self.sign.setObjectName("action.sign")
        self.sign.hide()
        self._head.add(self.sign)
        column.addWidget(self._head)
        self.tiles = CountTiles()
        self.tiles.chosen.connect(self.show_kind)
        column.addWidget(self.tiles)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        box.setSpacing(px("gap_m"))
        self._banner = QVBoxLayout()
        box.addLayout(self._banner)
        card = Card()
        self.model = RowsModel(COLUMNS, parent=self)
        self.table = RowsView(self.model, name="lines", parent=card)
        card.body.addWidget(self.table, 1)
        box.addWidget(card, 1)
        column.addWidget(content, 1)
        self.refresh()

    def title(self) -> str:
        """Its module and day."""
        if self.found is None:
            return t("reconcile.one")
        day = fmt.date_(self.found.finished_at.astimezone().date())
        return t("reconcile.named", module=module_words(self.found.module), day=day)

    def identity(self) -> str:
        """One tab per comparison."""
        return f"record:{TOPIC}:{self.id}"

    def state(self) -> dict[str, Any]:
        """What is shown of it."""
        return {"shown": self._chosen}

    def refresh(self) -> None:
        """Read again."""
        ReadOp(self, self.ctx, cutover.report, self.id).replacing("report").success(self._show).start()

    def _show(self, found: Report) -> None:
        self.found = found
        kind, words = STATES[found.state]
        line = t(
            "reconcile.line",
            at=fmt.date_time(found.finished_at),
            n=len(found.lines),
            count=fmt.number(len(found.lines)),
        )
        self._head.show_title(self.title(), [(kind, t(words))], line)
        self.changed.emit()
        self.sign.setVisible(found.state != "signed" and found.newest and self.ctx.profile.can(SIGN))
        self._say(found)
        items = [
            TileItem(
                "differences",
                t("reconcile.tile.differences"),
                found.differences,
                "bad_solid" if found.differences else "ok_solid",
            )
        ]
        for one in KINDS:
            number = sum(line.kind == one for line in found.lines)
            if number:
                items.append(TileItem(one, t(f"reconcile.tile.{one}"), number, "info_solid"))
        self.tiles.show_items(items, self._chosen)
        self.show_kind(self._chosen)

    def _say(self, found: Report) -> None:
        clear_layout(self._banner)
        if found.state == "signed":
            who = name(self.ctx, found.signed_off_by or "")
            at = fmt.date_time(found.signed_off_at) if found.signed_off_at else fmt.NONE
            self._banner.addWidget(Banner("ok", t("reconcile.signed", who=who, at=at), found.comment or ""))
        elif not found.newest:
            self._banner.addWidget(Banner("info", t("reconcile.older"), t("reconcile.older_text")))
        elif found.differences:
            count = fmt.number(found.differences)
            self._banner.addWidget(
                Banner(
                    "warn",
                    t("reconcile.differ", n=found.differences, count=count),
                    t("reconcile.differ_text"),
                )
            )
        else:
            self._banner.addWidget(Banner("ok", t("reconcile.agree"), t("reconcile.agree_text")))

    def show_kind(self, kind: str) -> None:
        """Show lines of one kind, the differences, or all."""
        self._chosen = kind
        if self.found is None:
            return
        if kind == "differences":
            self.model.set_rows(cutover.differing(self.found.lines))
        else:
            self.model.set_rows([line for line in self.found.lines if not kind or line.kind == kind])

    def ask_sign(self) -> None:
        """Ask for the word that goes with the signature, then sign."""
        host = host_of(self.ctx.tasks)
        if host is None or self.found is None:
            return
        found = self.found

        def go(comment: str) -> None:
            command = Sign(found.id, found.row_version, comment)
            WriteOp(self, self.ctx, cutover.sign, command).disabling(self.sign).success(
                lambda _: self.refresh()
            ).start()

        ReasonDialog(
            host,
            t("reconcile.sign_title", module=module_words(found.module)),
            t("reconcile.sign_text_differences" if found.differences else "reconcile.sign_text"),
            "reconcile.sign",
            go,
            label="cutover.comment",
            required=bool(found.differences),
            icon="file-check",
        ).open()
