"""The cards beside the form of a product: picture, stock, family."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.catalog.forms import ProductForm, VariantEntry
from app.services.catalog.lists import VariantRow
from app.views.catalog.words import PRODUCT, picture_key
from app.views.core import icons
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import Picture
from app.views.core.fonts import font, metrics
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.images import THUMBNAIL
from app.views.core.marks import Label
from app.views.core.surfaces import Card, clear_layout
from app.views.core.theme import px, tok

FILES = "*.png *.jpg *.jpeg *.gif *.webp *.bmp *.tif *.tiff"


class PictureField(QWidget):
    """The picture of a product, or the place to drop one.

    Signals:
        dropped: path of a file.
        clicked: choose one.
    """

    dropped = Signal(str)
    clicked = Signal()

    def __init__(self, images: Any) -> None:
        super().__init__()
        self._images = images
        self._key: tuple[int, str] | None = None
        self._chosen: QImage | None = None
        self._over = False
        self.live = False
        self.setObjectName("picture")
        self.setFixedHeight(px("side") - px("gap_xl") * 3)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(t("kit.picture"))
        if images is not None:
            images.ready.connect(self.update)

    def show_key(self, key: tuple[int, str] | None) -> None:
        """Show a stored picture."""
        self._key, self._chosen = key, None
        self.update()

    def show_chosen(self, image: QImage) -> None:
        """Show a picture that is not saved yet."""
        self._chosen = image
        self.update()

    def set_live(self, live: bool) -> None:
        """Whether a picture can be put here."""
        self.live = live
        self.setAcceptDrops(live)
        self.setCursor(Qt.CursorShape.PointingHandCursor if live else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose a file."""
        if self.live and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file may be dropped."""
        if self.live and event.mimeData().hasUrls():
            event.acceptProposedAction()
            self._over = True
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It went on."""
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the first local file."""
        self._over = False
        self.update()
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.dropped.emit(files[0])

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture on its ground; else what to do."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        shape = QPainterPath()
        shape.addRoundedRect(area, px("radius_card"), px("radius_card"))
        painter.fillPath(shape, tok("photo"))
        side = self.height() - 2 * px("gap_s")
        spot = QRectF((self.width() - side) / 2, px("gap_s"), side, side)
        if self._chosen is not None:
            size = self._chosen.size().scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(
                (self.width() - size.width()) / 2,
                (self.height() - size.height()) / 2,
                size.width(),
                size.height(),
            )
            painter.drawImage(target, self._chosen)
        elif self._key is not None and self._images is not None:
            shown = self._images.thumb(self._key, side, self.devicePixelRatioF())
            if shown is not None:
                painter.drawPixmap(spot.topLeft(), shown)
            if self._images.missing(self._key, side, self.devicePixelRatioF()):
                self._paint_missing(painter, spot, stand_in=shown is None)
        else:
            mark = px("gap_xl") + px("gap")
            image = icons.pixmap("image", mark, "disabled")
            lines = self.height() / 2 - mark
            painter.drawPixmap(int((self.width() - mark) / 2), int(lines), image)
            painter.setFont(font("small"))
            painter.setPen(tok("text3"))
            words = t("catalog.picture.drop" if self.live else "catalog.picture.none")
            below = QRectF(px("gap"), lines + mark + px("gap"), self.width() - 2 * px("gap"), px("row_two"))
            painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap), words)
        if self._over:
            painter.setPen(QPen(tok("focus"), px("ring")))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), px("radius_card"), px("radius_card"))
        painter.end()

    def _paint_missing(self, painter: QPainter, spot: QRectF, *, stand_in: bool) -> None:
        """The picture cannot be had just now: the small one, which is here more often, and a word below."""
        if stand_in and self._key is not None:
            ratio = self.devicePixelRatioF()
            small = self._images.thumb(self._key, round(THUMBNAIL / ratio), ratio)
            if small is not None:
                painter.drawPixmap(spot, small, QRectF(small.rect()))
            else:
                mark = px("gap_xl") + px("gap")
                image = icons.pixmap("image", mark, "disabled")
                painter.drawPixmap(int((self.width() - mark) / 2), int((self.height() - mark) / 2), image)
        words = t("catalog.picture.away")
        painter.setFont(font("small"))
        high = metrics("small").height() + px("gap")
        band = QRectF(0.5, self.height() - high - 0.5, self.width() - 1, high)
        painter.fillRect(band.adjusted(px("radius_card"), 0, -px("radius_card"), 0), tok("photo"))
        painter.setPen(tok("text2"))
        painter.drawText(band, int(Qt.AlignmentFlag.AlignCenter), words)


def read_file(path: str) -> bytes:
    """The content of a picture file; raises OSError."""
    return Path(path).read_bytes()


class StockCard(FactsCard):
    """How many there are, with the ways to stock, moves and bill of materials."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__(t("catalog.card.stock"))
        self._ctx = ctx
        self._sku = ""
        self._bom: int | None = None
        self.setObjectName("card.stock")

    def show_product(self, product: ProductForm | None) -> None:
        """Show figures; nothing for a new product."""
        self.setVisible(product is not None)
        if product is None:
            return
        self._sku, self._bom = product.sku, product.bom_id
        unit = product.unit
        if product.is_stocked:
            facts = [
                Fact(t("catalog.column.on_hand"), fmt.quantity(product.on_hand, unit)),
                Fact(t("catalog.pane.reserved"), fmt.quantity(product.reserved, unit)),
                Fact(t("catalog.column.available"), fmt.quantity(product.free, unit), "total"),
            ]
        else:
            facts = [Fact(t("catalog.pane.not_stocked"))]
        self._facts = ()
        self.set_facts(facts)
        row = QHBoxLayout()
        row.setSpacing(px("gap_m"))
        workspaces = self._ctx.registry.workspaces
        for name, words, key, run in (
            ("stock", "catalog.card.open_stock", "stock", self._open_stock),
            ("moves", "catalog.card.open_moves", "stock_moves", self._open_moves),
        ):
            if key in workspaces and product.is_stocked:
                row.addWidget(self._link(name, words, run))
        row.addStretch(1)
        self.body.addLayout(row)
        if product.bom_id is not None and "engineering.bom" in self._ctx.registry.records:
            words = t("catalog.card.bom", version=product.bom_version)
            self.body.addWidget(self._link("bom", words, self._open_bom, is_words=True))

    def _link(self, name: str, words: str, run: Callable[[], object], *, is_words: bool = False) -> Button:
        link = Button("catalog.card.open_stock" if is_words else words, kind="link", clicked=run)
        if is_words:
            link.set_words(words)
        link.setObjectName(f"link.{name}")
        return link

    def _open_stock(self) -> None:
        self._ctx.navigate.open_workspace("stock", filters={"sku": self._sku})

    def _open_moves(self) -> None:
        self._ctx.navigate.open_workspace("stock_moves", filters={"sku": self._sku})

    def _open_bom(self) -> None:
        if self._bom is not None:
            self._ctx.navigate.open_record("engineering.bom", self._bom)


