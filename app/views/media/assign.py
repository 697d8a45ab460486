"""Gives chosen pictures to products: the products are looked up one after the other."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.i18n import t
from app.services.catalog.reads import search_products
from app.services.images import media
from app.services.images.media import AssignPictures, PictureRow
from app.views.core.buttons import IconButton
from app.views.core.context import AppContext
from app.views.core.detail import Picture
from app.views.core.dialog import Dialog
from app.views.core.fields import LookupEdit
from app.views.core.lookup import Found
from app.views.core.marks import Label
from app.views.core.operation import WriteOp
from app.views.core.plain import plain
from app.views.core.surfaces import clear_layout
from app.views.core.theme import px

SHOWN = 9


class AssignDialog(Dialog):
    """Pictures at the top, the products they shall belong to below."""

    def __init__(
        self,
        host: QWidget,
        ctx: AppContext,
        rows: Sequence[PictureRow],
        done: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(
            host,
            t("media.assign.title", n=len(rows)),
            t("media.assign.text"),
            icon="link",
            width=px("text_column"),
        )
        self.setObjectName("dialog.assign")
        self._host, self._ctx, self._rows, self._after = host, ctx, list(rows), done
        self.products: dict[int, tuple[str, str]] = {}
        strip = QHBoxLayout()
        strip.setSpacing(px("gap"))
        for row in self._rows[:SHOWN]:
            thumb = Picture(ctx.images, (row.image_id, row.hash), px("row_two"))
            thumb.setToolTip(plain(row.name))
            strip.addWidget(thumb)
        if len(self._rows) > SHOWN:
            strip.addWidget(Label(t("media.assign.more", n=len(self._rows) - SHOWN), "small", "text2"))
        strip.addStretch(1)
        self.body.addLayout(strip)
        self.body.addWidget(Label(t("media.assign.products"), "small500", "text2"))
        self.search = LookupEdit(ctx, search_products, t("media.assign.products"), t("media.assign.search"))
        self.search.setObjectName("field.product")
        self.search.chosen.connect(self._take)
        self.body.addWidget(self.search)
        self._list = QVBoxLayout()
        self._list.setSpacing(px("gap_xs"))
        self.body.addLayout(self._list)
        self.add_button("no", "errors.keep_as_is", kind="ghost", shortcut="Esc")
        self._yes = self.add_button("yes", "media.assign.yes", self._assign, icon="link", kind="primary")
        self._show()

    def open(self) -> None:
        """Show it with the cursor in the search."""
        super().open()
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take(self, found: Found | None) -> None:
        if found is None:
            return
        self.products[found.id] = (found.title, found.subtitle)
        self.search.set_value(None)
        self._show()

    def _drop(self, product: int) -> None:
        self.products.pop(product, None)
        self._show()

    def _show(self) -> None:
        clear_layout(self._list)
        for product, (sku, name) in self.products.items():
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(Label(sku, "body500", shrink=True))
            row.addWidget(Label(name, "body", "text2", elide=True), 1)
            remove = IconButton("x", "media.assign.drop", clicked=partial(self._drop, product))
            remove.setObjectName(f"assign.drop.{sku}")
            row.addWidget(remove)
            self._list.addWidget(line)
        if not self.products:
            self._list.addWidget(Label(t("media.assign.none"), "small", "text3"))
        self._yes.setEnabled(bool(self.products))
        self.place()

    def _assign(self) -> None:
        command = AssignPictures(tuple(row.id for row in self._rows), tuple(self.products))
        op: WriteOp[int] = WriteOp(self._host, self._ctx, media.assign, command)
        op.success(self._assigned).start()

    def _assigned(self, links: int) -> None:
        self._ctx.navigate.toast(t("media.assign.done", n=links))
        if self._after is not None:
            self._after()
