"""Compares the old system with Werkbank: which records there are, sums, and samples field by field; by whoever leads.

Keys and sums are taken from the raw columns of the source, so that a mistake of the mapping shows as well. Samples go
through the mapping and are compared with the rows they became; what was changed in Werkbank on purpose is counted,
not held against it. A record that is in quarantine or was left out is accounted for.
"""

import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.core.db import Database
from app.core.errors import Cancelled, Refused, Unavailable
from app.services.legacy import calls, mapping
from app.services.legacy.lookups import Lookups
from app.services.legacy.mapping import Block, Entity, LegacyMapping
from app.services.legacy.pages import Source
from app.services.legacy.records import Plan
from app.services.legacy.service import Progress, Services

SAMPLES = 50
SHOWN = 20
"""Records named one by one; more are told by their number."""

# What a row gets although the old system says nothing: terms of a new customer (partners.tg_new_customer_terms).
_FILLED: Final = frozenset({("customer", "price_list_id"), ("customer", "payment_term_id")})
_ACCOUNTED: Final = frozenset({"applied", "linked", "quarantined", "ignored"})
_PAGE = 5000
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Sums:
    """What is summed up: (name, raw column) to group by, target name -> raw column of the amounts."""

    group: tuple[tuple[str, str], ...]
    amounts: Mapping[str, str]


SUMS: Final[Mapping[str, Sums]] = {
    "document": Sums(
        (("kind", "Papierart"), ("year", "Datum")), {"net": "Netto", "tax": "MWST_EUR", "gross": "Endbetrag"}
    ),
    "document_line": Sums((("kind", "Art"),), {"qty": "Menge", "amount": "Pos_Betrag"}),
    "stock": Sums((), {"qty": "Bestand", "reserved_qty": "Reserved"}),
    "work_order": Sums((("state", "Status"),), {"qty": "Stückzahl"}),
}
# Said here once more, on purpose: the mapping is what is to be checked.
_LETTERS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("document", "kind"): {"R": "invoice", "A": "quote", "L": "delivery", "G": "credit_note", "B": "order"},
    ("document_line", "kind"): {"L": "product", "S": "service", "T": "text", "D": "discount"},
    ("work_order", "state"): {
        "V": "completed",
        "E": "started",
        "S": "scheduled",
        "D": "draft",
        "C": "cancelled",
    },
}


@dataclass(slots=True)
class Line:
    """One thing compared; ``ok`` when both sides agree or the difference is meant."""

    entity: str
    kind: str
    subject: str
    legacy_value: str | None = None
    werkbank_value: str | None = None
    difference: Decimal | None = None
    source_key: str | None = None
    ok: bool = True

    def as_json(self) -> dict[str, Any]:
        """For `api.legacy_reconciliation_store`."""
        return {
            "entity": self.entity,
            "kind": self.kind,
            "subject": self.subject,
            "legacy_value": self.legacy_value,
            "werkbank_value": self.werkbank_value,
            "difference": None if self.difference is None else str(self.difference),
            "source_key": self.source_key,
            "ok": self.ok,
        }


class _StoppedError(Exception):
    """Somebody asked for the run to be stopped."""


@dataclass
class _Pass:
    """One run of the comparison."""

    db: Database
    services: Services
    found: LegacyMapping
    run_id: int
    samples: int
    lookups: Lookups
    tell: Callable[[str, int, int | None, int], None]
    lines: dict[str, list[Line]] = field(default_factory=dict)


def run_reconcile(
    db: Database,
    run: Mapping[str, Any],
    services: Services,
    *,
    stop: threading.Event,
    progress: Callable[[Progress], None],
    found: LegacyMapping | None = None,
) -> tuple[str, dict[str, Any] | None]:
    """Compare what the run names and keep the result per module; the state for the run's end and its error.

    Options: ``modules`` (all without it), ``samples`` per entity. Raises Cancelled and Unavailable like every run.
    """
    known = found if found is not None else mapping.standard()
    options = run["options"]
    modules = options.get("modules") or mapping.MODULES
    chosen = [e for e in known.chosen(run["entities"] or None) if e.module in modules]

    def tell(entity: str, done: int, total: int | None, place: int) -> None:
        services.check()
        progress(
            Progress(
                run_id=int(run["id"]),
                mode="reconcile",
                entity=entity,
                done=done,
                total=total,
                entity_index=place,
                entity_count=len(chosen),
            )
        )

    work = _Pass(
        db, services, known, int(run["id"]), int(options.get("samples") or SAMPLES), Lookups(db), tell
    )
    differences = 0
    try:
        for place, entity in enumerate(chosen, 1):
            if stop.is_set():
                raise Cancelled("cancelled")
            _entity(work, entity, place)
            last = place == len(chosen) or chosen[place].module != entity.module
            if last and not any(later.module == entity.module for later in chosen[place:]):
                differences += _store(work, entity.module)
    except _StoppedError:
        return "cancelled", None
    return ("warnings" if differences else "done"), None


