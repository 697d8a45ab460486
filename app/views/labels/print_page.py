"""Print labels: of which records, in which design, how many, on which sheet; with the label as it will be."""

from collections.abc import Sequence
from concurrent.futures import Future
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.errors import AppError
from app.core.i18n import language, t
from app.services.labels import catalogue, raster, reads, writes
from app.services.labels.commands import GiveSscc
from app.services.labels.design import Design, used_fields
from app.services.labels.job import Job
from app.services.labels.quantities import Wanted
from app.services.labels.reads import DesignRow, Source
from app.services.labels.sheets import Sheet, all_sheets, suiting
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.inputs import ComboBox, LineEdit, NumberEdit
from app.views.core.lookup import Found, TypeAhead
from app.views.core.marks import Divider, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.page_head import PageHead
from app.views.core.papering import paper_of
from app.views.core.surfaces import Card
from app.views.core.tasks import FETCH
from app.views.core.theme import fill, px
from app.views.core.values import error_text
from app.views.core.workspace import TabPage
from app.views.labels import output
from app.views.labels.preview import LabelView, SheetView, size_words

KEY = "labels.print"
RIGHTS = {"badge": "badge_list", "delivery": "sales.delivery:select"}
SINGLE = "single"


class PrintPage(TabPage):
    """Choices at the left, the label at the right; nothing is written but the parcels' numbers."""

    icon = "tag"
    topics = frozenset({"labels.design"})

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.labels_print")
        self._state = dict(state)
        self._ids: list[int] = [int(record) for record in state.get("ids", ())]
        self.sources: tuple[Source, ...] = ()
        self._own: tuple[DesignRow, ...] = ()
        self._designs: dict[str, Design] = {}
        self._at = 0
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead(t("labels.print.title"))
        self._make_buttons()
        column.addWidget(self._head)
        column.addWidget(Divider())
        row = QHBoxLayout()
        row.setSpacing(0)
        side = QWidget()
        self._side = QVBoxLayout(side)
        self._side.setContentsMargins(px("margin"), px("margin"), px("margin"), px("margin"))
        self._side.setSpacing(px("gap_m"))
        self._make_records()
        self._make_design()
        self._make_count()
        self._make_paper()
        self._side.addStretch(1)
        holder = scrolled(side)
        holder.setFixedWidth(px("detail") + px("margin"))
        row.addWidget(holder)
        row.addWidget(Divider(vertical=True))
        row.addLayout(self._make_preview(), 1)
        column.addLayout(row, 1)
        self._topic_chosen(keep=True)

    # -- what it is made of -------------------------------------------------------------------------------------

    def _make_buttons(self) -> None:
        self.save_zpl = Button("labels.print.zpl", "download", "ghost", clicked=partial(self._save, "zpl"))
        self.save_zpl.setObjectName("action.save_zpl")
        self.save_pdf = Button("labels.print.save", "save", clicked=partial(self._save, "pdf"))
        self.save_pdf.setObjectName("action.save_pdf")
        queued = self.ctx.profile.can("print_request")
        self.open_pdf = Button("labels.print.open", "external-link", clicked=self._open)
        self.open_pdf.setObjectName("action.open_pdf")
        self.print = Button("labels.print.print", "printer", "primary", "Ctrl+P", clicked=self._print)
        self.print.setObjectName("action.print")
        for button in (self.save_zpl, self.save_pdf, self.open_pdf, self.print):
            self._head.add(button)
        self.print.setVisible(queued)

    def _make_records(self) -> None:
        card = Card(t("labels.print.what"))
        topics = [
            (topic, t(f"labels.topic.{topic}"))
            for topic in catalogue.TOPICS
            if not RIGHTS.get(topic) or self.ctx.profile.can(RIGHTS[topic])
        ]
        self.topic = self._choice(card, "topic", topics, lambda _value: self._topic_chosen())
        wanted = self._state.get("topic")
        self.topic.set_value(wanted if wanted in dict(topics) else "product")
        self.finder = LineEdit(t("labels.print.find"), t("labels.print.find"), leading="search")
        self.finder.setObjectName("field.find")
        self._ahead = TypeAhead(self.finder, self.ctx, self._find)
        self._ahead.picked.connect(self._picked)
        card.body.addWidget(self.finder)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        card.body.addLayout(self._rows)
        self._side.addWidget(card)

    def _make_design(self) -> None:
        card = Card(t("labels.print.design"))
        self.design = self._choice(card, "template", [], self._design_picked)
        words = [("de", t("labels.language.de")), ("en", t("labels.language.en"))]
        self.language = self._choice(card, "language", words, lambda _value: self._changed())
        self.language.set_value(self._state.get("language") or language())
        self._side.addWidget(card)

    def _make_count(self) -> None:
        card = Card(t("labels.print.count"))
        self.per = self._choice(card, "per", self._pers(), lambda _value: self._per_chosen())
        self.per.set_value(self._state.get("per") or "fixed")
        self.copies = self._number(card, "copies", minimum=Decimal(1), places=0)
        self.copies.set_value(int(self._state.get("copies") or 1))
        self.qty = self._number(card, "qty", minimum=Decimal(0), places=3)
        self.content = self._number(card, "content", minimum=Decimal(0), places=3)
        self.parcels = self._number(card, "parcels", minimum=Decimal(1), places=0)
        self.parcels.set_value(1)
        self._each = Label(t("labels.print.each_parcel"), "small", "text2", wrap=True)
        card.body.addWidget(self._each)
        self.give = Button("labels.print.give", "hash", size="toolbar", clicked=self._give)
        self.give.setObjectName("action.give_sscc")
        card.body.addWidget(self.give)
        self.serial = LineEdit(t("labels.print.serial"), max_length=40)
        self.serial.setObjectName("field.serial")
        self.serial.setText(str(self._state.get("serial") or ""))
        self.serial.textChanged.connect(lambda _text: self._changed())
        self._labelled(card, "serial", self.serial)
        self._side.addWidget(card)

    def _make_paper(self) -> None:
        card = Card(t("labels.print.paper"))
        self.paper = self._choice(card, "media", [], lambda _value: self._paper_chosen())
        words = [(density, t("labels.print.dpi", dpi=density)) for density in (203, 300, 600)]
        self.density = self._choice(card, "density", words, lambda _value: self._changed())
        self.density.set_value(int(self._state.get("density") or 300))
        self.start = SheetView()
        self.start.setObjectName("field.start")
        self.start.chosen.connect(self._start_at)
        self._start = int(self._state.get("start") or 1)
        self._start_words = Label("", "small", "text2", wrap=True)
        card.body.addWidget(self._start_words)
        card.body.addWidget(self.start, 0, Qt.AlignmentFlag.AlignHCenter)
        shifts = self._state.get("shift") or ("0", "0")
        self.right = self._number(card, "shift_right", places=1, unit="mm")
        self.down = self._number(card, "shift_down", places=1, unit="mm")
        for edit, value in zip((self.right, self.down), shifts, strict=True):
            edit.set_value(Decimal(str(value)))
        self._side.addWidget(card)

    def _make_preview(self) -> QVBoxLayout:
        box = QVBoxLayout()
        box.setContentsMargins(px("margin"), px("margin"), px("margin"), px("margin"))
        box.setSpacing(px("gap"))
        self.preview = LabelView(zoom=2.5)
        self.preview.setObjectName("labels.preview")
        box.addWidget(self.preview, 1)
        self._note = Label("", "body", "bad", wrap=True)
        self._note.setObjectName("labels.problem")
        self._note.hide()
        box.addWidget(self._note)
        foot = QHBoxLayout()
        self._before = IconButton("chevron-left", "labels.print.before", clicked=lambda: self._turn(-1))
        self._after = IconButton("chevron-right", "labels.print.after", clicked=lambda: self._turn(1))
        self._after.setObjectName("labels.next")
        self._which = Label("", "small", "text2")
        self._which.setObjectName("labels.which")
        foot.addStretch(1)
        for widget in (self._before, self._which, self._after):
            foot.addWidget(widget)
        foot.addStretch(1)
        box.addLayout(foot)
        return box

    def _labelled(self, card: Card, key: str, widget: QWidget) -> None:
        label = Label(t(f"labels.print.{key}"), "small500", "text2")
        label.setObjectName(f"label.{key}")
        widget.setProperty("caption", label)
        card.body.addWidget(label)
        card.body.addWidget(widget)

    def _choice(self, card: Card, key: str, choices: Sequence[tuple[Any, str]], run: Any) -> ComboBox:
        box = ComboBox(t(f"labels.print.{key}"), choices)
        box.setObjectName(f"field.{key}")
        box.value_changed.connect(run)
        self._labelled(card, key, box)
        return box

    def _number(self, card: Card, key: str, **options: Any) -> NumberEdit:
        edit = NumberEdit(t(f"labels.print.{key}"), least=0, **options)
        edit.setObjectName(f"field.{key}")
        edit.value_changed.connect(lambda _value: self._changed())
        self._labelled(card, key, edit)
        return edit

    def _pers(self) -> list[tuple[str, str]]:
        return [(per, t(f"labels.per.{per}")) for per in ("fixed", "piece", "box", "pallet")]

    @staticmethod
    def _show(widget: QWidget, visible: bool) -> None:
        widget.setVisible(visible)
        caption = widget.property("caption")
        if caption is not None:
            caption.setVisible(visible)

    # -- TabPage ------------------------------------------------------------------------------------------------

    def title(self) -> str:
        """What it is about."""
        return t("labels.print.title")

    def state(self) -> dict[str, Any]:
        """Everything chosen."""
        return {
            "topic": self.topic.value(),
            "ids": list(self._ids),
            "design": self._state.get("design") or self.design.value(),
            "language": self.language.value(),
            "per": self.per.value(),
            "copies": int(self.copies.value() or 1),
            "serial": self.serial.text(),
            "paper": self.paper.value(),
            "density": self.density.value(),
            "start": self._start,
            "shift": [str(self.right.value() or 0), str(self.down.value() or 0)],
        }

    def refresh(self) -> None:
        """Read designs and records again."""
        self._read()

    # -- records ------------------------------------------------------------------------------------------------

    def _find(self, session: Any, typed: str, limit: int, _language: str) -> list[reads.Hit]:
        return reads.find(session, str(self.topic.value()), typed, limit)

    def _picked(self, found: Found) -> None:
        self.finder.clear()
        if found.id not in self._ids:
            self._ids.append(found.id)
            self._read()

    def _drop(self, record: int) -> None:
        self._ids = [other for other in self._ids if other != record]
        self.sources = tuple(source for source in self.sources if source.id != record)
        self._show_records()

    def _topic_chosen(self, *, keep: bool = False) -> None:
        if not keep:
            self._ids = []
            self.sources = ()
            self._state.pop("design", None)
        self._own = ()
        self._fill_designs()
        self._read()

    def _read(self) -> None:
        topic = str(self.topic.value())
        op: ReadOp[tuple[tuple[DesignRow, ...], tuple[Source, ...]]] = ReadOp(
            self, self.ctx, reads.for_printing, paper_of(self.ctx), topic, tuple(self._ids)
        )
        op.replacing("records").success(self._arrived).start()

    def _arrived(self, found: tuple[tuple[DesignRow, ...], tuple[Source, ...]]) -> None:
        self._own, self.sources = found
        self._ids = [source.id for source in self.sources]
        self._fill_designs()
        self._show_records()

    def _show_records(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for source in self.sources[:12]:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(Label(source.title, "body", elide=True), 1)
            row.addWidget(IconButton("x", "labels.print.drop", clicked=partial(self._drop, source.id)))
            self._rows.addWidget(line)
        if (more := len(self.sources) - 12) > 0:
            words = t("labels.print.more", n=more, count=fmt.number(more))
            self._rows.addWidget(Label(words, "small", "text2"))
        alone = self.sources[0] if len(self.sources) == 1 else None
        self._propose(self.qty, alone.qty if alone is not None else None)
        self._propose(self.content, alone.box if alone is not None else None)
        if len(self.sources) == 1 and self.sources[0].numbers:
            self.parcels.set_value(len(self.sources[0].numbers))
        self._per_chosen()

    @staticmethod
    def _propose(edit: NumberEdit, value: Decimal | None) -> None:
        """What the record says, unless somebody typed something else."""
        if edit.value() in (None, edit.property("proposed")):
            edit.set_value(value)
            edit.setProperty("proposed", value)

    # -- choices ------------------------------------------------------------------------------------------------

    def _fill_designs(self) -> None:
        topic = str(self.topic.value())
        own = [design for row in self._own if (design := reads.read_design(row)) is not None]
        self._designs = {design.key: design for design in (*own, *catalogue.designs(topic).values())}
        words = [
            (key, f"{design.name[language()]} · {size_words(design.wide, design.high)}")
            for key, design in self._designs.items()
        ]
        wanted, kept = self._state.get("design"), self.design.value()
        if wanted in self._designs:
            kept = wanted
        self.design.set_choices(words)
        self.design.set_value(kept if kept in self._designs else next(iter(self._designs), None))
        self._design_chosen()

    def _design_picked(self, _value: object) -> None:
        self._state.pop("design", None)
        self._design_chosen()

    def _design_chosen(self) -> None:
        design = self._designs.get(str(self.design.value()))
        sheets = suiting(design.wide, design.high) if design else ()
        papers = [(SINGLE, t("labels.print.single")), *((s.key, s.name[language()]) for s in sheets)]
        kept = self.paper.value() or self._state.pop("paper", None) or SINGLE
        self.paper.set_choices(papers)
        self.paper.set_value(kept if kept in dict(papers) else SINGLE)
        self._show(self.serial, bool(design and "label.serial" in used_fields(design.elements)))
        self._paper_chosen()

    def _per_chosen(self) -> None:
        per, parcels = self.per.value(), self.topic.value() == "delivery"
        numbered = parcels and any(source.numbers for source in self.sources)
        self._show(self.per, not numbered)
        self._show(self.copies, per == "fixed" and not numbered)
        self._show(self.qty, per != "fixed" and not numbered)
        self._show(self.content, per in ("box", "pallet") and not numbered)
        may = parcels and self.ctx.profile.can("sscc_give") and len(self.sources) == 1
        self._each.setVisible(numbered and not may)
        self._show(self.parcels, may)
        self._show(self.give, may)
        self._changed()

    def _paper_chosen(self) -> None:
        sheet = self.sheet()
        if sheet is not None and self._start > sheet.count:
            self._start = 1
        for widget in (self.start, self.right, self.down):
            self._show(widget, sheet is not None)
        self.save_zpl.setVisible(sheet is None)
        self._changed()

    def _start_at(self, place: int) -> None:
        self._start = place
        self._changed()

    def sheet(self) -> Sheet | None:
        """The sheet chosen; None for one label a page."""
        return all_sheets().get(str(self.paper.value()))

    def _turn(self, step: int) -> None:
        self._at += step
        self._changed()

    def _give(self) -> None:
        """Give the parcels their numbers."""
        command = GiveSscc(self.sources[0].id, int(self.parcels.value() or 1))
        WriteOp(self, self.ctx, writes.give_sscc, command).disabling(self.give).success(
            lambda _codes: self._read()
        ).start()

    # -- what comes of it ---------------------------------------------------------------------------------------

    def job(self) -> Job | None:
        """What would be printed now; None without a design or a record.  Without records the sample is shown."""
        design = self._designs.get(str(self.design.value()))
        if design is None:
            return None
        sources = self.sources or (Source(0, "", catalogue.sample(design.topic)),)
        wanted = Wanted(
            self.per.value() if self.sources else "fixed",
            int(self.copies.value() or 0) if self.sources else 1,
            self.qty.value(),
            self.content.value(),
            self.content.value(),
        )
        serial = self.serial.text().strip() if not self.serial.isHidden() and self.sources else ""
        return Job(design, sources, wanted, self.language.value(), self.density.value(), serial)

    def _changed(self) -> None:
        """Show what comes of the choices; laid out away from the GUI thread."""
        if not hasattr(self, "preview"):
            return
        job = self.job()
        for button in self._outputs():
            button.setEnabled(bool(job and self.sources))
        if job is None:
            return
        at = self._at

        def shown(future: "Future[tuple[int, int, bytes]]") -> None:
            try:
                self._at, count, png = future.result()
            except AppError as error:
                self._refused(error)
                return
            self._drawn(job, count, png)

        self.ctx.tasks.run(FETCH, self, partial(_preview, job, at), shown, slot="preview")

    def _drawn(self, job: Job, count: int, png: bytes) -> None:
        self._note.hide()
        self.preview.show_label(png, job.design.wide, job.design.high)
        which = t("labels.print.which", at=fmt.number(self._at + 1), n=count, count=fmt.number(count))
        self._which.setText(which if self.sources else t("labels.print.sample"))
        self._before.setEnabled(self._at > 0)
        self._after.setEnabled(self._at < count - 1)
        self._before.setVisible(count > 1)
        self._after.setVisible(count > 1)
        sheet = self.sheet()
        self.start.show_sheet(sheet, self._start, count)
        if sheet is not None:
            pages = -(-(count + self._start - 1) // sheet.count)
            self._start_words.setText(
                t("labels.print.sheets", n=pages, count=fmt.number(pages), start=self._start)
            )
        self._start_words.setVisible(sheet is not None)

    def _refused(self, error: AppError) -> None:
        words = error_text(error)
        self._note.setText(words)
        self._note.show()
        self.preview.show_label(None, words=t("labels.print.impossible"))
        for widget in (self._before, self._after):
            widget.hide()
        self._which.setText("")
        for button in self._outputs():
            button.setEnabled(False)

    def _outputs(self) -> tuple[Button, ...]:
        return self.print, self.open_pdf, self.save_pdf, self.save_zpl

    def _print(self) -> None:
        """Hand over to the printer that takes such labels here; with Ctrl held one chooses."""
        job = self.job()
        assert job is not None
        shift = float(self.right.value() or 0), float(self.down.value() or 0)
        output.print_job(self, self.ctx, str(self.topic.value()), job, self.sheet(), self._start, shift)

    def _bytes(self, kind: str) -> Any:
        job = self.job()
        assert job is not None
        if kind == "zpl":
            return job.to_zpl
        shift = float(self.right.value() or 0), float(self.down.value() or 0)
        return partial(job.to_pdf, self.sheet(), self._start, shift)

    def _open(self) -> None:
        """Open the PDF with the program the system has for it, to be printed there."""
        output.write(self, self.ctx, self._bytes("pdf"), lambda path: output.show_file(str(path)))

    def _save(self, kind: str) -> None:
        """Save what a printer gets."""
        to = output.ask_where(self, t("labels.print.file"), kind)
        if to is not None:
            output.write(self, self.ctx, self._bytes(kind), self._saved, to=to)

    def _saved(self, path: Path) -> None:
        self.ctx.navigate.toast(t("labels.print.saved", name=path.name))


def _preview(job: Job, at: int) -> tuple[int, int, bytes]:
    """The number of the label, how many there are, the picture."""
    count = len(job.records())
    number = min(max(at, 0), count - 1)
    return number, count, raster.png(job.one(number))
