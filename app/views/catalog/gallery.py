"""All pictures of a product: the chosen one large, the others below it, and what can be done with them."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.i18n import t
from app.services.catalog.forms import ProductForm
from app.services.images import media
from app.services.images.media import GalleryPicture, SetPrimary
from app.views.catalog.product_cards import FILES, PictureField
from app.views.core import icons
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.marks import Chip, Label
from app.views.core.operation import WriteOp
from app.views.core.plain import plain
from app.views.core.surfaces import Card, clear_layout
from app.views.core.theme import px, tok
from app.views.media.words import PRIMARY, file_words, title_words

ACROSS = 4
SHOWN = 12


class Thumb(QWidget):
    """A small picture to choose; a star says that it is the primary one.

    Signals:
        chosen: it was clicked, or taken by keyboard.
    """

    chosen = Signal()

    def __init__(self, ctx: AppContext, picture: GalleryPicture) -> None:
        super().__init__()
        self._ctx, self.picture = ctx, picture
        self.selected = False
        self.setObjectName(f"gallery.{picture.id}")
        words = f"{title_words(picture)}\n{file_words(picture)}"
        self.setToolTip(plain(words))
        self.setAccessibleName(words.replace("\n", ", "))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if ctx.images is not None:
            ctx.images.ready.connect(self.update)

    def sizeHint(self) -> QSize:
        """A square, with room for the ring."""
        side = px("thumb_gallery")
        return QSize(side, side)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose it."""
        if self.rect().contains(event.position().toPoint()):
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and blank choose it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture, the ring of the chosen one, the star of the primary one."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ring = px("ring")
        side = self.width() - 2 * ring - 2
        at = ring + 1
        ratio = self.devicePixelRatioF()
        key = (self.picture.id, self.picture.hash)
        shown = self._ctx.images.thumb(key, side, ratio) if self._ctx.images is not None else None
        if shown is not None:
            painter.drawPixmap(at, at, shown)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("photo"))
            painter.drawRoundedRect(QRectF(at, at, side, side), px("radius_key"), px("radius_key"))
            mark = px("icon")
            image = icons.pixmap("image", mark, "disabled", ratio)
            painter.drawPixmap((self.width() - mark) // 2, (self.height() - mark) // 2, image)
        if self.selected or self.hasFocus():
            painter.setPen(QPen(tok("focus" if self.hasFocus() else "accent"), ring))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            half = ring / 2
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(half, half, -half, -half),
                px("radius_button"),
                px("radius_button"),
            )
        if self.picture.is_primary:
            mark = px("icon_small")
            spot = QRectF(self.width() - mark - ring - 4, ring + 1, mark + 3, mark + 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("accent"))
            painter.drawRoundedRect(spot, px("radius_key"), px("radius_key"))
            star = icons.pixmap("star", mark - 2, "on_accent", ratio)
            painter.drawPixmap(round(spot.x() + 2.5), round(spot.y() + 2.5), star)
        painter.end()


