"""Who has, had and will have which role; what people must not have together; the periodic look at it all."""

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.i18n import t
from app.services.security import reviews, shelf
from app.services.security.assignments import ROLES
from app.services.security.reviews import ReviewItem, ReviewRow
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane
from app.views.core.errors import ask
from app.views.core.fields import Field
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.marks import Chip, Divider, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.people import names
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.security import people_actions as act
from app.views.security.form_dialog import FormDialog
from app.views.security.people_words import STATE, period, reason_words, role, titles, until
from app.views.security.person_parts import giver

KEY, REVIEWS = "security.assignments", "security.reviews"
REVIEW_STATE = {"open": ("warn", "review.state.open"), "closed": ("ok", "review.state.closed")}


def _lasts(row: Any) -> bool:
    return row.state in ("current", "future")


def _spec(ctx: AppContext) -> ListSpec:
    titles(ctx)
    names(ctx)

    def who(key: str, *, hidden: bool = False) -> Column:
        return Column(
            key,
            f"assign.{key}",
            width=130,
            text=lambda row: giver(ctx, getattr(row, key)),
            hidden=hidden,
        )

    return ListSpec(
        key=KEY,
        title="assign.title",
        icon="calendar-clock",
        columns=(
            Column("person", "people.person", "bold", 170, stretch=True, filter="contains"),
            Column(
                "role",
                "people.role",
                width=170,
                filter="choice",
                choices=shelf.role_choices,
                text=lambda row: role(ctx, row.role),
            ),
            Column(
                "state",
                "people.status",
                "chip",
                120,
                filter="choice",
                choices=tuple((key, words) for key, (_kind, words) in STATE.items()),
                chips=STATE,
            ),
            Column(
                "kind",
                "assign.kind",
                width=120,
                filter="choice",
                choices=(("assignment", "assign.assignment"), ("elevation", "assign.elevation")),
                text=lambda row: t(f"assign.{row.kind}"),
            ),
            Column("valid_from", "people.from", "date_time", 148),
            Column("valid_to", "people.until", width=148, text=lambda row: until(row.valid_to)),
            Column(
                "reason",
                "people.reason",
                width=180,
                filter="contains",
                text=lambda row: reason_words(row.reason),
            ),
            who("granted_by"),
            who("requested_by", hidden=True),
            who("approved_by", hidden=True),
            who("ended_by", hidden=True),
            Column("end_reason", "assign.end_reason", width=160, hidden=True),
            Column("department", "people.department", width=130, filter="contains", hidden=True),
        ),
        fetch=shelf.list_assignments,
        topics=frozenset({ROLES}),
        presets=(
            Preset("current", "assign.state.current"),
            Preset("ending", "assign.preset.ending"),
            Preset("future", "assign.state.future"),
            Preset("over", "assign.preset.over"),
            Preset("all", "kit.list.all"),
        ),
        row_actions=(
            ListAction(
                "period",
                "people.period",
                act.on_row(act.set_period),
                "calendar-clock",
                "role_period_set",
                None,
                _lasts,
            ),
            ListAction(
                "revoke",
                "people.revoke",
                act.on_row(act.revoke),
                "circle-x",
                "role_revoke",
                None,
                _lasts,
                True,
            ),
        ),
        empty=Empty("assign.empty.title", "assign.empty.text"),
        sort="valid_from",
        descending=True,
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The assignments."""
    return ListPage(ctx, _spec(ctx), state)


class ReviewPane(DetailPane):
    """What a review is about: one assignment after the other, certified or revoked."""

    def __init__(self, ctx: AppContext, row: ReviewRow) -> None:
        super().__init__()
        self.setObjectName("pane.review")
        self._ctx, self._row = ctx, row
        chips = (
            [("bad", t("review.overdue"))]
            if row.overdue
            else [(REVIEW_STATE[row.state][0], t(REVIEW_STATE[row.state][1]))]
        )
        self.head("", row.title, chips=chips, note=t("review.due_on", on=fmt.date_(row.due)))
        self._body = self.tab("items", t("review.items"))
        ReadOp(self, ctx, reviews.items, row.id).success(self._arrived).failure(lambda _error: True).start()

    def _arrived(self, items: Sequence[ReviewItem]) -> None:
        if self._row.state == "open" and self._ctx.profile.can("review_close") and not self._row.open:
            close = Button(
                "review.close", "circle-check", "primary", clicked=partial(_close, self._ctx, self._row)
            )
            close.setObjectName("action.close_review")
            self._body.addWidget(close, 0, Qt.AlignmentFlag.AlignLeft)
        for item in sorted(items, key=lambda one: (one.decision != "open", one.person)):
            self._body.addWidget(self._line(item))
            self._body.addWidget(Divider())

    def _line(self, item: ReviewItem) -> QWidget:
        line = QWidget()
        column = QVBoxLayout(line)
        column.setContentsMargins(0, px("gap_xs"), 0, px("gap_xs"))
        column.setSpacing(px("gap_xs"))
        first = QHBoxLayout()
        first.addWidget(Label(f"{item.person}: {role(self._ctx, item.role)}", "body500", wrap=True), 1)
        column.addLayout(first)
        last = fmt.date_time(item.last_session) if item.last_session else t("review.never")
        note = f"{period(item.valid_from, item.valid_to)} · {t('review.last_session', at=last)}"
        column.addWidget(Label(note, "small", "text2", wrap=True))
        if item.decision in ("certified", "revoked"):
            kind = "ok" if item.decision == "certified" else "bad"
            first.addWidget(Chip(kind, t(f"review.{item.decision}")))
        elif item.mine:
            column.addWidget(Label(t("review.mine"), "small", "text3", wrap=True))
        elif self._ctx.profile.can("review_decide") and self._row.state == "open":
            buttons = QHBoxLayout()
            keep = Button("review.certify", "check", clicked=partial(_certify, self._ctx, item))
            keep.setObjectName(f"action.certify.{item.id}")
            end = Button("review.revoke", "circle-x", "ghost", clicked=partial(_revoke, self._ctx, item))
            end.setObjectName(f"action.revoke.{item.id}")
            buttons.addWidget(keep)
            buttons.addWidget(end)
            buttons.addStretch(1)
            column.addLayout(buttons)
        return line


def _certify(ctx: AppContext, item: ReviewItem) -> None:
    WriteOp(ctx.tasks, ctx, reviews.decide_review, reviews.DecideReview(item.id, "certified")).start()


def _revoke(ctx: AppContext, item: ReviewItem) -> None:
    FormDialog(
        ctx,
        t("people.revoke_title", person=item.person, role=role(ctx, item.role)),
        t("people.revoke_text"),
        (act.REASON,),
        lambda values: (
            reviews.decide_review,
            reviews.DecideReview(item.id, "revoked", str(values["reason"])),
        ),
        lambda _none: ctx.navigate.toast(t("people.revoke_done", person=item.person)),
        icon="circle-x",
        yes="people.revoke",
    ).open()


def _close(ctx: AppContext, row: ReviewRow) -> None:
    def go() -> None:
        op = WriteOp(ctx.tasks, ctx, reviews.close_review, reviews.CloseReview(row.id))
        op.success(lambda _none: ctx.navigate.toast(t("review.closed"))).start()

    ask(ctx.tasks, t("review.close_title", title=row.title), t("review.close_text"), "review.close", go)


def _start(ctx: AppContext, _rows: list[Any]) -> None:
    dialog = FormDialog(
        ctx,
        t("review.new_title"),
        t("review.new_text"),
        (
            Field("title", "review.name", required=True, max_length=200, span=4),
            Field("due", "review.due", "date", required=True, span=2),
            Field("role", "people.role", "choice", span=2),
            Field("department", "people.department", max_length=100, span=2),
        ),
        lambda values: (
            reviews.start_review,
            reviews.StartReview(
                str(values["title"]),
                values["due"],
                str(values["role"] or ""),
                str(values["department"] or ""),
            ),
        ),
        lambda _number: ctx.navigate.toast(t("review.started")),
        icon="clipboard-check",
        yes="review.start",
        values={"due": clock.today() + dt.timedelta(days=30)},
    )
    act.offer(dialog, "role", shelf.given_choices, empty="review.every_role")
    dialog.open()


def _review_spec(ctx: AppContext) -> ListSpec:
    titles(ctx)
    return ListSpec(
        key=REVIEWS,
        title="review.title",
        icon="clipboard-check",
        columns=(
            Column("title", "review.name", "bold", 200, stretch=True, filter="contains"),
            Column("state", "people.status", "chip", 120, chips=REVIEW_STATE),
            Column("due", "review.due", "date", 110),
            Column("overdue", "review.overdue", "yes_no", 90),
            Column("items", "review.items", "number", 115),
            Column("open", "review.open", "number", 90),
            Column("certified", "review.certified", "number", 90),
            Column("revoked", "review.revoked", "number", 90),
            Column("started_at", "review.started_at", "date_time", 148, hidden=True),
        ),
        fetch=shelf.list_reviews,
        topics=frozenset({reviews.REVIEWS, reviews.ITEMS}),
        primary=ListAction("start", "review.new", _start, "plus", "review_start", "Ctrl+N"),
        empty=Empty("review.empty.title", "review.empty.text"),
        detail=ReviewPane,
        sort="due",
        descending=True,
    )


def reviews_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The reviews."""
    return ListPage(ctx, _review_spec(ctx), state)
