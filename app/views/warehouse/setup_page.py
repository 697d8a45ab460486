"""The scanner of this workplace: how it types or where it is plugged in, and what comes in when one tries it."""

from collections.abc import Callable
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.core import paths
from app.core.i18n import t
from app.core.scan import CALIBRATION, LAYOUTS, layout_of
from app.services.labels import command_sheet
from app.services.labels.scans import Reading
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.fields import Field, FieldBox
from app.views.core.form_parts import FieldGrid
from app.views.core.list_export import open_file, show_written
from app.views.core.marks import Chip, Label
from app.views.core.page_head import PageHead
from app.views.core.qr import QrCode
from app.views.core.scan_settings import SPEEDS, ScannerSettings
from app.views.core.scanner import ScanHub, hub_of
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.core.tasks import FILE
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.warehouse.pictures import PictureScans

show_file: Callable[[str], object] = open_file
KEPT = 12
PICTURES = "*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff"
FIELDS = (
    Field("wedge", "scan_setup.wedge", "check", span=2),
    Field("sound", "scan_setup.sound", "check", span=2),
    Field(
        "layout",
        "scan_setup.layout",
        "choice",
        choices=tuple((name, f"scan_setup.layout_{name}") for name in LAYOUTS),
        span=4,
    ),
    Field("prefix", "scan_setup.prefix", max_length=1, help="scan_setup.prefix_help", span=2),
    Field("needs_end", "scan_setup.needs_end", "check", span=2),
    Field(
        "gap_ms",
        "scan_setup.gap",
        "number",
        minimum=Decimal(10),
        maximum=Decimal(200),
        unit="ms",
        help="scan_setup.gap_help",
        span=2,
    ),
    Field("shortest", "scan_setup.shortest", "number", minimum=Decimal(2), maximum=Decimal(40), span=2),
    Field("port", "scan_setup.port", "choice", span=2),
    Field("baud", "scan_setup.baud", "choice", span=2),
)