class VariantLine(QWidget):
    """A variant: picture, SKU, finish, stock; a click opens it."""

    clicked = Signal()

    def __init__(self, images: Any, entry: VariantEntry | VariantRow, unit: str, *, here: bool) -> None:
        super().__init__()
        self._here = here
        self.setObjectName(f"variant.{entry.sku}")
        self.setFixedHeight(px("row_two"))
        row = QHBoxLayout(self)
        row.setContentsMargins(px("gap_xs"), 0, px("gap_xs"), 0)
        row.setSpacing(px("gap"))
        row.addWidget(Picture(images, picture_key(entry), px("thumb_large")))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        words.addWidget(Label(entry.sku, "body500" if not here else "body600", elide=True))
        words.addWidget(
            Label(entry.variant or t(f"catalog.state.{entry.state}"), "small", "text2", elide=True)
        )
        words.addStretch(1)
        row.addLayout(words, 1)
        row.addWidget(Label(fmt.quantity(entry.on_hand, unit), "small", "text2"))
        if not here:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open it."""
        if not self._here and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The product one looks at is marked."""
        if self._here:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("accent_tint"))
            painter.drawRoundedRect(QRectF(self.rect()), px("radius_button"), px("radius_button"))
            painter.end()


class FamilyCard(Card):
    """The variants of the family.

    Signals:
        variant_wanted: make another one.
        family_wanted: open the family.
    """

    variant_wanted = Signal()
    family_wanted = Signal()

    def __init__(self, ctx: AppContext, *, of_family: bool = False) -> None:
        link = "" if of_family else "catalog.card.open_family"
        super().__init__(
            t("catalog.card.variants" if of_family else "catalog.card.family"),
            link=link,
            link_clicked=lambda: self.family_wanted.emit(),
        )
        self.setObjectName("card.family")
        self._ctx = ctx
        self._list = QVBoxLayout()
        self._list.setSpacing(px("hair"))
        self.body.addLayout(self._list)
        self._new = Button(
            "catalog.variant.new", "plus", "ghost", size="toolbar", clicked=self.variant_wanted.emit
        )
        self._new.setObjectName("action.variant")
        self.body.addWidget(self._new, 0, Qt.AlignmentFlag.AlignLeft)

    def show_variants(
        self, product_id: int | None, variants: Sequence[VariantEntry | VariantRow], unit: str
    ) -> None:
        """Show the variants; ``product_id`` is the one in the form."""
        clear_layout(self._list)
        for entry in variants:
            line = VariantLine(self._ctx.images, entry, unit, here=entry.id == product_id)
            line.clicked.connect(lambda number=entry.id: self._ctx.navigate.open_record(PRODUCT, number))
            self._list.addWidget(line)
        if self.link is not None:
            self.link.setVisible(bool(variants))
        if not variants:
            self._list.addWidget(Label(t("catalog.card.no_family"), "small", "text3", wrap=True))
        self._new.setVisible(self._ctx.profile.can("catalog.product:insert"))
