"""`werkbank einvoice`: files and folders checked without a window."""

import json
from pathlib import Path

import pytest

from app.cli import main
from app.services.einvoice.model import Profile
from app.services.einvoice.write import to_xml
from tests.unit.einvoice_sample import invoice


def test_files_and_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = tmp_path / "a.xml"
    right.write_bytes(to_xml(invoice(), Profile.XRECHNUNG_UBL))
    assert main(["einvoice", str(right)]) == 0
    assert "valid; RE-2026-00042 of Zinngießerei Lindner GmbH, 41.47 EUR" in capsys.readouterr().out
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7 no")
    assert main(["einvoice", "--json", "--language", "de", str(tmp_path)]) == 1
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["ok"], first["payable"]) == (True, "41.47")
    assert second["findings"][0]["words"].startswith("Die Datei gibt sich als PDF aus")


def test_a_file_that_is_not_there_is_said_without_an_empty_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["einvoice", str(tmp_path / "gone.xml")]) == 1
    told = capsys.readouterr().out
    assert "cannot be opened" in told
    assert "[]" not in told
    assert "no e-invoice" not in told
