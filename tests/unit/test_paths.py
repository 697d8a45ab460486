"""The one folder per user."""

import sys
from pathlib import Path

import pytest

from app.core import paths


def test_the_environment_moves_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WERKBANK_HOME", str(tmp_path / "elsewhere"))
    assert paths.home() == tmp_path / "elsewhere"
    assert all(entry.parent == paths.home() for entry in paths.entries())


def test_a_relative_folder_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WERKBANK_HOME", "mine")
    assert paths.home() == tmp_path / "mine"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the platform's own default")
def test_the_default_follows_the_base_directory_specification(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("WERKBANK_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert paths.home() == tmp_path / ".local" / "share" / "werkbank"
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert paths.home() == tmp_path / ".local" / "share" / "werkbank"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert paths.home() == tmp_path / "data" / "werkbank"


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_nobody_else_can_list_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WERKBANK_HOME", str(tmp_path / "home"))
    assert paths.ensure_home().stat().st_mode & 0o066 == 0
    assert paths.ensure_private(paths.drafts()).stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_an_existing_folder_keeps_its_mode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    monkeypatch.setenv("WERKBANK_HOME", str(tmp_path / "home"))
    assert paths.ensure_home().stat().st_mode & 0o777 == 0o700
