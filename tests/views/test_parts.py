"""Fields, buttons and marks do what a person at the keyboard expects."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from app.core import i18n
from app.views.core import icons, theme, values
from app.views.core.calendar import MonthGrid
from app.views.core.form_parts import FieldGrid
from app.views.core.list_head import ListHead
from app.views.core.parts import (
    Button,
    CheckBox,
    Chip,
    ComboBox,
    DateEdit,
    EmptyState,
    IconButton,
    LineEdit,
    NumberEdit,
    SearchEdit,
    SegmentedTabs,
    TextArea,
    clear_toasts,
    key_text,
    show_toast,
)
from app.views.core.toasts import Foot
from app.views.core.tokens import THEMES
from app.views.core.workspace import Rail
from app.views.shell.rail import RailBar


@pytest.fixture
def window(qtbot: Any) -> QWidget:
    """A window on screen to put parts into."""
    host = QWidget()
    QHBoxLayout(host)
    qtbot.addWidget(host)
    host.resize(800, 400)
    host.show()
    return host


def put(window: QWidget, part: Any) -> Any:
    layout = window.layout()
    assert layout is not None
    layout.addWidget(part)
    QApplication.processEvents()
    return part


@pytest.mark.parametrize(
    ("language", "typed", "value", "shown"),
    [
        ("de", "1.234,5", "1234.5", "1.234,50"),
        ("en", "1,234.5", "1234.5", "1,234.50"),
        ("de", "-3", "-3", "−3,00"),
    ],
)
def test_a_number_is_read_and_written_as_the_language_does(
    qtbot: Any, window: QWidget, language: str, typed: str, value: str, shown: str
) -> None:
    i18n.set_language(language)
    edit = put(window, NumberEdit("Preis", places=2))
    qtbot.keyClicks(edit, typed)
    edit.editingFinished.emit()
    assert edit.value() == Decimal(value)
    assert edit.text() == shown
    assert edit.problem() is None


@pytest.mark.parametrize("typed", ["abc", "1,2,3", "NaN", "1e5", "0,123456789"])
def test_a_number_that_is_none_is_no_value_and_stays_to_be_mended(
    qtbot: Any, window: QWidget, typed: str
) -> None:
    edit = put(window, NumberEdit("Preis", places=2))
    qtbot.keyClicks(edit, typed)
    edit.editingFinished.emit()
    assert edit.value() is None
    assert edit.text() == typed
    assert edit.problem() in ("error.not_a_number", "kit.number.too_fine")


def test_a_number_keeps_within_its_bounds(qtbot: Any, window: QWidget) -> None:
    edit = put(window, NumberEdit("Rabatt", minimum=Decimal(0), maximum=Decimal(100)))
    edit.set_value(Decimal(100))
    qtbot.keyClick(edit, Qt.Key.Key_Up)
    assert edit.value() == 100
    qtbot.keyClick(edit, Qt.Key.Key_Down)
    assert edit.value() == 99
    edit.clear()
    qtbot.keyClicks(edit, "101")
    assert edit.problem() == "kit.number.too_large"


def test_a_float_never_gets_in(window: QWidget) -> None:
    with pytest.raises(TypeError):
        put(window, NumberEdit("Preis")).set_value(0.1)


def test_digits_nobody_may_lose_are_shown(window: QWidget) -> None:
    edit = put(window, NumberEdit("Menge", places=2))
    edit.set_value(Decimal("0.042000001"))
    assert edit.text() == "0,042000001"


@pytest.mark.parametrize("typed", ["20.11.26", "20.11.2026", "2026-11-20"])
def test_a_date_is_understood_as_people_type_it(qtbot: Any, window: QWidget, typed: str) -> None:
    edit = put(window, DateEdit("Liefertermin"))
    qtbot.keyClicks(edit, typed)
    edit.editingFinished.emit()
    assert edit.value() == date(2026, 11, 20)
    assert edit.text() == "20.11.2026"


def test_a_date_that_does_not_exist_is_no_value(qtbot: Any, window: QWidget) -> None:
    edit = put(window, DateEdit("Liefertermin"))
    qtbot.keyClicks(edit, "31.02.2026")
    assert edit.value() is None
    assert edit.problem() == "error.not_a_date"


def test_the_calendar_is_walked_by_keyboard(qtbot: Any, window: QWidget) -> None:
    edit = put(window, DateEdit("Liefertermin"))
    edit.set_value(date(2026, 1, 31))
    qtbot.keyClick(edit, Qt.Key.Key_F4)
    grid = edit.findChild(MonthGrid)
    assert grid is not None
    qtbot.keyClick(grid, Qt.Key.Key_PageDown)
    assert grid.day == date(2026, 2, 28), "there is no 31 February"
    qtbot.keyClick(grid, Qt.Key.Key_Up)
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    assert (edit.value(), edit.text()) == (date(2026, 2, 22), "22.02.2026")


@pytest.mark.parametrize("edge", [date.min, date.max])
def test_the_calendar_ends_where_dates_end(qtbot: Any, edge: date) -> None:
    grid = MonthGrid(edge)
    qtbot.addWidget(grid)
    for key in (Qt.Key.Key_PageUp, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_Down):
        qtbot.keyClick(grid, key)
    grid.grab()


def test_setting_a_value_is_not_typing(window: QWidget) -> None:
    told: list[object] = []
    number, day, choice = NumberEdit("n"), DateEdit("d"), ComboBox("c", [(1, "eins"), (2, "zwei")])
    for part in (number, day, choice):
        put(window, part).value_changed.connect(told.append)
    number.set_value(Decimal(3))
    day.set_value(date(2026, 1, 1))
    choice.set_value(2)
    choice.set_choices([(2, "zwei"), (3, "drei")])
    assert (told, choice.value()) == ([], 2)


def test_scrolling_a_form_does_not_change_a_choice(window: QWidget) -> None:
    choice = put(window, ComboBox("c", [(1, "eins"), (2, "zwei")]))
    choice.set_value(1)
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, -120), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(choice, wheel)
    assert choice.value() == 1


def test_a_shortcut_works_only_while_its_button_can_be_used(qtbot: Any, window: QWidget) -> None:
    clicks: list[int] = []
    button = put(
        window, Button("kit.list.save", "save", "primary", "Ctrl+S", clicked=lambda: clicks.append(1))
    )
    edit = put(window, LineEdit("x"))
    window.activateWindow()
    edit.setFocus()
    qtbot.keyClick(edit, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    button.set_blocked("Noch 1 Feld wählen")
    qtbot.keyClick(edit, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    button.set_blocked(None)
    button.hide()
    qtbot.keyClick(edit, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert clicks == [1]


def test_a_button_that_cannot_run_says_why(window: QWidget) -> None:
    button = put(window, Button("kit.list.save", kind="primary"))
    button.set_blocked("Noch 1 Feld wählen")
    assert (button.accessibleName(), button.isEnabled()) == ("Noch 1 Feld wählen", False)
    button.set_blocked(None)
    assert (button.accessibleName(), button.isEnabled()) == ("Speichern", True)


def test_an_ampersand_in_data_is_no_mnemonic(window: QWidget) -> None:
    button = put(window, Button("kit.list.save"))
    button.set_words("Müller & Söhne")
    assert button.accessibleName() == "Müller & Söhne"
    assert button.shortcut().isEmpty()


def test_everything_to_operate_has_a_name_for_screen_readers(window: QWidget) -> None:
    parts = [
        Button("kit.list.save"),
        IconButton("printer", "kit.list.print"),
        CheckBox("kit.yes"),
        Chip("ok", "Lieferbar"),
        ComboBox("Kunde"),
        DateEdit("Termin"),
        NumberEdit("Menge"),
        LineEdit("Name"),
        TextArea("Notiz"),
        SearchEdit("Suchen"),
    ]
    assert [type(part).__name__ for part in parts if not put(window, part).accessibleName()] == []


def test_keys_are_named_as_on_the_keyboard() -> None:
    assert key_text("Ctrl+Enter") == "Strg+Enter"
    i18n.set_language("en")
    assert key_text("Ctrl+Enter") == "Ctrl+Enter"


def test_the_tab_in_force_is_shown_however_narrow_it_gets(qtbot: Any) -> None:
    tabs = SegmentedTabs([(str(n), f"Gespeicherter Filter {n}") for n in range(9)], "7")
    qtbot.addWidget(tabs)
    tabs.resize(360, tabs.height())
    tabs.show()
    QApplication.processEvents()
    assert tabs.content_width() <= 360
    assert tabs.is_shown("7")
    assert not tabs.is_shown("3")


def test_arrow_keys_go_from_tab_to_tab(qtbot: Any) -> None:
    tabs = SegmentedTabs([("a", "A"), ("b", "B")], "a")
    qtbot.addWidget(tabs)
    with qtbot.waitSignal(tabs.chosen) as signal:
        qtbot.keyClick(tabs, Qt.Key.Key_Right)
    assert signal.args == ["b"]


def test_bad_news_stay_until_they_are_closed(qtbot: Any, window: QWidget) -> None:
    good = show_toast(window, "Gespeichert")
    bad = show_toast(window, "Export nicht möglich", "bad")
    assert good.leaves_by_itself
    assert not bad.leaves_by_itself
    assert bad.geometry().intersected(good.geometry()).isEmpty(), "they stack"
    newer = show_toast(window, "Gespeichert")
    assert [good.isVisible(), bad.isVisible(), newer.isVisible()] == [False, True, True]
    clear_toasts(window)
    assert not bad.isVisible()


def test_no_message_lies_over_the_buttons_that_book(qtbot: Any, window: QWidget) -> None:
    foot = Foot(window)
    foot.setGeometry(0, window.height() - 160, window.width(), 60)
    foot.show()
    toast = show_toast(window, "Gespeichert")
    assert toast.geometry().bottom() < foot.geometry().top()
    foot.hide()
    told_before = show_toast(window, "Gespeichert")
    assert told_before.geometry().bottom() > foot.geometry().top()
    foot.show()
    qtbot.waitUntil(lambda: told_before.geometry().bottom() < foot.geometry().top())
    foot.setGeometry(0, window.height() - 260, window.width(), 160)
    qtbot.waitUntil(lambda: told_before.geometry().bottom() < foot.geometry().top())
    clear_toasts(window)


def test_what_names_something_is_not_grouped_and_a_secret_stays_as_typed(window: QWidget) -> None:
    port = NumberEdit("Port", places=0, grouped=False)
    port.set_value(Decimal(44303))
    assert port.text() == "44303"
    assert values.show("digits", Decimal(44303)) == "44303"
    assert values.read("digits", "44303") == 44303
    with pytest.raises(ValueError, match="too_many_decimals"):
        values.read("digits", "1,5")
    assert values.read("secret", " ein Satz ") == " ein Satz "
    assert values.read("text", " ein Satz ") == "ein Satz"


def test_the_head_of_a_list_cuts_no_button_however_narrow_it_is(qtbot: Any) -> None:
    host = QWidget()
    head = ListHead("Rechnungseingang", host)
    other = Button("kit.list.save_new", "save", "ghost")
    main = Button("kit.list.save", "plus", "primary", "Ctrl+N")
    head.add(other)
    head.add(main)
    qtbot.addWidget(host)
    head.resize(1200, head.height())
    host.show()
    QApplication.processEvents()
    full = other.width(), main.width()
    for room in (520, 440, 400):
        head.resize(room, head.height())
        QApplication.processEvents()
        assert main.geometry().right() < head.width()
        assert (other.width(), main.width()) == (other.sizeHint().width(), main.sizeHint().width())
    assert other.width() < full[0]
    assert main.width() < full[1]
    assert other.toolTip() == other.accessibleName() != ""
    head.resize(full[0] + full[1] + 400, head.height())
    assert other.toolTip() == ""
    head.show_count("1.234.567.890 Treffer in dieser Liste")  # it comes when the rows do
    assert other.toolTip() != ""
    head.show_count("")
    head.resize(1200, head.height())
    QApplication.processEvents()
    assert (other.width(), main.width()) == full
    assert other.toolTip() == ""


def test_the_rail_keeps_icon_and_word_apart_in_a_low_window(qtbot: Any) -> None:
    rail = RailBar([(Rail(f"r{n}", "kit.list.save", "save"), ()) for n in range(14)])
    qtbot.addWidget(rail)
    rail.resize(rail.width(), 680)
    rail.show()
    QApplication.processEvents()
    shown = sorted(rail.buttons.values(), key=lambda one: one.y())
    assert all(one.height() >= one.minimumSizeHint().height() for one in shown)
    assert all(above.geometry().bottom() < below.y() for above, below in pairwise(shown))
    assert shown[-1].geometry().bottom() < rail.height()


def test_search_waits_for_a_pause_and_enter_does_not(qtbot: Any, window: QWidget) -> None:
    edit = put(window, SearchEdit("Suchen"))
    asked: list[str] = []
    edit.searched.connect(asked.append)
    qtbot.keyClicks(edit, "engel")
    assert asked == []
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert asked == ["engel"]


def test_an_empty_state_gives_way_where_there_is_no_room(qtbot: Any) -> None:
    state = EmptyState("package", "Noch keine Artikel", "Hier stehen Ihre Artikel. " * 20)
    qtbot.addWidget(state)
    state.resize(200, 100)
    state.show()
    assert state.minimumSizeHint().width() <= 200


def test_every_icon_the_program_names_is_there() -> None:
    with pytest.raises(KeyError):
        icons.pixmap("no-such-icon")
    assert not icons.pixmap("package", 16, "accent_text", 2.0).isNull()


@pytest.mark.parametrize("name", THEMES)
def test_another_theme_reaches_painted_and_plain_parts(
    qapp: QApplication, window: QWidget, name: str
) -> None:
    chip = put(window, Chip("ok", "Lieferbar"))
    theme.apply_theme(qapp, name)
    try:
        image = chip.grab().toImage()
        assert image.pixelColor(image.width() // 2, 2).name() == theme.tok("ok_bg").name()
        assert qapp.palette().window().color().name() == theme.tok("window").name()
    finally:
        theme.apply_theme(qapp, "light")


def test_fields_of_two_sections_stand_in_line(qtbot: Any) -> None:
    """A section whose first two columns hold wide fields only has its columns where the others have them."""
    page = QWidget()
    column = QVBoxLayout(page)
    narrow: list[QWidget] = [LineEdit() for _ in range(4)]
    wide: list[QWidget] = [LineEdit() for _ in range(3)]
    column.addWidget(FieldGrid([(box, 1) for box in narrow]))
    column.addWidget(FieldGrid([(wide[0], 2), (wide[1], 1), (wide[2], 1)]))
    qtbot.addWidget(page)
    page.resize(1200, 200)
    page.show()
    QCoreApplication.processEvents()
    assert [box.x() for box in wide[1:]] == [box.x() for box in narrow[2:]]
    assert wide[0].geometry().right() == narrow[1].geometry().right()
