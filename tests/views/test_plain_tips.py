"""What stands in a record is never HTML: a tool tip shows it, and fetches no picture from somebody's share."""

import pytest
from PySide6.QtGui import QTextDocument
from pytestqt.qtbot import QtBot

from app.views.core.images import _decoded
from app.views.core.marks import Label
from app.views.core.plain import plain

HOSTILE = (
    '<img src="file:////elsewhere/share/x.png">',
    "Engel <b>fett</b>",
    "<html><body><table width=99999></table>",
)


@pytest.mark.parametrize("words", HOSTILE)
def test_tips_show_what_is_written(words: str) -> None:
    shown = QTextDocument()
    shown.setHtml(plain(words))
    assert " ".join(shown.toPlainText().split()) == " ".join(words.split())


@pytest.mark.parametrize("words", ["", "Engel, klein", "a < b", "Groß & Klein"])
def test_other_words_stay_as_they_are(words: str) -> None:
    assert plain(words) == words


def test_the_whole_words_of_a_label_that_is_cut(qtbot: QtBot) -> None:
    label = Label(f"{HOSTILE[0]} and much more", elide=True)
    qtbot.addWidget(label)
    label.resize(40, 20)
    label.show()
    label.grab()
    assert "&lt;img" in label.toolTip()


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/hostname"/></svg>',
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b"%PDF-1.4",
        b"P6 99999 99999 255 ",
        b"",
    ],
)
def test_drawings_are_no_pictures(content: bytes) -> None:
    """They may name other files; what a picture is made of is pixels."""
    assert _decoded(content, 64) is None