def _store(work: _Pass, module: str) -> int:
    lines = work.lines.get(module, [])
    if not lines:
        return 0
    answer = calls.call(
        work.db,
        "legacy_reconciliation_store",
        p_token=work.services.token,
        p_run_id=work.run_id,
        p_module=module,
        p_lines=[line.as_json() for line in lines],
    )
    return int(answer["differences"])


def _entity(work: _Pass, entity: Entity, place: int) -> None:
    """One entity, whose own trouble is a line of the report and does not end the comparison."""
    lines = work.lines.setdefault(entity.module, [])
    begun = calls.call(
        work.db,
        "legacy_run_entity_begin",
        p_token=work.services.token,
        p_run_id=work.run_id,
        p_entity=entity.code,
    )
    state = "done"
    try:
        made = compare(work, entity, place)
        lines += made
        state = "done" if all(line.ok for line in made) else "warnings"
    except (Cancelled, Unavailable):
        raise
    except Refused as error:
        if error.key == "legacy_lease_lost":
            raise
        lines.append(Line(entity.code, "count", "failed", werkbank_value=error.key, ok=False))
        state = "failed"
    if begun["state"] == "running":
        calls.call(
            work.db,
            "legacy_run_entity_end",
            p_token=work.services.token,
            p_run_entity_id=int(begun["run_entity_id"]),
            p_state=state,
        )


def compare(work: _Pass, entity: Entity, place: int) -> list[Line]:
    """Every comparison of one entity."""
    counted = _count(work, entity.code)
    if counted["cancel"]:
        raise _StoppedError
    known = work.db.read(calls.known_keys, entity.code)
    server = work.services.four_d() if entity.source.table else None
    source = Source(entity, server)
    plan = Plan(entity, work.lookups)
    keys, sums, kept = _read(work, entity, source, plan, known, place)
    lines = _counts(entity, keys, known, counted)
    lines += _sums(work, entity, sums)
    lines += _samples(
        work, entity, source, plan, sorted(keys & {k for k, s in known.items() if s == "applied"}), kept
    )
    return lines


def _count(work: _Pass, code: str) -> dict[str, Any]:
    found: dict[str, Any] = calls.call(
        work.db, "legacy_reconcile_count", p_token=work.services.token, p_run_id=work.run_id, p_entity=code
    )
    return found


# -- reading the source ----------------------------------------------------------------------------------------------

Groups = dict[tuple[str, ...], dict[str, Decimal]]


def _read(
    work: _Pass, entity: Entity, source: Source, plan: Plan, known: Mapping[str, str], place: int
) -> tuple[set[str], Groups, dict[str, dict[str, Any]]]:
    """All keys, the sums of what was taken over, and the records themselves where they cannot be asked for by key."""
    keys: set[str] = set()
    groups: Groups = {}
    kept: dict[str, dict[str, Any]] = {}
    wanted = SUMS.get(entity.code)
    for rows, total in _pages(work, entity, source, wanted):
        for row in rows:
            key = plan.key(row)
            if key is None or key in keys:
                continue
            keys.add(key)
            if wanted is not None and known.get(key) == "applied":
                _add(groups, entity.code, wanted, row)
            if not source.can_resume:
                kept[key] = row
        work.tell(entity.code, len(keys), total, place)
    return keys, groups, kept


