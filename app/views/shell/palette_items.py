"""What the command palette can find without asking the server: actions, screens, settings, recent records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.core.i18n import t
from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.why import explain
from app.views.core.workspace import RAILS, RecordType, Search, Workspace

RECENT = "shell.recent"
RECENT_KEPT = 40
RECORDS, ACTIONS, SCREENS, SETTINGS, RECENTS = "records", "actions", "screens", "settings", "recents"
WITHHELD = "withheld"
GROUPS = (RECENTS, RECORDS, ACTIONS, SCREENS, SETTINGS, WITHHELD)


@dataclass(frozen=True)
class Item:
    """One result.  ``run(new_tab)`` does it; ``chip`` is (kind, words); ``shortcut`` a key sequence to show."""

    group: str
    key: str
    icon: str
    title: str
    subtitle: str
    run: Callable[[bool], object]
    chip: tuple[str, str] | None = None
    shortcut: str = ""


def matches(text: str, *words: str) -> int:
    """How well words fit a text: 0 not at all, higher is better.  Every typed word must occur."""
    haystack = " ".join(words).casefold()
    typed = text.casefold().split()
    if not all(word in haystack for word in typed):
        return 0
    first = words[0].casefold()
    if not typed:
        return 1
    if first.startswith(typed[0]):
        return 3
    return 2 if any(part.startswith(typed[0]) for part in first.split()) else 1


def commands(ctx: AppContext, settings: Sequence[Item]) -> list[Item]:
    """Actions, new records, screens and settings this person can use."""
    registry = ctx.registry
    rails = {rail.key: t(rail.title) for rail in RAILS}
    items = [
        Item(
            ACTIONS,
            f"action.{action.key}",
            action.icon,
            _plain(t(action.title)),
            rails.get(action.rail, ""),
            _run(partial(action.run, ctx)),
            shortcut=action.shortcut,
        )
        for action in registry.actions.values()
    ]
    items += [
        Item(
            ACTIONS,
            f"new.{record.topic}",
            "plus",
            t("shell.new_record", what=t(record.title)),
            "",
            _run(partial(ctx.navigate.new_record, record.topic)),
        )
        for record in registry.records.values()
        if record.title and record.create_right and registry.may(record.create_right)
    ]
    items += [
        Item(
            SCREENS,
            f"screen.{workspace.key}",
            workspace.icon,
            _plain(t(workspace.title)),
            rails.get(workspace.rail, ""),
            _run(partial(ctx.navigate.open_workspace, workspace.key)),
        )
        for workspace in registry.workspaces.values()
    ]
    return items + list(settings)


def withheld(ctx: AppContext) -> list[Item]:
    """Actions, new records and screens this person lacks the right for; choosing one says why."""
    rails = {rail.key: t(rail.title) for rail in RAILS}
    items = {}
    for thing in ctx.registry.withheld:
        words, right = _named(thing)
        if words:
            rail = "" if isinstance(thing, RecordType) else thing.rail
            run = _run(partial(explain, ctx, right, words))
            items[words] = Item(WITHHELD, f"why.{right}.{words}", "lock", words, rails.get(rail, ""), run)
    return list(items.values())


def _named(thing: Workspace | RecordType | Action) -> tuple[str, str]:
    """What it is called, and the right it takes."""
    if isinstance(thing, RecordType):
        return (t("shell.new_record", what=t(thing.title)) if thing.title else ""), thing.create_right
    return _plain(t(thing.title)), thing.right


def found_records(ctx: AppContext, search: Search, rows: Sequence[Any]) -> list[Item]:
    """Rows of a search as results."""
    items = []
    for row in rows:
        chip = row[3] if len(row) > 3 else None
        items.append(
            Item(
                RECORDS,
                f"record.{search.topic}.{row[0]}",
                search.icon,
                str(row[1]),
                str(row[2] or ""),
                _open(ctx, search.topic, row[0]),
                chip=(chip[0], t(chip[1])) if chip else None,
            )
        )
    return items


def recent_records(ctx: AppContext) -> list[Item]:
    """The records opened last, the latest first."""
    items = []
    for entry in ctx.settings.get(RECENT, []):
        record = ctx.registry.records.get(entry["topic"])
        if record is None:
            continue
        items.append(
            Item(
                RECENTS,
                f"record.{entry['topic']}.{entry['id']}",
                record.icon,
                entry["title"],
                t(record.title) if record.title else "",
                _open(ctx, entry["topic"], entry["id"]),
            )
        )
    return items


def link_item(ctx: AppContext, target: tuple[str, int]) -> Item:
    """A deep link that was pasted into the box."""
    topic, record_id = target
    words = f"{topic} {record_id}"
    return Item(RECORDS, "link", "link", t("shell.palette.link"), words, _open(ctx, topic, record_id))


def remember_recent(ctx: AppContext, topic: str, record_id: int, title: str) -> None:
    """Note that a record was opened."""
    entry = {"topic": topic, "id": record_id, "title": title}
    kept = [
        item for item in ctx.settings.get(RECENT, []) if (item["topic"], item["id"]) != (topic, record_id)
    ]
    ctx.settings.set(RECENT, [entry, *kept][:RECENT_KEPT])


def _plain(text: str) -> str:
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def _run(what: Callable[[], object]) -> Callable[[bool], object]:
    """A result that opens no record: a new tab means nothing to it."""

    def run(_new_tab: bool) -> object:
        return what()

    return run


def _open(ctx: AppContext, topic: str, record_id: int) -> Callable[[bool], object]:
    def run(new_tab: bool) -> object:
        ctx.navigate.open_record(topic, record_id, new_tab=new_tab)
        return None

    return run
