"""All pictures of the image service: which product shows them and why, and those that none shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.images import media
from app.services.images.media import PictureDetail, PictureRow, list_pictures
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, Picture, cells_row, facts, history_row, section, text_row
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.marks import Chip, IconLabel, Label, initials
from app.views.core.operation import ReadOp
from app.views.core.people import name, when_known
from app.views.core.side_cards import when
from app.views.core.surfaces import Loading
from app.views.core.table_model import Column
from app.views.core.tasks import alive
from app.views.core.theme import px
from app.views.core.workspace import TabPage
from app.views.media.assign import AssignDialog
from app.views.media.words import (
    ASSIGN,
    CHANGES,
    CONFLICTS,
    KINDS,
    LIST,
    PICTURE,
    PRODUCT,
    STATES,
    format_words,
    kind_words,
    rule_words,
    shown_file,
    size_words,
)


def picture_key(row: Any) -> tuple[int, str] | None:
    """What a picture is asked for by."""
    return (row.image_id, row.hash) if row.image_id and row.hash else None


def host_of(ctx: AppContext) -> QWidget:
    """The window a dialog belongs to."""
    if isinstance(ctx.navigate, QWidget):
        return ctx.navigate
    return QApplication.activeWindow() or QApplication.topLevelWidgets()[0]


def assign(ctx: AppContext, rows: Sequence[PictureRow]) -> None:
    """Ask for the products."""
    AssignDialog(host_of(ctx), ctx, rows).open()


class PicturePane(DetailPane):
    """The picture large, what it is, which numbers it was given and what they found, its products, its history."""

    def __init__(self, ctx: AppContext, row: PictureRow) -> None:
        super().__init__()
        self.setObjectName("detail")
        self._ctx, self._row = ctx, row
        chips = [STATES[row.state]]
        if row.conflict:
            chips.append(CONFLICTS[row.conflict])
        give = IconButton("link", "media.assign.action", clicked=lambda: assign(ctx, [row]))
        give.setObjectName("detail.assign")
        self.head(
            kind_words(row.kind),
            row.name,
            chips=[(kind, t(words)) for kind, words in chips],
            actions=[give] if ctx.profile.can(ASSIGN) else [],
        )
        self._overview = self.tab("overview", t("media.tab.overview"))
        self._numbers = self.tab("numbers", t("media.tab.numbers"))
        self._past = self.tab("history", t("card.history"))
        large = Picture(ctx.images, picture_key(row), px("side") + px("gap_xl") * 2)
        self._overview.addWidget(large)
        self._waiting = Loading()
        self._overview.addWidget(self._waiting)
        op: ReadOp[PictureDetail] = ReadOp(self, ctx, media.picture_detail, row.id, language())
        op.success(self._read).start()

    def _read(self, found: PictureDetail) -> None:
        def show() -> None:
            if alive(self):
                self._waiting.hide()
                self._show_overview(self._overview, found)
                self._show_numbers(self._numbers, found)
                self._show_past(self._past, found)

        when_known(self._ctx, show)

    def _show_overview(self, box: QVBoxLayout, found: PictureDetail) -> None:
        row, file = self._row, shown_file(found.files)
        box.addSpacing(px("gap_m"))
        box.addWidget(
            facts(
                (
                    (t("media.column.format"), format_words(file["format"]) if file else fmt.NONE),
                    (t("media.column.size"), size_words(file["width"], file["height"]) if file else fmt.NONE),
                    (t("media.column.changed_at"), fmt.date_time(row.changed_at)),
                    (t("media.column.key"), found.source_key),
                )
            )
        )
        box.addWidget(section(t("media.products"), note=fmt.number(row.products)))
        for product in found.products:
            box.addWidget(self._product_row(product))
        if not found.products:
            box.addWidget(text_row(t("media.products.none"), style="small", color="text3"))
            if self._ctx.profile.can(ASSIGN):
                box.addSpacing(px("gap"))
                button = Button("media.assign.action", "link", clicked=lambda: assign(self._ctx, [self._row]))
                button.setObjectName("action.assign")
                box.addWidget(button)
        box.addWidget(section(t("media.files")))
        for one in found.files or ():
            box.addWidget(
                cells_row(
                    (
                        (format_words(one["format"]), "body500", "left"),
                        (size_words(one["width"], one["height"]) or fmt.NONE, "body", "left"),
                        (t("media.file.shown") if one["is_large"] else "", "small", "right"),
                    ),
                    (3, 5, 5),
                )
            )

    def _product_row(self, product: Mapping[str, Any]) -> QWidget:
        line = QWidget()
        line.setMinimumHeight(px("row_dense") - 2)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap"))
        opens = Button(
            "kit.list.open",
            kind="link",
            clicked=lambda: self._ctx.navigate.open_record(PRODUCT, product["id"]),
        )
        opens.set_words(product["sku"])
        opens.setObjectName(f"product.{product['sku']}")
        row.addWidget(opens)
        row.addWidget(Label(product["name"], "body", "text2", elide=True), 1)
        if product["is_primary"]:
            row.addWidget(IconLabel("star", px("icon_small"), "accent_text"))
            line.setToolTip(t("media.primary"))
        row.addWidget(Label(rule_words(product["rule"]), "small", "text2"))
        return line

    def _show_numbers(self, box: QVBoxLayout, found: PictureDetail) -> None:
        if not found.articles:
            box.addWidget(text_row(t("media.numbers.none"), style="small", color="text3"))
        for article in found.articles:
            front = f" · {t('media.front')}" if article["is_front"] else ""
            box.addWidget(section(f"{article['number']}{front}"))
            for step in article["attempts"]:
                hit = bool(step["found"])
                box.addWidget(
                    cells_row(
                        (
                            (rule_words(step["rule"]), "body500" if hit else "body", "left"),
                            (str(step["value"]), "body", "left"),
                            (
                                t("media.found", n=step["found"]) if hit else t("media.not_found"),
                                "small",
                                "right",
                            ),
                        ),
                        (6, 4, 4),
                    )
                )
            if article["rule"] is None:
                box.addSpacing(px("gap_xs"))
                box.addWidget(Chip("warn", t("media.rule.none")))

    def _show_past(self, box: QVBoxLayout, found: PictureDetail) -> None:
        for change in found.changes:
            words = t(CHANGES[change["kind"]][1])
            if change["concerned"]:
                words = f"{words} · {t('media.concerned', n=change['concerned'])}"
            who = name(self._ctx, change["by"])
            box.addWidget(history_row(initials(who), words, when(change["at"]), person=who))


PICTURES = ListSpec(
    key=LIST,
    title="media.pictures.title",
    icon="image",
    columns=(
        Column("image", "", "thumb", width=48, sortable=False, exported=False, value=picture_key),
        Column("name", "media.column.name", "bold", width=180, stretch=True, filter="contains"),
        Column(
            "kind",
            "media.column.kind",
            width=140,
            filter="choice",
            choices=tuple((kind, words) for kind, words in KINDS.items()),
            filter_key="kind_key",
            text=lambda row: kind_words(row.kind),
        ),
        Column("numbers", "media.column.numbers", "code", width=120, filter="contains", sortable=False),
        Column("products", "media.column.products", "number", width=72, filter="min"),
        Column("size", "media.column.size", width=110, sortable=False, hidden=True),
        Column("format", "media.column.format", width=72, text=lambda row: format_words(row.format)),
        Column(
            "state",
            "media.column.state",
            "chip",
            width=112,
            chips=STATES,
            filter="choice",
            choices=tuple((key, words) for key, (_, words) in STATES.items()),
        ),
        Column("conflict", "media.column.conflict", "chip", width=170, chips=CONFLICTS, hidden=True),
        Column("changed_at", "media.column.changed_at", "date_time", width=146, filter="date"),
    ),
    fetch=list_pictures,
    topics=frozenset({PICTURE}),
    presets=(
        Preset("orphans", "media.preset.orphans", count=True),
        Preset(
            "conflicts",
            "media.preset.conflicts",
            count=True,
            empty=Empty("media.empty.conflicts_title", "media.empty.conflicts_text"),
        ),
        Preset("all", "kit.list.all"),
        Preset("gone", "media.preset.gone"),
    ),
    bulk=(ListAction("assign", "media.assign.bulk", assign, "link", ASSIGN),),
    row_actions=(ListAction("assign", "media.assign.bulk", assign, "link", ASSIGN),),
    row_height="row_thumb",
    empty=Empty("media.empty.title", "media.empty.text"),
    detail=PicturePane,
    sort="changed_at",
    descending=True,
)


def pictures_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace."""
    return ListPage(ctx, PICTURES, state)