def _pages(
    work: _Pass, entity: Entity, source: Source, wanted: Sums | None
) -> Iterator[tuple[Sequence[dict[str, Any]], int | None]]:
    if not source.can_resume:
        for page in source.pages():
            yield page.rows, page.total
        return
    from app.services.legacy.filters import Where

    where = Where.from_json(entity.source.where) if entity.source.where is not None else None
    columns = list(entity.source.key)
    if wanted is not None:
        columns += [column for _, column in wanted.group] + list(wanted.amounts.values())
    server = work.services.four_d()
    for read in server.pages(
        entity.source.table, where=where, attributes=tuple(dict.fromkeys(columns)), top=_PAGE
    ):
        yield read.rows, read.total


def _add(groups: Groups, code: str, wanted: Sums, row: Mapping[str, Any]) -> None:
    group = tuple(_group(code, name, row.get(column)) for name, column in wanted.group)
    sums = groups.setdefault(group, dict.fromkeys(("rows", *wanted.amounts), Decimal(0)))
    sums["rows"] += 1
    for name, column in wanted.amounts.items():
        value = row.get(column)
        if value is not None:
            sums[name] += Decimal(str(value))


def _group(code: str, name: str, value: Any) -> str:
    letters = _LETTERS.get((code, name))
    if letters is not None:
        return letters.get(str(value).strip(), str(value))
    return str(getattr(value, "year", value))


# -- counts and sums -------------------------------------------------------------------------------------------------


def _counts(
    entity: Entity, keys: set[str], known: Mapping[str, str], counted: Mapping[str, Any]
) -> list[Line]:
    accounted = {key for key, state in known.items() if state in _ACCOUNTED}
    missing = sorted(keys - accounted)
    surplus = sorted(
        key for key, state in known.items() if state in ("applied", "linked") and key not in keys
    )
    lines = [_numbers(entity.code, "count", "records", len(keys), len(keys & accounted) + len(surplus))]
    lines[0].ok = not missing and not surplus
    states = counted["states"]
    applied = int(states.get("applied", 0))
    lines.append(_numbers(entity.code, "count", "rows", applied, int(counted["present"])))
    lines += [
        Line(entity.code, "count", state, werkbank_value=str(states[state]))
        for state in ("quarantined", "ignored", "linked", "placeholder", "gone")
        if states.get(state)
    ]
    lines += [Line(entity.code, "sample", "missing", key, None, None, key, False) for key in missing[:SHOWN]]
    lines += [Line(entity.code, "sample", "surplus", None, key, None, key, False) for key in surplus[:SHOWN]]
    return lines


def _sums(work: _Pass, entity: Entity, groups: Groups) -> list[Line]:
    if entity.code not in SUMS:
        return []
    answer = calls.call(work.db, "legacy_reconcile_sums", p_token=work.services.token, p_entity=entity.code)
    ours = {
        tuple("None" if part is None else str(part) for part in one["group"]): {
            "rows": Decimal(one["rows"]),
            **{name: Decimal(str(value)) for name, value in one["sums"].items()},
        }
        for one in answer
    }
    names = ("rows", *SUMS[entity.code].amounts)
    nothing = dict.fromkeys(names, Decimal(0))
    return [
        _numbers(
            entity.code,
            "sum",
            " · ".join((*group, name)),
            groups.get(group, nothing)[name],
            ours.get(group, nothing)[name],
        )
        for group in sorted(groups.keys() | ours.keys())
        for name in names
    ]


def _numbers(code: str, kind: str, subject: str, legacy: Decimal | int, werkbank: Decimal | int) -> Line:
    difference = Decimal(werkbank) - Decimal(legacy)
    return Line(code, kind, subject, _plain(legacy), _plain(werkbank), difference, None, difference == 0)


def _plain(number: Decimal | int) -> str:
    return format(Decimal(number).normalize(), "f")


# -- samples ---------------------------------------------------------------------------------------------------------


def _samples(
    work: _Pass,
    entity: Entity,
    source: Source,
    plan: Plan,
    applied: Sequence[str],
    kept: Mapping[str, dict[str, Any]],
) -> list[Line]:
    """Some records, field by field: a line per field with how often it agrees, and one per difference."""
    # The same records however often a run is gone on with.
    chosen = random.Random(f"{work.run_id} {entity.code}").sample(applied, min(work.samples, len(applied)))  # noqa: S311
    if not chosen:
        return []
    rows = [kept[key] for key in chosen if key in kept]
    if not kept:
        for portion in source.by_keys(chosen):
            rows += portion
    sent: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        key = plan.key(row)
        if key is not None:
            for code, parts in plan.make(row, key, "").rows.items():
                sent.setdefault(code, []).extend(parts)
    lines: list[Line] = []
    for block in entity.blocks:
        if block.code in sent:
            lines += _fields(work, block, sent[block.code])
    return lines


