"""A person as a round picture, or as a disc with initials where there is none to be seen."""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QImageWriter, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.views.core.marks import initials, paint_avatar
from app.views.core.theme import tok

SIDE = 320  # pixels of a stored picture
LARGEST = 204_800  # bytes the server takes
FILES = "*.png *.jpg *.jpeg *.webp *.bmp"


class Portrait(QWidget):
    """Round, ``side`` pixels wide; ``person`` is what a screen reader says."""

    def __init__(self, person: str, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._letters = initials(person)
        self._image = QImage()
        self.setFixedSize(side, side)
        self.setAccessibleName(person)
        self.setToolTip(person)

    def show_photo(self, content: bytes | None) -> None:
        """Show a picture; what is none shows the initials."""
        self._image = QImage.fromData(content) if content else QImage()
        self.update()

    @property
    def has_picture(self) -> bool:
        """Whether a picture is shown."""
        return not self._image.isNull()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the disc."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._image.isNull():
            paint_avatar(painter, QRectF(self.rect()), self._letters)
        else:
            shape = QPainterPath()
            shape.addEllipse(QRectF(self.rect()))
            painter.setClipPath(shape)
            painter.drawImage(self.rect(), self._image, _square(self._image.size()))
        painter.end()


def _square(size: QSize) -> QRect:
    """The middle of a picture."""
    side = min(size.width(), size.height())
    return QRect((size.width() - side) // 2, (size.height() - side) // 2, side, side)


def stored(path: str) -> bytes | None:
    """A picture file as the server keeps it: square, small, JPEG; None when it is no picture."""
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    image = reader.read()
    if image.isNull():
        return None
    image = image.copy(_square(image.size())).scaled(
        QSize(SIDE, SIDE), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    ground = QImage(image.size(), QImage.Format.Format_RGB32)
    ground.fill(tok("photo"))  # JPEG knows no transparency
    painter = QPainter(ground)
    painter.drawImage(0, 0, image)
    painter.end()
    for quality in (88, 70, 50):
        content = QByteArray()
        buffer = QBuffer(content)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QImageWriter(buffer, b"jpg")
        writer.setQuality(quality)
        if writer.write(ground) and content.size() <= LARGEST:
            return bytes(content.data())
    return None
