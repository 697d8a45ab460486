"""A handful of protections taken away at random: the proofs notice each. `werkbank db mutants` tries them all."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import psycopg
import pytest

from tests.proof import mutants
from tests.proof.battery import Desk, badge
from tests.proof.logins import furnish


@pytest.fixture(scope="module")
def desk(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[Desk]:
    with new_database(demo_template) as address:
        with psycopg.connect(address, autocommit=True) as admin:
            badge(admin)
        with Desk(furnish(address)) as found:
            yield found


def test_what_is_taken_away_is_noticed(desk: Desk) -> None:
    seed = mutants.new_seed()
    tally = mutants.run(desk, 10, seed)
    again = f"again: ./werkbank db mutants --sample 10 --seed {seed}"
    assert [f"{mutant.kind} {mutant.name}" for mutant in tally.survived] == [], again
    assert sum(tally.killed.values()) == 10


def test_a_proof_that_complains_anyway_has_noticed_nothing(desk: Desk) -> None:
    def complaint() -> Iterator[str]:
        yield "the sky is falling"

    mutant = mutants.Mutant("check", "none", "SELECT 1", "SELECT 1", (partial(complaint),))
    assert mutants.Trial(desk).survives(mutant) == ": said without it, too: the sky is falling"