class SetupPage(TabPage):
    """Settings to the left, what comes in to the right.  While it is in front, scans do nothing else."""

    icon = "scan-line"

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.scan_setup")
        fill(self, "window")
        self._came: list[Reading] = []
        self.pictures = PictureScans(self, ctx)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = PageHead()
        head.show_title(self.title(), line=t("scan_setup.line"))
        sheet = Button("scan_setup.sheet", "printer", "secondary", clicked=self.open_sheet)
        sheet.setObjectName("action.sheet")
        head.add(sheet)
        self._save = Button("form.save", "check", "primary", "Ctrl+S", clicked=self.save)
        self._save.setObjectName("action.save")
        head.add(self._save)
        column.addWidget(head)
        body = QWidget()
        across = QHBoxLayout(body)
        across.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        across.setSpacing(px("gap_m"))
        across.addWidget(self._settings_card(), 3, Qt.AlignmentFlag.AlignTop)
        across.addWidget(self._test_card(), 4, Qt.AlignmentFlag.AlignTop)
        column.addWidget(scrolled(body), 1)
        self._show_came()

    def title(self) -> str:
        """The word on the tab."""
        return t("scan_setup.title")

    def identity(self) -> str:
        """One is enough."""
        return "workspace:scan_setup"

    def hub(self) -> ScanHub | None:
        """The hub of the window."""
        return hub_of(self)

    # -- settings -----------------------------------------------------------------------------------------------

    def _settings_card(self) -> QWidget:
        card = Card(t("scan_setup.settings"))
        self.boxes = {field.key: FieldBox(self.ctx, field) for field in FIELDS}
        self.boxes["baud"].set_choices([(speed, str(speed)) for speed in SPEEDS])
        self.boxes["port"].set_choices([("", t("scan_setup.no_port"))])
        card.body.addWidget(FieldGrid([(self.boxes[field.key], field.span) for field in FIELDS]))
        self.state_line = Label("", "small", "text2", wrap=True)
        card.body.addWidget(self.state_line)
        return card

    def showEvent(self, event: Any) -> None:
        """Show what is in force, and the ports there are now."""
        super().showEvent(event)
        hub = self.hub()
        if hub is None or self._loaded:
            return
        self._loaded = True
        self._fill(hub.settings)

        def known(future: "Future[list[tuple[str, str]]]") -> None:
            if future.exception() is None:
                found = [("", t("scan_setup.no_port")), *future.result()]
                mine = self.boxes["port"].value() or hub.settings.port
                if mine and mine not in {port for port, _words in found}:
                    found.append((mine, mine))
                self.boxes["port"].set_choices(found)
                self.boxes["port"].set_value(mine)

        from app.views.core.scan_port import ports

        self.ctx.tasks.run(FILE, self, ports, known)

    _loaded = False

    def _fill(self, settings: ScannerSettings) -> None:
        for key in ("wedge", "sound", "layout", "prefix", "needs_end", "port", "baud"):
            self.boxes[key].set_value(getattr(settings, key))
        for key in ("gap_ms", "shortest"):
            self.boxes[key].set_value(Decimal(getattr(settings, key)))

    def save(self, then: Any = None) -> None:
        """Keep the settings and listen by them."""
        hub = self.hub()
        for box in self.boxes.values():
            if words := box.unreadable():
                box.set_error(words)
                box.focus()
                return
        if hub is None:
            return
        values = {key: box.value() for key, box in self.boxes.items()}
        settings = ScannerSettings(
            wedge=bool(values["wedge"]),
            gap_ms=int(min(max(values["gap_ms"] or 40, 10), 200)),
            shortest=int(min(max(values["shortest"] or 4, 2), 40)),
            prefix=str(values["prefix"] or "")[:1],
            needs_end=bool(values["needs_end"]),
            layout=str(values["layout"] or "same"),
            port=str(values["port"] or ""),
            baud=int(values["baud"] or SPEEDS[0]),
            sound=bool(values["sound"]),
        )
        hub.apply(settings)
        self._fill(settings)
        self.ctx.navigate.toast(t("scan_setup.saved"))
        if callable(then):
            then()

    # -- trying it ----------------------------------------------------------------------------------------------

    def _test_card(self) -> QWidget:
        card = Card(t("scan_setup.test"))
        line = QHBoxLayout()
        line.setSpacing(px("gap_l"))
        line.addWidget(QrCode(CALIBRATION, t("scan_setup.calibration")), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(px("gap_s"))
        words.addWidget(Label(t("scan_setup.calibration"), "body600"))
        words.addWidget(Label(t("scan_setup.calibration_text"), "body", "text2", wrap=True))
        picture = Button("scan_setup.picture", "image", "secondary", clicked=self.choose_picture)
        picture.setObjectName("action.picture")
        words.addWidget(picture, 0, Qt.AlignmentFlag.AlignLeft)
        words.addStretch(1)
        line.addLayout(words, 1)
        card.body.addLayout(line)
        self.came = QVBoxLayout()
        self.came.setSpacing(px("gap_s"))
        card.body.addLayout(self.came)
        return card

    def on_raw_scan(self, reading: Reading) -> str:
        """Show what came, and nothing else; the calibration code sets the keyboard."""
        self._came = [reading, *self._came][:KEPT]
        self._show_came()
        hub = self.hub()
        arrived = reading.code
        if hub is not None and (name := layout_of(_before(arrived, hub.settings.layout))) is not None:
            self.boxes["layout"].set_value(name)
            self.save()
        return "ok"

    def _show_came(self) -> None:
        clear_layout(self.came)
        for reading in self._came:
            row = QHBoxLayout()
            row.setSpacing(px("gap"))
            row.addWidget(
                Chip("info" if reading.kind != "plain" else "neutral", t(f"scan_setup.kind_{reading.kind}"))
            )
            text = QVBoxLayout()
            text.setSpacing(0)
            text.addWidget(Label(visible(reading.raw), "mono", "text", wrap=True))
            if meaning := meaning_of(reading):
                text.addWidget(Label(meaning, "small", "text2", wrap=True))
            row.addLayout(text, 1)
            self.came.addLayout(row)
        if not self._came:
            self.came.addWidget(EmptyState("scan-line", t("scan_setup.empty"), t("scan_setup.empty_text")))

    def choose_picture(self) -> None:
        """Ask for a picture with codes on it."""
        file, _ = QFileDialog.getOpenFileName(
            self, t("scan_setup.picture").replace("&", ""), "", f"{t('kit.picture')} ({PICTURES})"
        )
        if file:
            self.read_picture(Path(file))

    def read_picture(self, file: Path) -> None:
        """Take the codes of a picture as scanned."""
        self.pictures.read_file(file)

    def open_sheet(self) -> None:
        """Make the sheet of commands and open it."""
        captions = [
            name if name.isdigit() else t(f"scan_setup.command_{name}")
            for name, _code in command_sheet.codes()
        ]
        title = t("scan_setup.sheet_title")
        target = paths.cache() / "documents" / f"{title}.pdf"

        def make() -> str:
            paths.ensure_private(target.parent)
            target.write_bytes(command_sheet.sheet(title, captions))
            return str(target)

        def made(done: "Future[str]") -> None:
            show_written(self.ctx, done, show_file)

        self.ctx.tasks.run(FILE, self, make, made)


def _before(text: str, layout: str) -> str:
    """What the keyboard delivered, before it was put right."""
    back = {ord(meant): chr(got) for got, meant in LAYOUTS[layout].items()}
    return text.translate(back)


def visible(raw: str) -> str:
    """A code with what cannot be seen in it."""
    names = {"\x1d": "<GS>", "\r": "<CR>", "\n": "<LF>", "\t": "<TAB>"}
    return "".join(names.get(sign, sign if sign.isprintable() else "?") for sign in raw)


def meaning_of(reading: Reading) -> str:
    """What the code says by itself."""
    parts = [
        (t("scan_setup.gtin"), reading.gtin),
        (t("scan.lot"), reading.lot),
        (t("scan_setup.serial"), reading.serial),
        (t("scan_setup.sscc"), reading.sscc),
        (t("scan.teach_qty"), str(reading.qty) if reading.qty is not None else ""),
    ]
    words = [f"{name} {value}" for name, value in parts if value]
    return " · ".join(words or ["/".join(reading.parts)] if reading.parts else words)