class GalleryCard(Card):
    """The pictures of a product with their kind, size and source.

    Signals:
        chosen: path of a file the user wants to add.
        removed: the chosen picture shall go.
        primary_set: another picture is the primary one now.
    """

    chosen = Signal(str)
    removed = Signal()
    primary_set = Signal()

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        self.setObjectName("card.picture")
        self.selected: GalleryPicture | None = None
        self._pictures: Sequence[GalleryPicture] = ()
        self._product: int | None = None
        self._live = self._removable = self._all = False
        self.field = PictureField(ctx.images)
        self.field.dropped.connect(self.chosen)
        self.field.clicked.connect(self.ask)
        self.body.addWidget(self.field)
        self._about = QWidget()
        about = QVBoxLayout(self._about)
        about.setContentsMargins(0, 0, 0, 0)
        about.setSpacing(px("hair") * 2)
        first = QHBoxLayout()
        first.setSpacing(px("gap"))
        self._title = Label("", "body500", elide=True)
        self._title.setObjectName("picture.title")
        first.addWidget(self._title, 1)
        self._chips = QHBoxLayout()
        first.addLayout(self._chips)
        about.addLayout(first)
        self._file = Label("", "small", "text2", elide=True)
        self._file.setObjectName("picture.file")
        about.addWidget(self._file)
        self.body.addWidget(self._about)
        self._strip = QWidget()
        self._grid = QGridLayout(self._strip)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(px("gap_s"))
        self.body.addWidget(self._strip)
        self._more = Button("media.gallery.more", kind="link", clicked=self._show_all, n=0)
        self.body.addWidget(self._more)
        self.body.addLayout(self._buttons())
        for part in (self._about, self._strip, self._more):
            part.setVisible(False)

    def _buttons(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(px("gap_xs"))
        self._primary = Button(
            "media.primary.set", "star", "ghost", size="toolbar", clicked=self._set_primary
        )
        self._primary.setObjectName("picture.primary")
        self._choose = Button("catalog.picture.choose", "image", "ghost", size="toolbar", clicked=self.ask)
        self._choose.setObjectName("picture.choose")
        self._remove = Button(
            "catalog.picture.remove", "trash-2", "ghost", size="toolbar", clicked=self.removed.emit
        )
        self._remove.setObjectName("picture.remove")
        upper = QHBoxLayout()
        upper.addWidget(self._primary)
        upper.addStretch(1)
        column.addLayout(upper)
        lower = QHBoxLayout()
        lower.addWidget(self._choose)
        lower.addStretch(1)
        lower.addWidget(self._remove)
        column.addLayout(lower)
        for button in (self._primary, self._remove):
            button.setVisible(False)
        return column

    def show_product(self, product: ProductForm | None, *, live: bool, removable: bool) -> None:
        """Show a product's pictures; the one that was chosen stays chosen while the product is the same."""
        if product is None or product.id != self._product:
            self._pictures, self.selected, self._all = (), None, False
        self._product = product.id if product is not None else None
        self._live, self._removable = live, removable
        primary = (product.image_id, product.image_hash or "") if product and product.image_id else None
        self.field.set_live(live)
        if self.selected is None or primary is None:
            self.field.show_key(primary)
        self._choose.setVisible(live)
        self._choose.set_text_key("media.gallery.add" if primary else "catalog.picture.choose")
        self._show(product.pictures if product is not None else ())

    def ask(self) -> None:
        """Ask for a file."""
        file, _ = QFileDialog.getOpenFileName(
            self, t("catalog.picture.choose").replace("&", ""), "", f"{t('kit.picture')} ({FILES})"
        )
        if file:
            self.chosen.emit(file)

    def _show(self, pictures: Sequence[GalleryPicture]) -> None:
        self._pictures = pictures
        before = self.selected.id if self.selected is not None else None
        primary_changed = self.selected is not None and not any(
            one.id == before and one.is_primary == self.selected.is_primary for one in pictures
        )
        kept = None if primary_changed else next((one for one in pictures if one.id == before), None)
        self._fill()
        self.select(kept or (pictures[0] if pictures else None))

    def _fill(self) -> None:
        clear_layout(self._grid)
        shown = self._pictures if self._all else self._pictures[:SHOWN]
        for place, picture in enumerate(shown):
            thumb = Thumb(self._ctx, picture)
            thumb.chosen.connect(partial(self.select, picture))
            self._grid.addWidget(thumb, place // ACROSS, place % ACROSS)
        self._grid.setColumnStretch(ACROSS, 1)
        self._strip.setVisible(len(self._pictures) > 1)
        self._more.setVisible(len(shown) < len(self._pictures))
        self._more.set_text_key("media.gallery.more", n=len(self._pictures))

    def _show_all(self) -> None:
        self._all = True
        self._fill()
        self.select(self.selected)

    def select(self, picture: GalleryPicture | None) -> None:
        """Show one of them large, with what is known of it."""
        self.selected = picture
        clear_layout(self._chips)
        self._about.setVisible(picture is not None)
        for place in range(self._grid.count()):
            item = self._grid.itemAt(place)
            thumb = item.widget() if item is not None else None
            if isinstance(thumb, Thumb):
                thumb.selected = picture is not None and thumb.picture.id == picture.id
                thumb.update()
        may = picture is not None and self._ctx.profile.can(PRIMARY) and self._live
        self._remove.setVisible(picture is not None and self._removable and picture.removable)
        if picture is None:
            self._primary.setVisible(False)
            return
        self.field.show_key((picture.id, picture.hash))
        self._title.setText(title_words(picture))
        self._file.setText(file_words(picture))
        if picture.state == "gone":
            self._chips.addWidget(Chip("bad", t("media.state.gone")))
        elif picture.is_primary:
            self._chips.addWidget(Chip("accent", t("media.primary")))
        automatic = picture.is_primary and picture.is_chosen and len(self._pictures) > 1
        self._primary.set_text_key("media.primary.automatic" if automatic else "media.primary.set")
        self._primary.setVisible(may and (automatic or not picture.is_primary))

    def _set_primary(self) -> None:
        picture = self.selected
        if picture is None:
            return
        command = SetPrimary(picture.id, picture.row_version, chosen=not picture.is_primary)
        op: WriteOp[int] = WriteOp(self, self._ctx, media.set_primary, command)
        op.disabling(self._primary).success(lambda _id: self.primary_set.emit()).start()
