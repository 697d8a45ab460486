"""What a person hears and sees of a scan without looking at the screen: a tone, and a coloured edge."""

import io
import math
import shutil
import struct
import sys
import wave
from functools import cache
from pathlib import Path

from PySide6.QtCore import QProcess, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from app.core import paths
from app.views.core.theme import px, tok

RATE = 22050
FLASH_MS = 350
# Frequency and length in seconds of each tone; a refusal is low and double, so that it is heard through noise.
TONES = {
    "ok": ((1760.0, 0.07),),
    "warn": ((880.0, 0.09), (0.0, 0.04), (880.0, 0.09)),
    "bad": ((220.0, 0.16), (0.0, 0.05), (220.0, 0.22)),
}
COLOURS = {"ok": "ok_solid", "warn": "warn_solid", "bad": "bad_solid"}
PLAYERS = ("paplay", "pw-play", "aplay", "afplay")


def tone(kind: str) -> bytes:
    """The sound of a kind as a WAV file."""
    frames = bytearray()
    for frequency, seconds in TONES[kind]:
        count = int(RATE * seconds)
        for at in range(count):
            # Rising and falling over 5 ms, so that it does not crack.
            edge = min(1.0, at / (RATE * 0.005), (count - at) / (RATE * 0.005))
            frames += struct.pack("<h", int(20000 * edge * math.sin(2 * math.pi * frequency * at / RATE)))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(frames))
    return out.getvalue()


@cache
def _file(kind: str) -> Path:
    folder = paths.cache() / "sounds"
    folder.mkdir(parents=True, exist_ok=True)
    found = folder / f"{kind}.wav"
    found.write_bytes(tone(kind))
    return found


@cache
def _player() -> str:
    return next((found for name in PLAYERS if (found := shutil.which(name))), "")


def sound(kind: str) -> None:
    """Play the tone of a kind; the computer's own beep where nothing can play it."""
    try:
        if sys.platform == "win32":
            import winsound

            winsound.PlaySound(str(_file(kind)), winsound.SND_FILENAME | winsound.SND_ASYNC)
        elif _player():
            QProcess.startDetached(_player(), [str(_file(kind))])
        else:
            QApplication.beep()
    except (OSError, RuntimeError):  # no sound card, no room for the file: the colour is still there
        QApplication.beep()


class Flash(QWidget):
    """A coloured edge around a window for a moment; nothing notices it but the eye."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("scan.flash")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.kind = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FLASH_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def flash(self, kind: str) -> None:
        """Show the edge of a kind."""
        self.kind = kind
        window = self.parentWidget()
        if window is not None:
            self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.update()
        self._timer.start()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the edge."""
        painter = QPainter(self)
        wide = px("gap")
        painter.setPen(QPen(tok(COLOURS[self.kind]), wide))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(self.rect()).adjusted(wide / 2, wide / 2, -wide / 2, -wide / 2))
        painter.end()
