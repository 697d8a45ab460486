"""How long which kind of document is kept and why; administrators delete what has run out."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QGridLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.i18n import t
from app.services.documents import archive, attachments, lists
from app.services.documents.commands import PurgeDocuments
from app.services.documents.lists import Rules
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import host_of
from app.views.core.fields import Field
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.reason import ReasonDialog
from app.views.core.theme import px
from app.views.documents.words import kind_in_words
from app.views.security.form_dialog import FormDialog


def open_rules(ctx: AppContext) -> None:
    """Read the rules and show them."""

    def show(found: Rules) -> None:
        host = host_of(ctx.tasks)
        if host is not None:
            RulesDialog(host, ctx, found).open()

    ReadOp(ctx.tasks, ctx, lists.rules).success(show).start()


class RulesDialog(Dialog):
    """Classes of retention with their kinds, and the button that deletes."""

    def __init__(self, host: QWidget, ctx: AppContext, found: Rules) -> None:
        super().__init__(
            host, t("archive.rules.title"), t("archive.rules.text"), icon="scale", width=px("step_card_w") * 3
        )
        self.setObjectName("dialog.rules")
        self._ctx, self._host = ctx, host
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_l"))
        grid.setVerticalSpacing(px("gap_m"))
        grid.setColumnStretch(1, 1)
        for row, code in enumerate(dict.fromkeys(kind[1] for kind in found.kinds)):
            kinds = [kind for kind in found.kinds if kind[1] == code]
            years, source = kinds[0][2], kinds[0][3]
            grid.addWidget(
                Label(t("archive.rules.years", n=years) if years else t("archive.rules.none"), "body500"),
                row,
                0,
            )
            words = ", ".join(kind_in_words(kind[0]) for kind in kinds)
            grid.addWidget(
                Label(f"{words}\n{source}" if source else words, "body", "text2", wrap=True), row, 1
            )
        self.body.addLayout(grid)
        self.body.addWidget(
            Label(t("archive.rules.attachments", mb=found.attachment_mb), "body", "text2", wrap=True)
        )
        if ctx.profile.can("document_purge"):
            self.add_button(
                "purge", "archive.purge.button", self._purge, icon="trash-2", kind="danger", left=True
            )
        self._most = found.attachment_mb
        if ctx.profile.can("documents.house:update"):
            self.add_button("limit", "archive.rules.limit", self._limit, icon="paperclip", left=True)
        self.add_button("close", "errors.close", kind="primary", shortcut="Esc")

    def _limit(self) -> None:
        ctx = self._ctx

        def save(values: Mapping[str, Any]) -> Any:
            return attachments.set_limit, int(values["mb"])

        field = Field(
            "mb",
            "archive.rules.limit_field",
            "number",
            required=True,
            places=0,
            unit="MB",
            minimum=Decimal(1),
            maximum=Decimal(50),
            span=2,
        )
        FormDialog(
            ctx,
            t("archive.rules.limit_title"),
            t("archive.rules.limit_text"),
            (field,),
            save,
            lambda mb: ctx.navigate.toast(t("archive.rules.limit_done", mb=mb)),
            icon="paperclip",
            yes="form.save",
            values={"mb": Decimal(self._most)},
        ).open()

    def _purge(self) -> None:
        ctx = self._ctx
        until = clock.today() - dt.timedelta(days=1)

        def delete(reason: str) -> None:
            op = WriteOp(ctx.tasks, ctx, archive.purge, PurgeDocuments(until, reason))
            op.success(lambda count: ctx.navigate.toast(t("archive.purge.done", n=count))).start()

        ReasonDialog(
            self._host,
            t("archive.purge.title"),
            t("archive.purge.text", date=fmt.date_(until)),
            "archive.purge.yes",
            delete,
            danger=True,
            icon="trash-2",
        ).open()
