"""How far a run of the old system's sync is said to be."""

from datetime import UTC, datetime, timedelta

from app.services.legacy.commands import RequestRun
from app.services.legacy.state import Part, Run, progress

BEGAN = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = BEGAN + timedelta(seconds=10)


def part(entity: str, read: int, *, total: int | None = None, done: bool = False) -> Part:
    finished = NOW if done else None
    state = "done" if done else "running"
    return Part(1, entity, {}, 0, state, total, read, 0, 0, read, 0, 0, 0, 0, BEGAN, finished, None)


def run(*parts: Part, entities: tuple[str, ...] = ()) -> Run:
    return Run(1, "full", "running", entities, {}, "u", BEGAN, BEGAN, None, "", False, None, parts)


def test_rows_of_what_is_done_under_way_and_still_to_come() -> None:
    found = progress(
        run(part("a", 90, done=True), part("b", 10, total=100)), {"a": 80, "b": 100, "c": 210}, NOW
    )
    assert (found.done, found.total) == (100, 400)  # what is done counts as it was, not as it was expected
    assert found.share == 0.25
    assert found.rate == 10
    assert found.left == timedelta(seconds=30)


def test_only_the_chosen_entities_count() -> None:
    found = progress(run(part("a", 50, total=100), entities=("a",)), {"a": 100, "b": 900}, NOW)
    assert (found.total, found.share) == (100, 0.5)


def test_before_anybody_has_counted_entities_count_instead_of_rows() -> None:
    found = progress(
        run(part("a", 50, done=True), part("b", 7)), {"a": None, "b": None, "c": None, "d": None}, NOW
    )
    assert found.total is None
    assert found.left is None
    assert (found.done, found.share) == (57, 0.25)


def test_a_source_that_has_grown_is_never_more_than_done() -> None:
    found = progress(run(part("a", 150, total=100)), {"a": 100}, NOW)
    assert (found.share, found.left) == (1.0, None)


def test_options_hold_only_what_was_given() -> None:
    assert RequestRun("full").options == {}
    assert RequestRun("full", limit=5, dry_run=True).options == {"limit": 5, "dry_run": True}
