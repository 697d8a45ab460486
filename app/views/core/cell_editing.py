"""The editor that is open in a cell of a table: what stands in it counts before anything is done with the table."""

from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QApplication, QWidget


def open_editor(view: QAbstractItemView) -> QWidget | None:
    """The editor of the cell that is being typed into."""
    index = view.currentIndex()
    return view.indexWidget(index) if index.isValid() else None


def commit_cell(view: QAbstractItemView) -> None:
    """Give what stands in the open editor of a table to its model, and close it.

    An editor that says it is ``unfinished`` (words to be looked up, nothing chosen yet) stays open.
    """
    editor = open_editor(view)
    delegate = view.itemDelegate()
    if editor is None or getattr(editor, "unfinished", False):
        return
    delegate.commitData.emit(editor)
    delegate.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)


def commit_open_cell() -> None:
    """The same for whichever table has the keyboard: a shortcut, unlike a click, takes nobody's focus."""
    widget = QApplication.focusWidget()
    while widget is not None and not isinstance(widget, QAbstractItemView):
        widget = widget.parentWidget()
    if widget is not None:
        commit_cell(widget)
