"""What is not saved, when a tab or the window closes: save, keep as draft, or discard."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.core.i18n import t
from app.views.core.dialog import Dialog
from app.views.core.marks import Label

if TYPE_CHECKING:
    from app.views.shell.main_window import MainWindow
    from app.views.shell.tabs import Tab


def ask_tab(window: "MainWindow", tab: "Tab") -> None:
    """Ask what becomes of one tab's changes."""
    page = tab.page
    assert page is not None

    def discard() -> None:
        page.discard()
        window.forget_tab(tab)

    def keep() -> None:
        window.shelf.keep(tab.key, tab.current_state(), tab.titles, tab.name)
        window.forget_tab(tab)

    words = page.saving()
    key = "shell.close" if words else "shell.close.unfinished"
    dialog = Dialog(
        window, t(f"{key}.title", what=tab.title), t(f"{key}.text"), icon="save", tint="accent_text"
    )
    dialog.setObjectName("dialog.close_tab")
    dialog.add_button("discard", "shell.close.discard", discard, kind="ghost", left=True)
    dialog.add_button("cancel", "errors.keep_as_is", shortcut="Esc")
    dialog.add_button("keep", "shell.close.keep", keep)
    if words:
        dialog.add_button("save", words, lambda: page.save(lambda: window.forget_tab(tab)), kind="primary")
    else:
        dialog.add_button(
            "finish", "shell.close.finish", page.save, kind="primary"
        )  # it says what is missing
    dialog.open()


def unsaved(window: "MainWindow") -> list["Tab"]:
    """Tabs with changes nobody decided about."""
    return [tab for tab in window.area.tabs if tab.dirty and not window.shelf.has_kept(tab.key)]


def settled(window: "MainWindow") -> bool:
    """Whether the window may go at once."""
    return not unsaved(window)


def keep_all(window: "MainWindow") -> None:
    """Keep what is not saved as drafts, without asking."""
    for tab in unsaved(window):
        window.shelf.keep(tab.key, tab.current_state(), tab.titles, tab.name)


def ask(window: "MainWindow", then: Callable[[], object]) -> None:
    """Ask what becomes of all changes, then go on; at once when there are none."""
    tabs = unsaved(window)
    if not tabs:
        then()
        return

    def keep() -> None:
        keep_all(window)
        then()

    def discard() -> None:
        for tab in tabs:
            if tab.page is not None:
                tab.page.discard()
            window.area.remove(tab)
        then()

    dialog = Dialog(
        window,
        t("shell.close.window_title", n=len(tabs)),
        t("shell.close.window_text"),
        icon="save",
        tint="accent_text",
    )
    dialog.setObjectName("dialog.close_window")
    for tab in tabs[:8]:
        dialog.body.addWidget(Label(f"•  {tab.title}", "body500"))
    dialog.add_button("discard", "shell.close.discard_all", discard, kind="ghost", left=True)
    dialog.add_button("cancel", "errors.keep_as_is", shortcut="Esc")
    dialog.add_button("keep", "shell.close.keep_all", keep, kind="primary")
    dialog.open()
