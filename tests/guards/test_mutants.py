"""A handful of protections taken away at random: the proofs notice each. `werkbank db mutants` tries them all."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg

from tests.proof import mutants
from tests.proof.battery import Desk, badge
from tests.proof.logins import furnish


def test_what_is_taken_away_is_noticed(
    new_database: Callable[..., AbstractContextManager[str]], demo_template: str
) -> None:
    with new_database(demo_template) as address:
        with psycopg.connect(address, autocommit=True) as admin:
            badge(admin)
        with Desk(furnish(address)) as desk:
            tally = mutants.run(desk, 10)
    assert [f"{mutant.kind} {mutant.name}" for mutant in tally.survived] == []
    assert sum(tally.killed.values()) == 10
