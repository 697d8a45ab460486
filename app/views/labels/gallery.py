"""All label designs with what they look like: those of the house first, then those that come with the program."""

from concurrent.futures import Future
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.changes import Changes
from app.core.errors import AppError
from app.core.i18n import language, t
from app.services.labels import catalogue, raster, reads
from app.services.labels.design import Design
from app.services.labels.layout import lay_out
from app.services.labels.reads import DesignRow
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.marks import Chip, Divider, Label
from app.views.core.operation import ReadOp
from app.views.core.page_head import PageHead
from app.views.core.segmented import SegmentedTabs
from app.views.core.surfaces import Card, clear_layout
from app.views.core.tasks import FETCH
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.labels.preview import LabelView, size_words

KEY = "labels.designs"
TOPIC = "labels.design"
COLUMNS = 3


class GalleryPage(TabPage):
    """Designs of one kind of record at a time."""

    icon = "tags"
    topics = frozenset({TOPIC})

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.labels_designs")
        self._own: tuple[DesignRow, ...] = ()
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = PageHead()
        head.show_title(t("labels.designs.title"))
        if ctx.profile.can(f"{TOPIC}:insert"):
            new = Button("labels.design.new_button", "plus", "primary", "Ctrl+N", clicked=self._new)
            new.setObjectName("action.new_design")
            head.add(new)
        column.addWidget(head)
        bar = QHBoxLayout()
        bar.setContentsMargins(px("margin_l"), 0, px("margin"), 0)
        topics = [(topic, t(f"labels.topic.{topic}")) for topic in catalogue.TOPICS]
        asked = str(state.get("topic", ""))
        self.tabs = SegmentedTabs(topics, asked if asked in catalogue.TOPICS else catalogue.TOPICS[0])
        self.tabs.setObjectName("labels.topics")
        self.tabs.chosen.connect(lambda _key: self._topic_chosen())
        bar.addWidget(self.tabs)
        bar.addStretch(1)
        column.addLayout(bar)
        column.addWidget(Divider())
        content = QWidget()
        outer = QVBoxLayout(content)
        outer.setContentsMargins(px("margin_l"), px("margin"), px("margin_l"), px("margin"))
        self._grid = QGridLayout()
        self._grid.setSpacing(px("gap_l"))
        for number in range(COLUMNS):
            self._grid.setColumnStretch(number, 1)
        outer.addLayout(self._grid)
        outer.addStretch(1)
        column.addWidget(scrolled(content), 1)
        self._fill()
        self.refresh()

    def title(self) -> str:
        """The word on the tab."""
        return t("labels.designs.title")

    def identity(self) -> str:
        """There is one."""
        return f"workspace:{KEY}"

    def state(self) -> dict[str, Any]:
        """The kind of record in front."""
        return {"topic": self.tabs.current}

    def refresh(self) -> None:
        """Read the house's own designs."""
        op: ReadOp[tuple[DesignRow, ...]] = ReadOp(self, self.ctx, _own_designs, self.tabs.current)
        op.replacing("own").success(self._arrived).start()

    def on_changes(self, changes: Changes) -> None:
        """Somebody saved a design."""
        self.refresh()

    def _arrived(self, rows: tuple[DesignRow, ...]) -> None:
        self._own = rows
        self._fill()

    def _topic_chosen(self) -> None:
        self._own = ()
        self._fill()
        self.refresh()
        self.changed.emit()

    def _new(self) -> None:
        self.ctx.navigate.new_record(TOPIC, of=self.tabs.current)

    def _fill(self) -> None:
        clear_layout(self._grid)
        topic = self.tabs.current
        shown: list[tuple[DesignRow | None, Design | None]] = [
            (row, reads.read_design(row)) for row in self._own
        ]
        shown += [(None, design) for design in catalogue.designs(topic).values()]
        for number, (row, design) in enumerate(shown):
            self._grid.addWidget(self._card(topic, row, design), number // COLUMNS, number % COLUMNS)

    def _card(self, topic: str, row: DesignRow | None, design: Design | None) -> Card:
        names = {"de": row.name_de, "en": row.name_en} if row else (design.name if design else {})
        name = names.get(language(), "")
        card = Card(name)
        key = f"own:{row.id}" if row else (design.key if design else "")
        card.setObjectName(f"design.{key}")
        view = LabelView(name, zoom=1.5)
        view.setFixedHeight(px("detail") // 2)
        card.body.addWidget(view)
        line = QHBoxLayout()
        size = size_words(design.wide, design.high) if design else ""
        line.addWidget(Label(size, "small", "text2"))
        line.addStretch(1)
        if row is not None:
            kind, words = (
                ("ok", "labels.design.own") if row.is_active else ("neutral", "labels.design.unused")
            )
            line.addWidget(Chip(kind, t(words)))
        card.body.addLayout(line)
        card.body.addLayout(self._buttons(topic, row, design))
        if design is None:
            view.show_label(None, words=t("labels.design.broken"))
        else:
            self.ctx.tasks.run(FETCH, view, partial(_drawn, design), partial(_show, view, design))
        return card

    def _buttons(self, topic: str, row: DesignRow | None, design: Design | None) -> QHBoxLayout:
        foot = QHBoxLayout()
        if design is not None and (row is None or row.is_active):
            go = partial(
                self.ctx.navigate.open_workspace, "labels.print", topic=topic, design=design.key, ids=[]
            )
            button = Button("labels.design.print", "printer", size="toolbar", clicked=go)
            button.setObjectName(f"print.{design.key}")
            foot.addWidget(button)
        if row is not None:
            edit = partial(self.ctx.navigate.open_record, TOPIC, row.id)
            foot.addWidget(Button("labels.design.edit", "pencil", "ghost", size="toolbar", clicked=edit))
        elif design is not None and self.ctx.profile.can(f"{TOPIC}:insert"):
            copy = partial(self.ctx.navigate.new_record, TOPIC, of=topic, based_on=design.key)
            button = Button("labels.design.adapt", "copy", "ghost", size="toolbar", clicked=copy)
            button.setObjectName(f"adapt.{design.key}")
            foot.addWidget(button)
        foot.addStretch(1)
        foot.setAlignment(Qt.AlignmentFlag.AlignLeft)
        return foot


def _own_designs(session: Any, topic: str) -> tuple[DesignRow, ...]:
    return reads.own_designs(session, topic, only_active=False)


def _drawn(design: Design) -> bytes:
    return raster.png(lay_out(design, catalogue.sample(design.topic), density=300, language=language()))


def _show(view: LabelView, design: Design, future: "Future[bytes]") -> None:
    try:
        view.show_label(future.result(), design.wide, design.high)
    except AppError:
        view.show_label(None, words=t("labels.design.broken"))
