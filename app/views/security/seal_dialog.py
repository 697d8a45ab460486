"""How the seal of the trail stands, and verifying it piece by piece."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.errors import AppError
from app.core.i18n import t
from app.services.security.trail import (
    SealFinding,
    SealState,
    TellVerified,
    anchors_in,
    seal_state,
    tell_verified,
    verify,
)
from app.views.core.context import AppContext
from app.views.core.detail import scrolled, text_row
from app.views.core.dialog import Dialog
from app.views.core.marks import Label, ProgressBar
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.security.trail_panes import fact_grid

SHOWN = 50


class SealDialog(Dialog):
    """Facts about the seal; a progress bar while it is verified; what was found."""

    ask_folder = staticmethod(
        lambda parent: QFileDialog.getExistingDirectory(parent, t("audit.seal.anchors"))
    )

    def __init__(self, host: QWidget, ctx: AppContext) -> None:
        super().__init__(
            host,
            t("audit.seal.title"),
            t("audit.seal.text"),
            icon="badge-check",
            width=px("text_column") + px("grid") * 24,
        )
        self.setObjectName("dialog.seal")
        self._ctx = ctx
        self.state: SealState | None = None
        self.findings: list[SealFinding] = []
        self._anchors: Sequence[Mapping[str, Any]] = ()
        self._facts = QVBoxLayout()
        self.body.addLayout(self._facts)
        self.progress = ProgressBar()
        self.progress.setObjectName("seal.progress")
        self.progress.hide()
        self.body.addWidget(self.progress)
        self.status = Label("", "small", "text2", wrap=True)
        self.status.setObjectName("seal.status")
        self.status.hide()
        self.body.addWidget(self.status)
        self._result = QVBoxLayout()
        self.body.addLayout(self._result)
        self._with_anchors = self.add_button(
            "anchors",
            "audit.seal.anchors",
            self._choose_anchors,
            icon="folder-open",
            kind="secondary",
            stay=True,
            left=True,
        )
        self.add_button("close", "errors.close", kind="secondary", shortcut="Esc")
        self._verify = self.add_button(
            "yes", "audit.seal.verify", self.verify, icon="shield-check", kind="primary", stay=True
        )
        self._verify.setEnabled(False)
        self._with_anchors.setEnabled(False)
        self._read()

    def _read(self) -> None:
        op: ReadOp[SealState] = ReadOp(self, self._ctx, seal_state)
        op.success(self._show).start()

    def _show(self, state: SealState) -> None:
        self.state = state
        clear_layout(self._facts)
        waiting = fmt.number(state.waiting)
        if state.waiting and state.waiting_since:
            waiting = t("audit.seal.since", count=waiting, at=fmt.date_time(state.waiting_since))
        never = t("audit.seal.never")
        verified = fmt.date_time(state.verified_at) if state.verified_at else never
        if state.verified_at and state.findings is not None:
            verified += " · " + t("audit.seal.findings", n=state.findings, count=fmt.number(state.findings))
        facts = [
            (t("audit.seal.blocks"), fmt.number(state.number)),
            (t("audit.seal.sealed_at"), fmt.date_time(state.sealed_at) if state.sealed_at else never),
            (t("audit.seal.waiting"), waiting),
            (t("audit.seal.anchored_at"), fmt.date_time(state.anchored_at) if state.anchored_at else never),
            (t("audit.seal.verified_at"), verified),
            (t("audit.seal.hash"), " ".join(_grouped(state.hash)) if state.hash else fmt.NONE),
        ]
        self._facts.addWidget(fact_grid(facts, "seal.facts"))
        for button in (self._verify, self._with_anchors):
            button.setEnabled(state.number > 0)
        self._fit()

    def _fit(self) -> None:
        """Grow with what was put in, now and once its texts know their width."""
        layout = self.panel.layout()
        assert layout is not None
        layout.activate()
        self.place()
        QTimer.singleShot(0, self, self.place)

    # -- verifying ------------------------------------------------------------------------------------------------

    def _choose_anchors(self) -> None:
        folder = self.ask_folder(self)
        if not folder:
            return
        try:
            self._anchors = anchors_in(Path(folder), self._ctx.db.target.dbname)
        except AppError as error:
            self._say("bad", t("audit.seal.anchors_failed"), error_text(error))
            return
        self.verify()

    def verify(self) -> None:
        """Verify everything, from the first block on."""
        assert self.state is not None
        self.findings = []
        clear_layout(self._result)
        for button in (self._verify, self._with_anchors):
            button.setEnabled(False)
        self.progress.show()
        self.status.show()
        self._next(1, self.state.number)

    def _next(self, first: int, total: int) -> None:
        self.progress.set_value((first - 1) / total)
        self.status.setText(t("audit.seal.running", done=fmt.number(first - 1), total=fmt.number(total)))
        self._fit()
        op: ReadOp[tuple[int, tuple[SealFinding, ...]]] = ReadOp(
            self, self._ctx, verify, first, total, self._anchors
        )
        op.success(partial(self._verified, total)).failure(self._failed).start()

    def _verified(self, total: int, answer: tuple[int, tuple[SealFinding, ...]]) -> None:
        last, found = answer
        self.findings += found
        if last < total:
            self._next(last + 1, total)
            return
        told = TellVerified(total, len(self.findings))
        WriteOp(self, self._ctx, tell_verified, told).success(lambda _nothing: self._finished(total)).start()

    def _failed(self, _error: BaseException) -> bool:
        self._end()
        return False

    def _end(self) -> None:
        self.progress.hide()
        self.status.hide()
        for button in (self._verify, self._with_anchors):
            button.setEnabled(True)

    def _finished(self, total: int) -> None:
        self._end()
        count = len(self.findings)
        if not count:
            agreed = t("audit.seal.good_anchors", n=len(self._anchors))
            self._say(
                "ok",
                t("audit.seal.good", n=total, count=fmt.number(total)),
                agreed if self._anchors else t("audit.seal.good_text"),
            )
        else:
            self._say("bad", t("audit.seal.bad", n=count, count=fmt.number(count)), t("audit.seal.bad_text"))
            holder = QWidget()
            holder.setObjectName("seal.findings")
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(px("gap_xs"))
            for finding in self.findings[:SHOWN]:
                column.addWidget(text_row(finding_words(finding), color="text"))
            area = scrolled(holder)
            area.setFixedHeight(min(px("chart_h"), count * px("row_dense")))
            self._result.addWidget(area)
        self._read()

    def _say(self, kind: str, fact: str, consequence: str) -> None:
        clear_layout(self._result)
        banner = Banner(kind, fact)
        banner.setObjectName("seal.result")
        self._result.addWidget(banner)
        self._result.addWidget(text_row(consequence, style="small"))
        self._fit()


def finding_words(finding: SealFinding) -> str:
    """A finding as a sentence."""
    ids = finding.detail.get("ids") or ([finding.detail["id"]] if "id" in finding.detail else [])
    return t(
        f"audit.finding.{finding.finding}",
        block=fmt.number(finding.block) if finding.block is not None else fmt.NONE,
        rows=", ".join(f"#{number}" for number in ids) or fmt.NONE,
        day=finding.detail.get("day", ""),
    )


def _grouped(digest: str) -> list[str]:
    return [digest[start : start + 8] for start in range(0, len(digest), 8)]
