"""A request beside the list: what would change and why, who said what, and the two buttons."""

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.approvals.reads import RequestDetail, RequestRow, Value, Vote, request_detail
from app.views.approvals.deciding import approve, reject, withdraw
from app.views.approvals.words import STATE, in_words, kind_in_words, label_of, record_in_words
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, cells_row, history_row, section, text_row
from app.views.core.marks import initials
from app.views.core.operation import ReadOp
from app.views.core.people import name
from app.views.core.side_cards import when
from app.views.core.surfaces import Loading
from app.views.core.theme import px


def request_pane(ctx: AppContext, row: RequestRow) -> QWidget:
    """The pane of one request; details are read when it is shown."""
    return RequestPane(ctx, row)


class RequestPane(DetailPane):
    """Head from the row, the rest from the database: one round trip."""

    def __init__(self, ctx: AppContext, row: RequestRow) -> None:
        super().__init__()
        self.setObjectName("detail")
        self._ctx, self._row = ctx, row
        kind, key = STATE[row.state]
        note = t("approval.pane.note", who=name(ctx, row.requested_by), when=fmt.date_time(row.created_at))
        what = record_in_words(ctx, row.topic, row.record_id)
        opener = IconButton("external-link", "kit.list.open", clicked=self._open)
        opener.setObjectName("detail.open")
        self.head(
            kind_in_words(row.kind),
            row.name or kind_in_words(row.kind),
            chips=[(kind, t(key))],
            note=note,
            actions=[opener] if what else [],
        )
        self._layout = self.tab("overview", t("approval.pane.overview"))
        self._waiting = Loading()
        self._layout.addWidget(self._waiting)
        op: ReadOp[RequestDetail | None] = ReadOp(self, ctx, request_detail, row.id)
        op.success(self._fill).failure(self._failed).start()

    def _open(self) -> None:
        self._ctx.navigate.open_record(self._row.topic, self._row.record_id)

    def _failed(self, _error: BaseException) -> bool:
        self._waiting.deleteLater()
        self._layout.addWidget(text_row(t("kit.list.failed")))
        return True

    def _fill(self, found: RequestDetail | None) -> None:
        self._waiting.deleteLater()
        box = self._layout
        if found is None:
            box.addWidget(text_row(t("approval.pane.gone")))
            return
        if found.is_open:
            self._buttons(box, found)
        if found.values:
            box.addWidget(section(t("approval.pane.change")))
            box.addWidget(_values(self._ctx, found.values))
        box.addWidget(section(t("approval.pane.reason")))
        box.addWidget(text_row(found.reason, color="text"))
        box.addWidget(section(t("approval.pane.votes"), note=self._count(found)))
        for vote in found.votes:
            box.addWidget(self._vote(vote))
            if vote.comment:
                box.addWidget(text_row(t("approval.pane.comment", comment=vote.comment), style="small"))
        if not found.votes:
            box.addWidget(text_row(t("approval.pane.no_votes")))
        if found.is_open:
            self._deciders(box, found)
        what = record_in_words(self._ctx, found.topic, found.record_id)
        if what:
            link = Button("approval.pane.open_record", "external-link", clicked=self._open)
            link.setObjectName("action.open_record")
            box.addSpacing(px("gap_m"))
            box.addWidget(link)

    @staticmethod
    def _count(found: RequestDetail) -> str:
        if found.votes_needed < 2:
            return ""
        yes = sum(vote.decision == "approve" for vote in found.votes)
        return t("approval.votes", votes=yes, needed=found.votes_needed)

    def _buttons(self, box: QVBoxLayout, found: RequestDetail) -> None:
        row = QHBoxLayout()
        row.setSpacing(px("gap"))
        ctx, request = self._ctx, found.id
        if found.mine:
            back = Button("approval.withdraw", "undo-2", clicked=lambda: withdraw(ctx, request))
            back.setObjectName("action.withdraw")
            row.addWidget(back)
        elif found.authority is not None or found.refusal == "limit":
            yes = Button("approval.approve", "badge-check", "primary", "Ctrl+Enter")
            no = Button("approval.reject", "circle-x", "danger", "Ctrl+Del")
            yes.clicked.connect(lambda: approve(ctx, [request], yes, no))
            no.clicked.connect(lambda: reject(ctx, [request], yes, no))
            yes.setObjectName("action.approve")
            no.setObjectName("action.reject")
            yes.setEnabled(found.authority is not None)
            row.addWidget(yes)
            row.addWidget(no)
        row.addStretch(1)
        box.addLayout(row)
        box.addSpacing(px("gap"))
        if found.authority not in (None, ctx.profile.login):
            box.addWidget(
                text_row(t("approval.pane.as_delegate", who=name(ctx, found.authority)), style="small")
            )
        elif found.refusal in ("voted", "limit") or (found.refusal == "somebody_else" and not found.mine):
            box.addWidget(text_row(t(f"approval.pane.refusal.{found.refusal}"), style="small"))
        if found.votes_needed > 1:
            box.addWidget(text_row(t("approval.pane.two_needed"), style="small"))

    def _vote(self, vote: Vote) -> QWidget:
        who, authority = name(self._ctx, vote.voter), name(self._ctx, vote.authority)
        decision = t(f"approval.decision.{vote.decision}")
        key = "approval.pane.vote" if vote.voter == vote.authority else "approval.pane.vote_for"
        words = t(key, decision=decision, who=who, authority=authority)
        return history_row(initials(who), words, when(vote.at), person=who)

    def _deciders(self, box: QVBoxLayout, found: RequestDetail) -> None:
        box.addWidget(section(t("approval.pane.deciders")))
        for decider in found.deciders:
            who = name(self._ctx, decider.login)
            if decider.delegates:
                others = ", ".join(name(self._ctx, login) for login in decider.delegates)
                who = t("approval.pane.decider_for", who=who, delegates=others)
            box.addWidget(text_row(who, color="text"))
        if len(found.deciders) < found.votes_needed - len(found.votes):
            box.addWidget(text_row(t("approval.pane.nobody"), color="bad"))
        until = t("approval.pane.open_until", when=fmt.date_time(found.expires_at))
        box.addSpacing(px("gap"))
        box.addWidget(text_row(until, style="small"))


def _values(ctx: AppContext, values: tuple[Value, ...]) -> QWidget:
    """The values in three columns where there is a before, in two where there is not."""
    widget = QWidget()
    box = QVBoxLayout(widget)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(0)
    compared = any(value.before is not None for value in values)
    widths = (5, 4, 4) if compared else (7, 6)
    if compared:
        heads: list[tuple[str, str, str]] = [("", "small", "left")]
        heads += [(t(f"approval.pane.{word}"), "small", "right") for word in ("before", "after")]
        box.addWidget(cells_row(heads, widths))
    for value in values:
        cells: list[Any] = [(label_of(value), "body", "left")]
        if compared:
            before = in_words(ctx, value.kind, value.before) if value.before is not None else ""
            cells.append((before, "body", "right"))
        cells.append((in_words(ctx, value.kind, value.after), "body600", "right"))
        box.addWidget(cells_row(cells, widths))
    return widget
