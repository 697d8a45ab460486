"""A role of the house's own: what it is called, what it permits, what it contains, its limits and rules."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from app.core.i18n import has_text, language, t
from app.core.paging import ListQuery
from app.services.security import roles, shelf
from app.services.security.roles import RoleCard, RoleRow
from app.views.core.checks import CheckBox
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.fields import Field
from app.views.core.inputs import LineEdit
from app.views.core.marks import Label
from app.views.core.operation import ReadOp
from app.views.core.segmented import SegmentedTabs
from app.views.core.theme import px
from app.views.security.form_dialog import FormDialog
from app.views.security.people_words import role_list
from app.views.security.role_rules import RULES, rule_values, rules_of

NAME = Field("name", "roles.name", required=True, max_length=40, span=2, help="roles.name.help")
TITLES = (
    Field("title_de", "roles.title_de", required=True, max_length=100, span=2),
    Field("title_en", "roles.title_en", max_length=100, span=2),
)
ABOUT = (
    Field("about_de", "roles.about_de", max_length=400, span=4),
    Field("about_en", "roles.about_en", max_length=400, span=4),
)
SCOPED = Field("scoped", "roles.scoped", "check", span=4)
TEMPLATE = Field("template", "roles.as_template", "check", span=4)
LIMITS = tuple(
    Field(f"limit_{key}", f"roles.limit.{key}", "number", minimum=Decimal(0), help="roles.limit.help", span=2)
    for key in ("discount_pct", "stock_difference")
)
NEW_RULES = {"idle_minutes": Decimal(480), "session_minutes": Decimal(1440)}


class _Offer(NamedTuple):
    """What the dialog lets choose from, and what the role has now."""

    rights: Sequence[shelf.RightRow]
    roles: Sequence[tuple[str, str]]
    card: RoleCard | None


def _read(session: Any, name: str, lang: str) -> _Offer:
    offered = shelf.given_choices(session)
    people = {role for role, _words in offered}
    rights = shelf.list_rights(session, ListQuery(sort="words", language=lang)).rows
    ours = [row for row in rights if people & set(row.roles)]  # not those of terminals and services alone
    return _Offer(ours, offered, roles.card(session, name) if name else None)


AREAS = tuple(
    (key, f"roles.area.{key or 'functions'}")
    for key in (
        "",
        "catalog",
        "partners",
        "engineering",
        "inventory",
        "purchasing",
        "production",
        "sales",
        "documents",
        "system",
        "approval",
        "sec",
        "audit",
    )
)


def area_of(right: str) -> str:
    """The capability a right belongs to, in words; functions stand together."""
    schema = right.partition(":")[0].partition(".")[0] if "." in right else ""
    key = f"roles.area.{schema}"
    return t(key) if schema and has_text(key) else t("roles.area.functions")


class RoleDialog(FormDialog):
    """Four tabs: names, rights to tick, roles it contains, limits and rules."""

    def __init__(self, ctx: AppContext, row: RoleRow | None) -> None:
        self._ticks: dict[str, CheckBox] = {}
        self._heads: dict[str, QWidget] = {}
        self._parents: dict[str, CheckBox] = {}
        self._row = row
        first = (*TITLES, *ABOUT, SCOPED) if row else (NAME, *TITLES, *ABOUT, SCOPED, TEMPLATE)
        self._pages = (("names", first), ("rules", (*LIMITS, *RULES)))
        self._tabs = SegmentedTabs()
        self._stack = QStackedWidget()
        super().__init__(
            ctx,
            t("roles.edit_title" if row else "roles.new_title"),
            t("roles.new_text"),
            (*first, *LIMITS, *RULES),
            self._command,
            self._written,
            icon="key-round",
            yes="people.save",
            values=_values(row) if row else {"scoped": True, "template": False, **NEW_RULES},
        )
        self._tabs.set_items(
            [
                ("names", t("people.tab.data")),
                ("rights", t("roles.rights")),
                ("parents", t("roles.parents")),
                ("rules", t("roles.rules_tab")),
            ],
            "names",
        )
        self._tabs.chosen.connect(self.show_tab)
        self.yes.setEnabled(False)
        ReadOp(self, ctx, _read, row.name if row else "", language()).success(self._offer).start()

    def _grid(self) -> QGridLayout:
        """Tabs over pages instead of one grid."""
        whole = QGridLayout()
        whole.addWidget(self._tabs, 0, 0, Qt.AlignmentFlag.AlignLeft)
        whole.addWidget(self._stack, 1, 0)
        whole.setRowStretch(1, 1)
        names, rules = (self._fields(fields) for _key, fields in self._pages)
        for part in (names, self._rights_page(), self._parents_page(), rules):
            self._stack.addWidget(part)
        self._stack.setMinimumHeight(px("step_card_w") + px("grid") * 20)
        return whole

    def _fields(self, fields: Sequence[Field]) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, px("gap"), 0, 0)
        column.addLayout(self.grid_of([self.boxes[field.key] for field in fields]))
        column.addStretch(1)
        return part

    def _rights_page(self) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, px("gap"), 0, 0)
        self._search = LineEdit(t("roles.search"), t("roles.search"), leading="search")
        self._search.setObjectName("field.search_rights")
        self._search.textChanged.connect(self._narrow)
        column.addWidget(self._search)
        self._list = _ticks_in(column)
        return part

    def _parents_page(self) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, px("gap"), 0, 0)
        column.addWidget(Label(t("roles.parents_text"), "small", "text2", wrap=True))
        self._roles = _ticks_in(column)
        return part

    def show_tab(self, key: str) -> None:
        """Show one of the pages."""
        self._tabs.set_current(key)
        self._stack.setCurrentIndex(self._tabs.keys().index(key))

    def post(self) -> None:
        """Check and save; what is wrong is shown."""
        super().post()
        for key, fields in self._pages:
            wrong = next((self.boxes[field.key] for field in fields if self.boxes[field.key].error), None)
            if wrong is not None:
                self.show_tab(key)
                wrong.focus()
                return

    def _offer(self, found: _Offer) -> None:
        card = found.card
        own = frozenset(card.rights) if card else frozenset()
        inherited = card.inherited if card else {}
        for row in sorted(found.rights, key=lambda one: (area_of(one.right), one.words.casefold())):
            area = area_of(row.right)
            if area not in self._heads:
                head = self._heads[area] = Label(area, "section")
                self._list.addWidget(head)
            words = row.words
            if row.right in inherited and row.right not in own:
                words = t("roles.inherited", right=words, role=role_list(self.ctx, inherited[row.right]))
            box = self._ticks[row.right] = _tick(f"right.{row.right}", words, row.right in own)
            self._list.addWidget(box)
        inside = frozenset(card.parents) if card else frozenset()
        own_name = self._row.name if self._row else ""
        for name, words in found.roles:
            if name != own_name:
                box = self._parents[name] = _tick(f"parent.{name}", words, name in inside)
                self._roles.addWidget(box)
        self.yes.setEnabled(True)
        QTimer.singleShot(0, self, self.place)

    def _narrow(self, text: str) -> None:
        typed = text.casefold().split()
        shown: set[str] = set()
        for right, box in self._ticks.items():
            fits = all(word in box.text().casefold() for word in typed)
            box.setVisible(fits)
            if fits:
                shown.add(area_of(right))
        for area, head in self._heads.items():
            head.setVisible(area in shown)

    def _command(self, values: Mapping[str, Any]) -> Any:
        details = {
            **{field.key: str(values[field.key] or "") for field in (*TITLES, *ABOUT)},
            "scoped": bool(values["scoped"]),
            "rights": [right for right, box in self._ticks.items() if box.isChecked()],
            "parents": [name for name, box in self._parents.items() if box.isChecked()],
            "limits": {
                field.key.removeprefix("limit_"): str(values[field.key])
                for field in LIMITS
                if values[field.key] is not None
            },
            **rules_of(values),
        }
        if self._row is not None:
            return roles.change_role, roles.ChangeRole(self._row.name, details)
        name = str(values["name"]).strip()
        return roles.create_role, roles.CreateRole(name, details, bool(values["template"]))

    def _written(self, written: roles.Written) -> None:
        warned = written.warnings or written.violations
        self.ctx.navigate.toast(
            t("roles.saved_warning" if warned else "roles.saved"), kind="warn" if warned else "ok"
        )


def _values(row: RoleRow) -> dict[str, Any]:
    known = {field.key: getattr(row, field.key) for field in (*TITLES, *ABOUT, SCOPED)}
    limits = {
        field.key: Decimal(str(row.limits[name]))
        for field in LIMITS
        if (name := field.key.removeprefix("limit_")) in row.limits
    }
    return {**known, **limits, **rule_values(row)}


def _tick(name: str, words: str, on: bool) -> CheckBox:
    box = CheckBox("people.task", words=words.replace("&", "&&"))
    box.setObjectName(name)
    box.setChecked(on)
    return box


def _ticks_in(column: QVBoxLayout) -> QVBoxLayout:
    """A list that scrolls, for boxes to tick."""
    ground = QWidget()
    listed = QVBoxLayout(ground)
    listed.setContentsMargins(0, 0, 0, 0)
    listed.setSpacing(px("gap_xs"))
    listed.setAlignment(Qt.AlignmentFlag.AlignTop)
    column.addWidget(scrolled(ground), 1)
    return listed
