"""Words of data in tool tips: what Qt would take for HTML is shown as it is written, and loads nothing."""

from PySide6.QtGui import Qt


def plain(words: str) -> str:
    """The words for a tool tip; those that look like HTML are shown as they are written."""
    return Qt.convertFromPlainText(words) if Qt.mightBeRichText(words) else words
