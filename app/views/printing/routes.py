"""Routes: which printer prints what, for whom, where."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from PySide6.QtWidgets import QWidget

from app.core.changes import Changes, Result
from app.core.i18n import language, t
from app.services.labels.catalogue import PRINTED
from app.services.printing import reads, writes
from app.services.printing.commands import SaveRoute
from app.services.printing.reads import RouteRow
from app.services.printing.writes import ROUTE
from app.services.security import roles
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec
from app.views.core.operation import ReadOp
from app.views.core.side_cards import StoryCards
from app.views.core.table_model import Column
from app.views.printing.words import OFFERED, SIDES, kind_words, place_choices
from app.views.security.people_words import role, titles

KEY = "printing.routes"
INSERT, UPDATE = f"{ROUTE}:insert", f"{ROUTE}:update"
_ANY = ("kind", "role", "language", "sides")
_SPEECH = (("de", "shell.language_de"), ("en", "shell.language_en"))


def _any(words: str) -> str:
    return words or t("printing.route.any")


def spec(ctx: AppContext) -> ListSpec:
    """The list."""
    titles(ctx)
    return ListSpec(
        key=KEY,
        title="printing.routes.title",
        icon="arrow-left-right",
        fetch=reads.list_routes,
        topics=frozenset({ROUTE}),
        columns=(
            Column(
                "kind",
                "printing.route.kind",
                "bold",
                200,
                stretch=True,
                text=lambda row: kind_words(row.kind),
            ),
            Column("station", "printing.route.station", width=246, text=lambda row: _any(row.station)),
            Column(
                "role",
                "printing.route.role",
                width=190,
                text=lambda row: _any(row.role and role(ctx, row.role)),
            ),
            Column(
                "language",
                "printing.route.language",
                width=100,
                text=lambda row: _any(row.language and t(dict(_SPEECH)[row.language])),
            ),
            Column("printer", "printing.route.printer", width=180),
            Column("copies", "printing.route.copies", "number", 100),
            Column("tray", "printing.route.tray", width=110, hidden=True),
        ),
        primary=ListAction(
            "new",
            "printing.route.new",
            lambda ctx_, _rows: ctx_.navigate.new_record(ROUTE),
            "plus",
            INSERT,
            "Ctrl+N",
        ),
        open=lambda ctx_, row: ctx_.navigate.open_record(ROUTE, row.id),
        empty=Empty("printing.routes.empty", "printing.routes.empty_text"),
        sort="kind",
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list of routes."""
    return ListPage(ctx, spec(ctx), state)


def load(session: Any, route_id: int, lang: str) -> RouteRow:
    """One route; what holds for any is nothing chosen."""
    row = reads.get_route(session, route_id, lang)
    chosen: dict[str, Any] = {key: getattr(row, key) or None for key in _ANY}
    return row._replace(**chosen)


class RoutePage(FormPage):
    """A route."""

    topics = frozenset({ROUTE, *OFFERED.topics})
    _roles: Sequence[roles.RoleRow] = ()
    spec: ClassVar[FormSpec] = FormSpec(
        ROUTE,
        "printing.route.one",
        "arrow-left-right",
        (
            Section(
                (
                    Field("kind", "printing.route.kind", "choice", span=2, help="printing.route.kind_help"),
                    Field("station_id", "printing.route.station", "choice", span=2),
                    Field("role", "printing.route.role", "choice", span=2),
                    Field("language", "printing.route.language", "choice", span=2, choices=_SPEECH),
                    Field("printer_id", "printing.route.printer", "choice", required=True, span=2),
                    Field(
                        "copies",
                        "printing.route.copies",
                        "number",
                        required=True,
                        places=0,
                        minimum=Decimal(1),
                        maximum=Decimal(99),
                    ),
                    Field("tray", "printing.route.tray", max_length=60),
                    Field("sides", "printing.route.sides", "choice", span=2, choices=SIDES),
                )
            ),
        ),
        load=load,
        update_right=UPDATE,
        create_right=INSERT,
        constraints=(("uq_route_once", "kind"), ("route_copies_range", "copies")),
    )

    def defaults(self) -> Mapping[str, Any]:
        """One copy."""
        return {"copies": Decimal(1)}

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """What goes where."""
        raw: Any = self.record.raw
        return (
            (t("printing.route.new"), None)
            if raw is None
            else (f"{kind_words(raw.kind)} → {raw.printer}", None)
        )

    def cards(self) -> Sequence[QWidget]:
        """Notes and history."""
        self._story = StoryCards(self, self.ctx, self.spec.topic, labels_of(self.spec))
        OFFERED.give(self.ctx, self, self._offer)
        if self.ctx.profile.can("role_list"):
            op: ReadOp[tuple[roles.RoleRow, ...]] = ReadOp(self, self.ctx, roles.roles)
            op.success(self._know_roles).start()
        return self._story.cards

    def receive_changes(self, changes: Changes, *, own: bool) -> None:
        """New printers are offered at once."""
        if OFFERED.forget(self.ctx, changes):
            OFFERED.give(self.ctx, self, self._offer)
        super().receive_changes(changes, own=own)

    def _offer(self, found: reads.Offered) -> None:
        own = self.record.values.get("kind")
        codes = sorted({*found.kinds, *PRINTED, "label", "test", *([own] if own else [])}, key=kind_words)
        self.set_choices("kind", [(code, kind_words(code)) for code in codes])
        self.set_choices("station_id", place_choices(found.stations))
        self.set_choices("printer_id", [(one.id, one.name) for one in found.printers])

    def _know_roles(self, found: Sequence[roles.RoleRow]) -> None:
        self._roles = found
        self._offer_roles()

    def _offer_roles(self) -> None:
        """Those somebody at a window or a terminal may have, as far as one knows them; and the one that is set."""
        words = {
            one.name: one.title(language())
            for one in self._roles
            if one.kind != "template" and one.holder != "service" and not one.retired
        }
        own = self.record.values.get("role")
        for name in (*(() if words else self.ctx.profile.roles), *((own,) if own else ())):
            words.setdefault(name, role(self.ctx, name))
        self.set_choices("role", sorted(words.items(), key=lambda one: one[1].casefold()))

    def shown(self) -> None:
        """Its story; what is set is offered even when nobody gets it any more."""
        self._offer_roles()
        if self.record.id is not None:
            self._story.show(self.record.id, self.heading()[0])

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Save the route."""
        values = {key: form.values[key] for key in (form.values if form.id is None else form.changed)}
        for key in (*_ANY, "tray"):
            if key in values:
                values[key] = values[key] or ""
        if "copies" in values:
            values["copies"] = int(values["copies"])
        return writes.save_route, SaveRoute(form.id, form.row_version or None, values)
