"""F1: the manual beside the program, page by page, in the language and look of the window it belongs to."""

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeyEvent, QTextCursor, QTextDocument, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app.core.i18n import t
from app.views.core import theme
from app.views.core.buttons import IconButton
from app.views.core.inputs import SearchEdit
from app.views.core.marks import Label
from app.views.core.theme import fill, font, px
from app.views.shell import help_pages, help_text
from app.views.shell.logo import app_icon

PAGE = Qt.ItemDataRole.UserRole


class HelpWindow(QWidget):
    """The manual in a window of its own, so that it can stay open beside the work.

    It closes with its parent, and `reload` shows the same page again after a switch of language.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("help")
        self.setWindowIcon(app_icon())
        room = self.screen().availableGeometry()
        self.resize(
            min(px("text_column") * 2 + px("menu_min"), room.width()),
            min(px("text_column") + px("step_card_w"), room.height()),
        )
        self.page = ""
        self._visited: list[str] = []
        self._at = -1
        self._build()
        theme.notifier.changed.connect(self.reload)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(px("gap_m"), px("gap"), px("gap_m"), px("gap"))
        row.setSpacing(px("gap"))
        self.back = IconButton("arrow-left", "help.back", shortcut="Alt+Left", clicked=lambda: self._step(-1))
        self.forward = IconButton(
            "arrow-right", "help.forward", shortcut="Alt+Right", clicked=lambda: self._step(1)
        )
        self.back.setObjectName("help.back")
        self.forward.setObjectName("help.forward")
        self._title = Label("", "section15")
        self.search = SearchEdit(t("help.find"), size="toolbar")
        self.search.setObjectName("help.search")
        self.search.setFixedWidth(px("step_card_w"))
        self.search.searched.connect(self._search)
        row.addWidget(self.back)
        row.addWidget(self.forward)
        row.addWidget(self._title, 1)
        row.addWidget(self.search)
        column.addWidget(head)
        self.list = QListWidget()
        self.list.setObjectName("help.pages")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFont(font("body"))
        self.list.setMinimumWidth(px("menu_min"))
        self.list.currentItemChanged.connect(self._picked)
        self.text = QTextBrowser()
        self.text.setObjectName("help.text")
        self.text.setOpenLinks(False)
        self.text.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.anchorClicked.connect(self._follow)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(px("hair"))
        split.addWidget(self.list)
        split.addWidget(self.text)
        split.setStretchFactor(1, 1)
        split.setSizes([px("step_card_w") - px("gap_xl"), self.width()])
        column.addWidget(split, 1)
        self._head = head
        self._dress()

    def _dress(self) -> None:
        fill(self, "chrome")
        fill(self._head, "chrome")
        colour = {
            name: theme.tok(name).name()
            for name in ("window", "surface", "text", "accent_text", "accent_tint", "hover")
        }
        gap, radius = px("gap"), px("radius_key")
        self.list.setStyleSheet(
            f"QListWidget {{ background: {colour['window']}; color: {colour['text']}; padding: {gap}px; }}"
            "QListWidget { outline: none; }"
            f"QListWidget::item {{ padding-left: {gap}px; border-radius: {radius}px; }}"
            f"QListWidget::item:hover {{ background: {colour['hover']}; }}"
            f"QListWidget::item:selected {{ background: {colour['accent_tint']}; color: {colour['accent_text']}; }}"
        )
        self.text.setStyleSheet(
            f"QTextBrowser {{ background: {colour['surface']}; color: {colour['text']}; }}"
        )

    # -- pages --------------------------------------------------------------------------------------------------

    def open_page(self, page: str) -> None:
        """Show a page and bring the window to the front."""
        self.show_page(page)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_page(self, page: str) -> None:
        """Show a page; an unknown one is the first."""
        page = page if page in help_pages.PAGES else help_pages.INDEX
        if page != self.page:
            self._visited = [*self._visited[: self._at + 1], page]
            self._at = len(self._visited) - 1
        self._show(page)

    def reload(self) -> None:
        """Show the same page in the language and theme in force."""
        self._dress()
        self.search.setPlaceholderText(t("help.find"))
        self.search.setAccessibleName(t("help.find"))
        self.list.setAccessibleName(t("help.pages"))
        self._show(self.page or help_pages.INDEX)

    def _show(self, page: str) -> None:
        self.page = page
        try:
            markdown = help_pages.file_of(page).read_text("utf-8")
        except OSError:
            markdown = t("help.missing")
        help_text.fill(self.text.document(), markdown)
        self.text.moveCursor(QTextCursor.MoveOperation.Start)
        self._title.setText(t("help.title"))
        self.setWindowTitle(f"Werkbank · {t('help.title')}: {help_pages.title_of(page)}")
        self.back.setEnabled(self._at > 0)
        self.forward.setEnabled(self._at < len(self._visited) - 1)
        self._fill_list()
        self._mark()

    def _step(self, by: int) -> None:
        at = self._at + by
        if 0 <= at < len(self._visited):
            self._at = at
            self._show(self._visited[at])

    def _follow(self, url: QUrl) -> None:
        page = help_pages.page_named(url.toString())
        if page:
            self.show_page(page)
        elif url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)

    # -- list and search ----------------------------------------------------------------------------------------

    def _fill_list(self) -> None:
        """The pages that hold what is searched for, all without a search."""
        wanted = self.search.text().strip().casefold()
        self.list.blockSignals(True)
        self.list.clear()
        for page in help_pages.PAGES:
            if wanted and wanted not in _words_of(page):
                continue
            item = QListWidgetItem(help_pages.title_of(page), self.list)
            item.setData(PAGE, page)
            item.setSizeHint(QSize(0, px("row_chip")))
            if page == self.page:
                self.list.setCurrentItem(item)
        if not self.list.count():
            none = QListWidgetItem(t("help.none"), self.list)
            none.setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.blockSignals(False)

    def _picked(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(PAGE):  # none while the list is filled again
            self.show_page(item.data(PAGE))

    def _search(self, text: str) -> None:
        """Narrow the list; when the page in front does not hold the words, show the first that does."""
        self._fill_list()
        first = self.list.item(0)
        if text.strip() and first.data(PAGE) and not self.list.selectedItems():
            self.show_page(first.data(PAGE))
        self._mark()

    def _mark(self) -> None:
        """Go to the first place where the searched words stand."""
        words = self.search.text().strip()
        found = self.text.document().find(words, 0, QTextDocument.FindFlag(0)) if words else QTextCursor()
        if not found.isNull():
            self.text.setTextCursor(found)
            self.text.ensureCursorVisible()
        else:
            self.text.moveCursor(QTextCursor.MoveOperation.Start)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)


def _words_of(page: str) -> str:
    try:
        return help_pages.file_of(page).read_text("utf-8").casefold()
    except OSError:
        return ""