def _fields(work: _Pass, block: Block, parts: Sequence[Mapping[str, Any]]) -> list[Line]:
    code = block.code
    there: dict[str, Any] = {}
    keys = [str(part["k"]) for part in parts]
    for start in range(0, len(keys), _AT_ONCE):
        answer = calls.call(
            work.db,
            "legacy_reconcile_rows",
            p_token=work.services.token,
            p_entity=code,
            p_keys=tuple(keys[start : start + _AT_ONCE]),
        )
        there |= {one["k"]: one for one in answer}
    targets = _targets(work, parts)
    compared: dict[str, int] = {}
    different: dict[str, int] = {}
    protected: dict[str, int] = {}
    lines: list[Line] = []
    for part in parts:
        found = there.get(str(part["k"]))
        if found is None or found["state"] in ("linked", "quarantined", "ignored"):
            continue  # a duplicate, or a part that did not come over: accounted for by its state
        if found["row"] is None:
            lines.append(Line(code, "sample", "row", str(part["k"]), None, None, str(part["k"]), False))
            continue
        given = dict(part["v"]) | {
            name: targets.get((ref[0], ref[1])) for name, ref in part.get("r", {}).items()
        }
        for name, value in given.items():
            compared[name] = compared.get(name, 0) + 1
            actual = found["row"].get(name)
            if same(value, actual) or (value is None and (code, name) in _FILLED):
                continue
            if _meant(name, value, found, block.rules):
                protected[name] = protected.get(name, 0) + 1
                continue
            different[name] = different.get(name, 0) + 1
            if different[name] <= SHOWN:
                key = str(part["k"])
                lines.append(Line(code, "sample", name, _text(value), _text(actual), None, key, False))
    summary = []
    for name, number in compared.items():
        wrong = different.get(name, 0)
        summary.append(
            Line(code, "field", name, str(number), str(number - wrong), Decimal(-wrong), None, wrong == 0)
        )
        if name in protected:
            summary.append(Line(code, "field", f"{name} · protected", None, str(protected[name])))
    return summary + lines


def _meant(name: str, value: Any, found: Mapping[str, Any], rules: Mapping[str, str]) -> bool:
    """Whether somebody changed it in Werkbank and it stays: as the sync would decide now, not only as it last did."""
    if name in (found["protected"] or ()):
        return True
    given = found["given"] or {}
    if name not in given or found["mode"] == "legacy":
        return False
    rule = "werkbank" if found["mode"] == "werkbank" else rules.get(name, rules.get("*", "legacy"))
    # Where the newer one counts, the old system has said nothing since.
    return rule == "werkbank" or (rule == "newest" and same(value, given[name]))


def _targets(work: _Pass, parts: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], int | None]:
    refs = list(dict.fromkeys((ref[0], ref[1]) for part in parts for ref in part.get("r", {}).values()))
    found: dict[tuple[str, str], int | None] = {}
    for start in range(0, len(refs), _AT_ONCE):
        asked = refs[start : start + _AT_ONCE]
        answer = calls.call(
            work.db,
            "legacy_reconcile_targets",
            p_token=work.services.token,
            p_refs=[list(ref) for ref in asked],
        )
        found |= dict(zip(asked, answer, strict=True))
    return found


def same(given: Any, actual: Any) -> bool:
    """Whether a value of the mapping is what the row holds: numbers by value, nothing and empty alike."""
    if given in (None, "") and actual in (None, ""):
        return True
    if isinstance(actual, bool) or isinstance(given, bool):
        return str(given).lower() == str(actual).lower()
    if isinstance(actual, (int, Decimal)):
        try:
            return Decimal(str(given)) == Decimal(actual)
        except InvalidOperation:
            return False
    if isinstance(actual, (dict, list)):
        return bool(given == actual)
    return _text(given) == _text(actual)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
