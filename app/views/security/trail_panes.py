"""The pane beside the lists of the trail: who, where, with what, why; and what was before and after."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.security.trail import About, EntryRow, EventRow, session_about
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, section, text_row
from app.views.core.marks import Divider, Label
from app.views.core.operation import ReadOp
from app.views.core.people import name
from app.views.core.theme import px
from app.views.security.trail_words import (
    OPS,
    changes,
    elevated_words,
    event_facts,
    kind_tone,
    kind_words,
    record_words,
)

ENTRIES_KEY, EVENTS_KEY = "security.trail", "security.events"
Facts = list[tuple[str, str]]


def fact_grid(items: Facts, widget_name: str) -> QWidget:
    """Label and words below each other; long words are wrapped, not cut."""
    widget = QWidget()
    widget.setObjectName(widget_name)
    grid = QGridLayout(widget)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(px("gap_l"))
    grid.setVerticalSpacing(px("gap_xs"))
    grid.setColumnStretch(1, 1)
    for line, (label, words) in enumerate(items):
        grid.addWidget(Label(label, "small", "text2"), line, 0, Qt.AlignmentFlag.AlignTop)
        value = Label(words, "small500", wrap=True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(value, line, 1)
    return widget


class _TrailPane(DetailPane):
    """What both panes share: facts, the session behind, a link to the record."""

    def __init__(self, ctx: AppContext, session_id: int | None) -> None:
        super().__init__()
        self.setObjectName("detail")
        self._ctx, self._session = ctx, session_id

    def show_session(self, layout: QVBoxLayout) -> None:
        """Read the session when there is one, and show device and program."""
        if self._session is None:
            return
        layout.addWidget(section(t("audit.session")))
        holder = QVBoxLayout()
        layout.addLayout(holder)
        op: ReadOp[About | None] = ReadOp(self, self._ctx, session_about, self._session)
        op.success(partial(self._session_shown, holder)).failure(lambda _error: True).start()

    def _session_shown(self, layout: QVBoxLayout, found: About | None) -> None:
        if found is None:
            layout.addWidget(text_row(t("audit.session_gone")))
            return
        client = found.client
        program = " ".join(str(client[key]) for key in ("name", "program", "version") if client.get(key))
        facts: Facts = [
            (t("audit.session_began"), fmt.date_time(found.created)),
            (
                t("audit.session_ended"),
                fmt.date_time(found.ended) if found.ended else t("audit.session_open"),
            ),
            (t("audit.device"), str(client.get("device") or client.get("host") or fmt.NONE)),
            (t("audit.program"), program or fmt.NONE),
            (t("audit.assurance"), t(f"audit.assurance.{found.assurance}")),
        ]
        layout.addWidget(fact_grid(facts, "trail.session"))

    def link(self, layout: QVBoxLayout, key: str, words: str, icon: str, **state: object) -> None:
        """A button to the list of everything that belongs together."""
        button = Button(
            words, icon, "link", clicked=lambda: self._ctx.navigate.open_workspace(ENTRIES_KEY, **state)
        )
        button.setObjectName(f"action.{key}")
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)


class EntryPane(_TrailPane):
    """One change: before and after, and everything about who made it."""

    def __init__(self, ctx: AppContext, row: EntryRow) -> None:
        super().__init__(ctx, row.session_id)
        self.row = row
        kind, words = OPS[row.op]
        chips = [(kind, t(words))]
        if row.elevated:
            chips.append(("warn", t("audit.elevated_as", roles=elevated_words(row))))
        self.head(f"#{row.id}", record_words(ctx, row), chips=chips, note=fmt.date_time(row.at))
        layout = self.tab("change", t("audit.change"))
        layout.addWidget(fact_grid(self._facts(), "trail.facts"))
        self._diff(layout)
        self._links(layout)
        self.tab("session", t("audit.session"), self.show_session)

    def _facts(self) -> Facts:
        row = self.row
        found: Facts = [(t("audit.person"), name(self._ctx, row.login))]
        if row.operator:
            found.append((t("audit.operator"), name(self._ctx, row.operator)))
        found += [
            (t("audit.address"), row.address or t("audit.local")),
            (t("audit.program"), row.application or fmt.NONE),
        ]
        if row.reason:
            found.append((t("audit.reason"), row.reason))
        return found

    def _diff(self, layout: QVBoxLayout) -> None:
        row = self.row
        layout.addWidget(section(t("audit.diff")))
        if row.hidden:
            layout.addWidget(text_row(t("audit.hidden_text")))
            return
        found = changes(self._ctx, row)
        if not found:
            layout.addWidget(text_row(t("audit.nothing_told")))
            return
        widget = QWidget()
        widget.setObjectName("trail.diff")
        grid = QGridLayout(widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(px("gap"))
        grid.setVerticalSpacing(px("gap_xs"))
        heads = ["audit.field"] + [
            key for key, there in (("audit.before", row.op != "I"), ("audit.after", row.op != "D")) if there
        ]
        for column, key in enumerate(heads):
            grid.addWidget(Label(t(key), "caption", "text3"), 0, column)
            grid.setColumnStretch(column, 4 if column else 3)
        for number, (field, before, after) in enumerate(found):
            line = 2 * number + 2
            grid.addWidget(Divider(), line - 1, 0, 1, len(heads))
            grid.addWidget(Label(field, "small", "text2", wrap=True), line, 0, Qt.AlignmentFlag.AlignTop)
            values = [words for words, there in ((before, row.op != "I"), (after, row.op != "D")) if there]
            for column, words in enumerate(values, 1):
                last = column == len(values)
                value = Label(
                    words or fmt.NONE, "small500" if last else "small", "text" if last else "text2", wrap=True
                )
                value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                grid.addWidget(value, line, column, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(widget)

    def _links(self, layout: QVBoxLayout) -> None:
        row = self.row
        layout.addSpacing(px("gap_m"))
        if row.topic in self._ctx.registry.records:
            button = Button("audit.open_record", "external-link", clicked=self._open)
            button.setObjectName("action.open_record")
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            layout.addSpacing(px("gap"))
        everything = {"preset": "all"}
        self.link(
            layout,
            "same_record",
            "audit.same_record",
            "history",
            **everything,
            filters={"table_name": [row.table_name], "record_id": str(row.record_id)},
        )
        if row.command is not None:
            self.link(
                layout,
                "same_command",
                "audit.same_command",
                "layers",
                **everything,
                filters={"command": str(row.command)},
            )
        if row.session_id is not None:
            self.link(
                layout,
                "same_session",
                "audit.same_session",
                "log-in",
                **everything,
                filters={"session_id": str(row.session_id)},
            )

    def _open(self) -> None:
        self._ctx.navigate.open_record(self.row.topic, self.row.record_id)


class EventPane(_TrailPane):
    """One event of access."""

    def __init__(self, ctx: AppContext, row: EventRow) -> None:
        super().__init__(ctx, row.session_id)
        self.head(
            f"#{row.id}",
            kind_words(row.kind),
            chips=[(kind_tone(row.kind), name(ctx, row.login))],
            note=fmt.date_time(row.at),
        )
        layout = self.tab("event", t("audit.event"))
        facts: Facts = [(t("audit.whose"), name(ctx, row.login)), (t("audit.by"), name(ctx, row.by_login))]
        if row.operator:
            facts.append((t("audit.operator"), name(ctx, row.operator)))
        facts += [
            (t("audit.address"), row.address or t("audit.local")),
            (t("audit.program"), row.application or fmt.NONE),
        ]
        layout.addWidget(fact_grid(facts, "trail.facts"))
        details = event_facts(ctx, row)
        if details:
            layout.addWidget(section(t("audit.details")))
            layout.addWidget(fact_grid(details, "trail.details"))
        if row.session_id is not None:
            layout.addSpacing(px("gap_m"))
            self.link(
                layout,
                "same_session",
                "audit.same_session",
                "log-in",
                preset="all",
                filters={"session_id": str(row.session_id)},
            )
        self.tab("session", t("audit.session"), self.show_session)
