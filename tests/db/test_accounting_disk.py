"""What is left of an export for the tax adviser when the disk is full or the folder is none."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli import main
from app.core.db import Database
from app.services.accounting import tables
from tests.books_world import As, invoiced
from tests.db.test_accounting import finance, world
from tests.sales_world import Raw, World

__all__ = ["finance", "world"]


def test_a_full_disk_leaves_no_half_file_and_is_told(
    as_role: As,
    admin: Raw,
    world: World,
    finance: Database,
    role_dsn: Callable[[str], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A batch that was cut off is read by the adviser's program all the same."""
    with pytest.raises(OSError, match="nowhere"):
        tables.write_files(tmp_path, [("EXTF_a.csv", b"whole"), ("nowhere/EXTF_b.csv", b"cut")])
    assert list(tmp_path.iterdir()) == []
    invoiced(as_role, admin, world, world.order([world.line(world.bike, 1)]), 1)
    export = ["datev", "export", "--month", f"{world.today:%Y-%m}", "--dsn", role_dsn("finance"), "--to"]
    (tmp_path / "file").touch()
    count = "SELECT count(*) FROM accounting.export"
    before = admin.execute(count).fetchone()
    assert main([*export, str(tmp_path / "file")]) == 1
    assert admin.execute(count).fetchone() == before, "nothing is handed over to a folder that is none"

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tables, "write_files", full)
    capsys.readouterr()
    assert main([*export, str(tmp_path)]) == 1
    assert "is handed over, but not all of its files" in capsys.readouterr().err
