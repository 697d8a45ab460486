"""What screens for scan work are made of: large enough for gloves, the same in the office and in the hall."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.i18n import t
from app.services.labels.scanning import BOX, LOT, PLACE, PRODUCT, Hit, Resolved
from app.services.labels.scans import Reading
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.inputs import LineEdit
from app.views.core.marks import IconLabel, Label
from app.views.core.scanner import ScanHub, hub_of
from app.views.core.theme import fill, font, px, tok
from app.views.core.toasts import Foot
from app.views.core.workspace import TabPage
from app.views.warehouse.pictures import PictureScans

TINTS = {
    "": ("accent_tint", "accent_text"),
    "ok": ("ok_bg", "ok"),
    "warn": ("warn_bg", "warn"),
    "bad": ("bad_bg", "bad"),
}


class Prompt(QWidget):
    """What to scan now, and what came of the last scan; coloured by how it went."""

    def __init__(self) -> None:
        super().__init__()
        self._tone = ""
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(px("gap_xl"), px("gap_l"), px("gap_xl"), px("gap_l"))
        self._row.setSpacing(px("gap_l"))
        self._icon: QWidget = IconLabel("scan-line", px("touch_avatar"), "accent_text")
        self._row.addWidget(self._icon)
        words = QVBoxLayout()
        words.setSpacing(px("gap_xs"))
        self.want = Label("", "touch_head", wrap=True)
        self.want.setObjectName("scan.want")
        self.said = Label("", "touch_text", "text2", wrap=True)
        self.said.setObjectName("scan.said")
        words.addWidget(self.want)
        words.addWidget(self.said)
        self._row.addLayout(words, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def tell(self, want: str, said: str, tone: str = "") -> None:
        """Show what to do and what was done."""
        self._tone = tone
        self.want.setText(want)
        self.said.setText(said)
        self.said.setVisible(bool(said))
        icons = {"bad": "circle-x", "warn": "triangle-alert"}
        self._row.removeWidget(self._icon)
        self._icon.hide()
        self._icon.deleteLater()
        self._icon = IconLabel(icons.get(tone, "scan-line"), px("touch_avatar"), TINTS[tone][1])
        self._row.insertWidget(0, self._icon)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint ground and edge."""
        ground, edge = TINTS[self._tone]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(tok(ground))
        painter.setPen(QPen(tok(edge), px("hair")))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), px("touch_card"), px("touch_card"))
        painter.end()


class ScanPage(TabPage):
    """A prompt, a field for codes no scanner reads, cards below, buttons at the foot."""

    key = ""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__(ctx)
        self.setObjectName(f"page.{self.key}")
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(px("gap_xl"), px("gap_l"), px("gap_xl"), px("gap_l"))
        column.setSpacing(px("gap_m"))
        head = QHBoxLayout()
        head.setSpacing(px("gap_l"))
        self.heading = Label(self.title(), "touch_head", elide=True)
        head.addWidget(self.heading, 1)
        self.typed = LineEdit(t("scan.type_code"), size="touch")
        self.typed.setObjectName("field.code")
        self.typed.setPlaceholderText(t("scan.type_code"))
        self.typed.setFont(font("touch_text"))
        self.typed.setMaximumWidth(px("touch_side"))
        self.typed.setMaxLength(200)
        self.typed.returnPressed.connect(self._typed)
        head.addWidget(self.typed, 1)
        column.addLayout(head)
        self.prompt = Prompt()
        column.addWidget(self.prompt)
        content = QWidget()
        self.box = QVBoxLayout(content)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(px("gap_m"))
        self.box.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(scrolled(content), 1)
        self.pictures = PictureScans(self, ctx)
        foot = Foot()
        self.foot = QHBoxLayout(foot)
        self.foot.setContentsMargins(0, 0, 0, 0)
        self.foot.setSpacing(px("gap_m"))
        column.addWidget(foot)

    def title(self) -> str:
        """The word on the tab."""
        return t(f"{self.key}.title")

    def identity(self) -> str:
        """One of each kind."""
        return f"workspace:{self.key}"

    def hub(self) -> ScanHub | None:
        """The hub of the window."""
        return hub_of(self)

    def not_known(self, found: Resolved, want: str) -> str:
        """Say that nobody knows a code; what is nothing of the house's may go on to be taught."""
        self.prompt.tell(want, unknown_words(found.reading), "bad")
        return "" if teachable(found.reading) else "bad"

    def signal(self, tone: str) -> None:
        """Let people hear what came of a scan after a while."""
        hub = self.hub()
        if hub is not None:
            hub.signal(tone)

    def _typed(self) -> None:
        hub, code = self.hub(), self.typed.text().strip()
        if code and hub is not None:
            self.typed.clear()
            hub.scanned(code)


def first(hits: tuple[Hit, ...], *topics: str) -> Hit | None:
    """The first hit of one of these kinds."""
    return next((hit for hit in hits if hit.topic in topics), None)


def of_several(hits: tuple[Hit, ...]) -> bool:
    """Whether a code is the number of lots of several products: it does not say which goods these are."""
    goods = [hit for hit in hits if hit.topic in (PRODUCT, LOT)]
    return all(hit.topic == LOT for hit in goods) and len({hit.product_id for hit in goods}) > 1


def unknown_words(reading: Reading) -> str:
    """What is said about a code nobody knows, the house's own labels and what was misread among them."""
    if reading.damaged:
        return t("error.taught_code_digit", code=reading.code)
    kind = {"": "unknown", "command": "unknown_command"}.get(reading.own, "unknown_own")
    return t(f"scan.{kind}", code=reading.code)


def teachable(reading: Reading) -> bool:
    """Whether a code nobody knows may be taught: neither one of the house's own, nor a number that was misread."""
    return not reading.own and not reading.damaged


def is_lot(found: Resolved) -> bool:
    """Whether a code may be the number of a lot that is asked for: nobody knows it, or it is a lot's, of whatever; what
    the house's own labels and commands bear is none but on the label of a lot."""
    if found.reading.own not in ("", "lot"):
        return False
    goods = [hit for hit in found.hits if hit.topic in (PRODUCT, LOT, PLACE, BOX)]
    return not goods or (found.reading.kind == "plain" and all(hit.topic == LOT for hit in goods))


_WORDS = {
    "catalog.product": ("scan.product", "package"),
    "inventory.lot": ("scan.lot", "tags"),
    "inventory.place": ("scan.place", "map-pin"),
    "inventory.box": ("scan.box", "box"),
}


def word_of(hit: Hit) -> str:
    """What kind of thing it is, in a word."""
    key = _WORDS.get(hit.topic, ("scan.document", ""))[0]
    return t(key)


def icon_of(topic: str) -> str:
    """The icon of a kind."""
    return _WORDS.get(topic, ("", "file-text"))[1]
