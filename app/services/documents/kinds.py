"""What each kind of paper shows, as declared in `resources/documents`; checked when it is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from app.services.documents.data import Kind
from app.services.documents.design import Design

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "documents"
LINES = "lines"
TABLES = ("items", "steps", "measurements", "deductions")

Form = Literal["letter", "sheet"]
Show = Literal[
    "article",
    "words",
    "text",
    "number",
    "price",
    "money",
    "percent",
    "date",
    "tick",
    "write",
    "code",
    "verdict",
]
When = Literal["always", "filled", "differs"]
Block = Literal[
    "booking",
    "closing",
    "deductions",
    "delivery_address",
    "heading",
    "inspection",
    "intro",
    "items",
    "lines",
    "measurements",
    "operations",
    "outcome",
    "own_tax",
    "pay_until",
    "product",
    "reason",
    "receipt",
    "remarks",
    "reminder_total",
    "sign",
    "steps",
    "summary",
    "tax_notes",
    "terms",
    "totals",
    "valid_until",
    "verdict",
]
Need = Literal[
    "issuer",
    "items",
    "lines",
    "number",
    "original",
    "recipient",
    "supply_date",
    "tax",
    "tax_number",
    "totals",
    "vat_ids",
]
_NUMBERS = ("number", "price", "money", "percent", "date")


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column as declared: the attribute it shows (`values`: the entry of its own name) and how."""

    name: str
    source: str
    show: Show
    align: Literal["left", "right"] = "right"
    when: When = "always"
    currency: bool = False
    close: bool = False
    most: float = 40.0
    wide: float = 20.0

    @property
    def grows(self) -> bool:
        """Whether it takes the room that is left."""
        return self.show in ("article", "words")


@dataclass(frozen=True, slots=True)
class KindSpec:
    """A kind of paper: a letter with an address field or a sheet of the house, its tables, its parts in order.

    `carries` is the column whose sum goes from page to page, `code` whether the number stands on it as a bar code,
    `pictures` whether it shows product pictures unless the house says otherwise, `pays` whether it asks for money.
    """

    kind: Kind
    form: Form
    blocks: tuple[Block, ...]
    needs: tuple[Need, ...]
    tables: Mapping[str, tuple[ColumnSpec, ...]]
    carries: str = ""
    code: bool = False
    pictures: bool = False
    pays: bool = False

    @property
    def is_priced(self) -> bool:
        """Whether its lines show prices."""
        return self.carries == "net"

    @property
    def is_outward(self) -> bool:
        """Whether it leaves the house, and so says who we are."""
        return "issuer" in self.needs

    def hidable(self) -> tuple[str, ...]:
        """The columns of the lines the house may leave out; the article, quantities and amounts stay."""
        kept = ("article", "quantity", "net", "value", "counted", "unit_price")
        return tuple(column.name for column in self.tables.get(LINES, ()) if column.name not in kept)


def spec_of(kind: Kind) -> KindSpec:
    """What a kind declares."""
    return specs()[kind]


def shows_pictures(kind: Kind, design: Design) -> bool:
    """Whether a paper shows product pictures: as the house chose, else as its kind usually does."""
    return spec_of(kind).pictures if design.pictures is None else design.pictures


@cache
def specs() -> Mapping[Kind, KindSpec]:
    """Every kind of paper; raises ValueError naming file and fault."""
    columns = read_columns()
    known: tuple[Kind, ...] = get_args(Kind)
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.stem != "columns" and path.stem not in known:
            raise ValueError(f"{path.name}: there is no such kind of paper")
    return {kind: parsed(kind, _read(FOLDER / f"{kind}.yaml"), columns) for kind in known}


def parsed(
    kind: Kind, declared: Mapping[str, Any], columns: Mapping[str, Mapping[str, ColumnSpec]]
) -> KindSpec:
    """A kind from its declaration; raises ValueError naming file and fault."""
    file = f"{kind}.yaml"
    _only(
        file,
        "entry",
        declared,
        ("form", "columns", "tables", "carries", "blocks", "needs", "code", "pictures", "pays"),
    )
    named: dict[str, Any] = {
        **({LINES: declared["columns"]} if "columns" in declared else {}),
        **declared.get("tables", {}),
    }
    if "deductions" in declared.get("blocks", ()):
        named.setdefault("deductions", list(columns["deductions"]))
    tables: dict[str, tuple[ColumnSpec, ...]] = {}
    for table, names in named.items():
        _only(file, "table", (table,), columns)
        _only(file, f"column of {table}", names, columns[table])
        tables[table] = tuple(columns[table][name] for name in names)
        if sum(column.grows for column in tables[table]) != 1:
            raise ValueError(f"{file}: table {table} needs one column that takes the room left")
    blocks = tuple(declared.get("blocks", ()))
    _only(file, "block", blocks, get_args(Block))
    for table in tables:
        if table not in blocks:
            raise ValueError(f"{file}: table {table} is not among the blocks")
    for block in blocks:
        if block in (LINES, *TABLES) and block not in tables:
            raise ValueError(f"{file}: block {block} has no columns")
    _only(file, "need", declared.get("needs", ()), get_args(Need))
    _only(file, "form", (declared.get("form"),), get_args(Form))
    carries = declared.get("carries", "")
    if carries and carries not in {column.name for column in tables.get(LINES, ())}:
        raise ValueError(f"{file}: it carries {carries!r}, which is no column of its lines")
    return KindSpec(
        kind,
        declared["form"],
        blocks,
        tuple(declared.get("needs", ())),
        tables,
        carries,
        *(_switch(file, declared, name) for name in ("code", "pictures", "pays")),
    )


def read_columns() -> dict[str, dict[str, ColumnSpec]]:
    """Every column there is, table by table; raises ValueError naming the fault."""
    declared = _read(FOLDER / "columns.yaml")
    file = "columns.yaml"
    _only(file, "table", declared, (LINES, *TABLES))
    return {
        table: {name: _column(f"{file}: {table}.{name}", name, how) for name, how in columns.items()}
        for table, columns in declared.items()
    }


def _column(where: str, name: str, how: Mapping[str, Any]) -> ColumnSpec:
    _only(where, "entry", how, ("from", "as", "align", "when", "currency", "close", "most", "wide"))
    _only(where, "way to show", (how.get("as"),), get_args(Show))
    _only(where, "align", (how.get("align", "left"),), ("left", "right"))
    _only(where, "when", (how.get("when", "always"),), get_args(When))
    usual = "right" if how["as"] in _NUMBERS or how["as"] == "text" else "left"
    return ColumnSpec(
        name,
        how.get("from", name),
        how["as"],
        how.get("align", usual),
        how.get("when", "always"),
        _switch(where, how, "currency"),
        _switch(where, how, "close"),
        float(how.get("most", 40)),
        float(how.get("wide", 20)),
    )


def _switch(where: str, declared: Mapping[str, Any], name: str) -> bool:
    value = declared.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"{where}: {name} is yes or no, not {value!r}")
    return value


def _only(where: str, what: str, names: Any, known: Any) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{where}: unknown {what} {name!r}; known: {', '.join(map(str, known))}")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as bad:
        raise ValueError(f"{path.name}: {bad}") from bad
    if not isinstance(found, Mapping):
        raise ValueError(f"{path.name}: it is no mapping")
    return found
