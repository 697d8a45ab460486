"""Keys as a person presses them: at a window that is in front and has shown what it is about to show."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

NONE = Qt.KeyboardModifier.NoModifier


def press_key(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press a key at a widget; the shortcuts of its window work only then."""
    window = widget.window()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window, 10_000)
    QApplication.processEvents()
    QTest.keyClick(widget, key, modifiers)
