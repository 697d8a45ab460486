"""Asks for the SKU of a new variant."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.core.errors import Invalid
from app.core.i18n import t
from app.services.catalog import rules
from app.views.core.dialog import Dialog
from app.views.core.inputs import ComboBox, LineEdit
from app.views.core.marks import Label
from app.views.core.values import error_text


class VariantDialog(Dialog):
    """The finish gives the SKU; it can be typed as well."""

    def __init__(
        self,
        host: QWidget,
        base: str,
        codes: Mapping[str, str],
        taken: frozenset[str],
        make: Callable[[str], object],
    ) -> None:
        super().__init__(
            host, t("catalog.variant.title", base=base), t("catalog.variant.text"), icon="layers"
        )
        self.setObjectName("dialog.variant")
        self._base, self._taken = base, taken
        free = [
            (code, f"{code} · {words}")
            for code, words in sorted(codes.items())
            if f"{base}-{code}" not in taken
        ]
        self.body.addWidget(Label(t("catalog.variant.finish"), "small500", "text2"))
        self.code = ComboBox(t("catalog.variant.finish"), [(None, t("form.nothing_chosen")), *free])
        self.code.setObjectName("field.variant_code")
        self.code.value_changed.connect(self._chosen)
        self.body.addWidget(self.code)
        self.body.addWidget(Label(t("catalog.field.sku"), "small500", "text2"))
        self.sku = LineEdit(t("catalog.field.sku"), max_length=rules.SKU_LENGTH)
        self.sku.setObjectName("field.variant_sku")
        self.sku.textChanged.connect(lambda _text: self._check())
        self.body.addWidget(self.sku)
        self._wrong = Label("", "small", "bad", wrap=True)
        self.body.addWidget(self._wrong)
        self.add_button("no", "errors.keep_as_is", kind="ghost", shortcut="Esc")
        self._yes = self.add_button(
            "yes", "catalog.variant.yes", lambda: make(self.sku.text().strip()), icon="plus", kind="primary"
        )
        self.sku.setText(f"{base}-{free[0][0]}" if free else f"{base}-")
        if free:
            self.code.set_value(free[0][0])
        self._check()

    def open(self) -> None:
        """Show it with the cursor in the SKU."""
        super().open()
        self.sku.setFocus(Qt.FocusReason.OtherFocusReason)
        self.sku.selectAll()

    def _chosen(self, *_: object) -> None:
        if self.code.value() is not None:
            self.sku.setText(f"{self._base}-{self.code.value()}")

    def _check(self) -> None:
        sku, wrong = self.sku.text().strip(), ""
        try:
            rules.check_sku(sku)
        except Invalid as error:
            wrong = error_text(error)
        if sku.lower() in {taken.lower() for taken in self._taken}:
            wrong = t("error.product_sku_key")
        elif not wrong and sku.endswith("-"):
            wrong = t("catalog.variant.code_missing")
        self._wrong.setText(wrong)
        self.sku.set_invalid(bool(wrong))
        self._yes.setEnabled(not wrong)
