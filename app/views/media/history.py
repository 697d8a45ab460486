"""How the pictures stand, when the image service was read last, and everything that happened to pictures."""

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import t
from app.services.images import media
from app.services.images.media import ChangeRow, Status
from app.services.legacy import state as legacy
from app.services.legacy import writes
from app.services.legacy.commands import RequestRun
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListSpec, Preset
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.people import name, names
from app.views.core.surfaces import Banner, Card, clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.core.workspace import TabPage
from app.views.legacy.words import server_error
from app.views.media.pictures import picture_key
from app.views.media.words import CHANGES, HISTORY, LIST, PICTURE, PRODUCT

REQUEST, RUN, STATE = "legacy_run_request", "legacy.run", "legacy_state"


class Figure(Card):
    """A number that counts, with what it counts below."""

    def __init__(self, number: str, words: str, tone: str = "text") -> None:
        super().__init__()
        self.setAccessibleName(f"{words}: {number}")
        self.body.addWidget(Label(number, "display", tone))
        self.body.addWidget(Label(words, "small", "text2", elide=True))


class StatusStrip(QWidget):
    """The figures over the list, and the way to a new reading."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self.setObjectName("media.status")
        self._ctx = ctx
        box = QVBoxLayout(self)
        box.setContentsMargins(px("margin"), px("gap"), px("margin"), px("gap"))
        box.setSpacing(px("gap"))
        self._banner = QVBoxLayout()
        box.addLayout(self._banner)
        self._trouble = QVBoxLayout()
        box.addLayout(self._trouble)
        self._figures = QHBoxLayout()
        self._figures.setSpacing(px("gap_m"))
        box.addLayout(self._figures)
        foot = QHBoxLayout()
        foot.setSpacing(px("gap"))
        self._when = Label("", "small", "text2", elide=True)
        self._when.setObjectName("media.read_at")
        foot.addWidget(self._when, 1)
        opens = Button(
            "media.status.orphans_link",
            kind="link",
            clicked=lambda: ctx.navigate.open_workspace(LIST, preset="orphans"),
        )
        foot.addWidget(opens)
        if "legacy.runs" in ctx.registry.workspaces:
            foot.addWidget(
                Button(
                    "media.status.runs",
                    kind="link",
                    clicked=lambda: ctx.navigate.open_workspace("legacy.runs"),
                )
            )
        self._now = Button("media.status.now", "refresh-cw", size="toolbar", clicked=self._request)
        self._now.setObjectName("action.read_now")
        self._now.setVisible(False)
        foot.addWidget(self._now)
        box.addLayout(foot)
        self.read()

    def read(self) -> None:
        """Ask how things stand."""
        op: ReadOp[tuple[Status, legacy.State | None]] = ReadOp(
            self, self._ctx, media.status, self._ctx.profile.can(STATE)
        )
        op.replacing("status").success(self._answered).failure(lambda _error: True).start()

    def _answered(self, found: tuple[Status, legacy.State | None]) -> None:
        pictures, sync = found
        self._show(pictures)
        if sync is not None:
            self._show_sync(sync)

    def _show_sync(self, found: legacy.State) -> None:
        """Say when the service could not be read the last time, and that a reading waits or goes on."""
        clear_layout(self._trouble)
        server = legacy.pictures_fail(found)
        if server is not None:
            at = fmt.date_time(server.last_contact_at) if server.last_contact_at else fmt.NONE
            banner = Banner("bad", t("media.status.failed", at=at), server_error(server))
            banner.setObjectName("media.failed")
            self._trouble.addWidget(banner)
        asked = [one for one in (found.run, *found.waiting) if one is not None and one.mode == "images"]
        self._now.setEnabled(not asked)
        self._now.set_text_key(
            "media.status.running"
            if asked and asked[0] is found.run
            else "media.status.waiting"
            if asked
            else "media.status.now"
        )

    def _show(self, found: Status) -> None:
        clear_layout(self._banner)
        clear_layout(self._figures)
        if found.service is None:
            self._banner.addWidget(
                Banner("info", t("media.status.no_service"), t("media.status.no_service_text"))
            )
        for number, words, tone in (
            (found.here, "media.status.here", "text"),
            (found.orphans, "media.status.orphans", "warn" if found.orphans else "text"),
            (found.conflicts, "media.status.conflicts", "bad" if found.conflicts else "text"),
            (found.gone, "media.status.gone", "text"),
            (found.products, "media.status.with", "text"),
            (found.without, "media.status.without", "text"),
        ):
            self._figures.addWidget(Figure(fmt.number(number), t(words), tone), 1)
        if found.read_at is None:
            self._when.setText(t("media.status.never"))
        else:
            words = t("media.status.read", when=fmt.date_time(found.read_at))
            if found.source_count is not None:
                words = f"{words} · {t('media.status.source', n=found.source_count)}"
            self._when.setText(words)
        self._now.setVisible(found.service is not None and self._ctx.profile.can(REQUEST))

    def _request(self) -> None:
        op: WriteOp[int] = WriteOp(self, self._ctx, writes.request_run, RequestRun("images"))
        op.disabling(self._now).success(self._requested).start()

    def _requested(self, _run: int) -> None:
        self._ctx.navigate.toast(t("media.status.requested"), kind="info")
        self.read()


def _spec(ctx: AppContext) -> ListSpec:
    names(ctx)

    def what(row: ChangeRow) -> str:
        if row.sku:
            return row.sku
        return t("media.concerned", n=row.concerned) if row.concerned else ""

    def who(row: ChangeRow) -> str:
        return t("media.by_sync", run=row.run_id) if row.run_id else name(ctx, row.by)

    return ListSpec(
        key=HISTORY,
        title="media.history.title",
        icon="history",
        columns=(
            Column("image", "", "thumb", width=48, sortable=False, exported=False, value=picture_key),
            Column("at", "media.column.at", "date_time", width=150, filter="date"),
            Column(
                "kind",
                "media.column.change",
                "chip",
                width=190,
                chips=CHANGES,
                filter="choice",
                choices=tuple((key, words) for key, (_, words) in CHANGES.items()),
            ),
            Column("name", "media.column.name", "bold", width=220, stretch=True, filter="contains"),
            Column("sku", "media.column.product", width=150, filter="contains", text=what),
            Column("by", "media.column.by", width=160, text=who, sortable=False),
        ),
        fetch=media.list_changes,
        topics=frozenset({PICTURE, RUN, legacy.SERVER}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("sync", "media.preset.sync"),
            Preset("hand", "media.preset.hand"),
        ),
        row_height="row_thumb",
        empty=Empty("media.history.empty_title", "media.history.empty_text"),
        open=_open,
        sort="at",
        descending=True,
    )


def _open(ctx: AppContext, row: ChangeRow) -> None:
    if row.product_id is not None:
        ctx.navigate.open_record(PRODUCT, row.product_id)
    else:
        ctx.navigate.open_workspace(LIST, preset="all", filters={"name": row.name or ""})


class HistoryPage(ListPage):
    """The list of changes with the state of the sync above it."""

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx, _spec(ctx), state)
        self.strip = StatusStrip(ctx)
        self.column.insertWidget(1, self.strip)

    def refresh(self) -> None:
        """Both."""
        super().refresh()
        self.strip.read()

    def on_changes(self, changes: Changes) -> None:
        """Both."""
        super().on_changes(changes)
        self.strip.read()


def history_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace."""
    return HistoryPage(ctx, state)
