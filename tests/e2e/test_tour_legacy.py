"""The tour's chapter about the old system: from the server to a change there that appears in an open list here."""

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from app.core.embedded import Instance
from app.tour.driver import is_blank
from app.tour.steps import CHAPTERS
from tests.e2e.test_tour import record, tour

pytestmark = pytest.mark.timeout(400)  # it reads a whole small house; only a tour that hangs is ended


def test_the_old_system_comes_over(repository: Path, tmp_path: Path, company: Instance) -> None:
    done = tour(repository, tmp_path, "--instance", company.name, "--chapter", "legacy")
    assert done.returncode == 0, done.stdout + done.stderr
    found = record(tmp_path)
    assert found["ok"], found["failed"]
    assert [step["key"] for step in found["steps"]] == [step.key for step in CHAPTERS["legacy"]]
    pictures = [name for step in found["steps"] for name in step["pictures"]]
    assert len(pictures) == len(list(tmp_path.glob("*.png")))
    assert not [name for name in pictures if is_blank(QImage(str(tmp_path / name)))]
    facts = {step["key"]: step["facts"] for step in found["steps"]}
    documents = facts["legacy_full"]["Belege"]
    assert documents["here"] + documents["quarantine"] == documents["there"] == 2000
    assert facts["legacy_compare"]["differences_in_counts"] == 0
