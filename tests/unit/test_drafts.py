"""The draft journal: what was put is there after a kill, values come back as what they were."""

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.drafts import DraftJournal, pack, unpack

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0)),
)
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=2), inner, max_size=3),
)


@given(NESTED)
def test_every_value_comes_back_as_what_it_was(value: object) -> None:
    again = unpack(pack(value))
    assert again == value
    assert repr(again) == repr(value)


def test_packing_twice_is_packing_once() -> None:
    value = {"qty": Decimal("1.20"), "day": date(2026, 11, 20), "lines": [{"price": Decimal(8)}]}
    assert unpack(pack(pack(value))) == value


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process the POSIX way")
def test_a_draft_survives_the_death_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "drafts.sqlite"
    program = (
        "import os, signal, sys; from decimal import Decimal; from pathlib import Path\n"
        "from app.core.drafts import DraftJournal\n"
        "DraftJournal(Path(sys.argv[1])).put('sales.quote:7', {'qty': Decimal('48.5')})\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=False, cwd=Path.cwd(), env=os.environ
    )
    assert ended.returncode == -signal.SIGKILL
    journal = DraftJournal(path)
    (draft,) = journal.all()
    journal.close()
    assert (draft.key, draft.payload) == ("sales.quote:7", {"qty": Decimal("48.5")})
    assert abs((datetime.now(UTC) - draft.saved_at).total_seconds()) < 3600


def test_the_last_text_counts_and_a_dropped_draft_is_gone(tmp_path: Path) -> None:
    journal = DraftJournal(tmp_path / "drafts.sqlite")
    journal.put("a", {"n": 1})
    journal.put("b", {"n": 2})
    journal.put("a", {"n": 3})
    assert [(draft.key, draft.payload) for draft in journal.all()] == [("b", {"n": 2}), ("a", {"n": 3})]
    journal.drop("b")
    journal.drop("never there")
    assert [draft.key for draft in journal.all()] == ["a"]
    journal.close()


def test_a_file_that_is_no_journal_is_put_aside_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "drafts.sqlite"
    path.write_bytes(b"this is no database, and long enough not to be taken for an empty one" * 20)
    journal = DraftJournal(path)
    journal.put("a", {"n": 1})
    assert [draft.key for draft in journal.all()] == ["a"]
    journal.close()
    aside = [file for file in tmp_path.iterdir() if ".broken-" in file.name]
    assert len(aside) == 1
    assert aside[0].read_bytes().startswith(b"this is no database")
