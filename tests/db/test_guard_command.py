"""`werkbank guard` as a command: its login and settings, one pass, the way in from the server's side, and its life."""

import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app import cli
from app.core import paths, schema
from app.core.embedded import Instance
from app.core.file_lock import LockTimeoutError, file_lock
from app.guard.settings import MailServer, Settings, SettingsError, load, save, settings_file
from app.guard.setup import start_embedded
from tests.conftest import Cluster

Raw = psycopg.Connection[Any]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("WERKBANK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("app.core.log.setup_logging", lambda _component: tmp_path)
    return tmp_path / "home"


def test_its_login_is_made_and_kept_for_its_user_alone(
    home: Path, admin_dsn: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call = [
        "db",
        "guard-user",
        "--admin-dsn",
        admin_dsn,
        "--log",
        str(tmp_path),
        "--anchors",
        str(tmp_path / "a"),
    ]
    assert (
        cli.main([*call, "--smtp", "127.0.0.1:25", "--smtp-security", "none", "--sender", "erp@example.org"])
        == 0
    )
    said = capsys.readouterr()
    first = load(settings_file())
    assert first.mail == MailServer("127.0.0.1", 25, "erp@example.org", "none")
    assert first.dsn.split(":")[2].split("@")[0] not in said.out + said.err
    if os.name == "posix":
        assert stat.S_IMODE(settings_file().stat().st_mode) == 0o600
    assert cli.main(["db", "guard-user", "--admin-dsn", admin_dsn]) == 0
    second = load(settings_file())
    assert second.dsn != first.dsn, "a new password"
    assert (second.log, second.mail) == (first.log, first.mail), "the rest stays"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first.dsn)
    psycopg.connect(second.dsn).close()


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--smtp", "nonsense", "--sender", "a@b.de"], "HOST:PORT"),
        (["--smtp", "mail.example.org:25", "--smtp-security", "none", "--sender", "a@b.de"], "TLS"),
        (["--smtp", "127.0.0.1:25", "--smtp-security", "none"], "sender"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    home: Path, admin_dsn: str, capsys: pytest.CaptureFixture[str], extra: list[str], words: str
) -> None:
    assert cli.main(["db", "guard-user", "--admin-dsn", admin_dsn, *extra]) == 1
    assert words in capsys.readouterr().err
    assert not settings_file().exists()


def test_without_settings_it_says_what_to_do(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["guard", "--once"]) == 3
    assert "db guard-user" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_settings_others_may_read_are_not_used(home: Path) -> None:
    save(settings_file(), Settings("postgresql://s_guard:x@127.0.0.1/werkbank"))
    settings_file().chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load(settings_file())


def test_the_environment_takes_precedence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(
        settings_file(),
        Settings("postgresql://a", mail=MailServer("127.0.0.1", 25, "a@b.de", "none", "u", "old")),
    )
    monkeypatch.setenv("WERKBANK_GUARD_DSN", "postgresql://b")
    monkeypatch.setenv("WERKBANK_SMTP_PASSWORD", "new")
    found = load(settings_file())
    assert found.mail is not None
    assert (found.dsn, found.mail.password) == ("postgresql://b", "new")


def test_one_pass_locks_seals_and_keeps_an_anchor_and_the_server_lets_in_again(
    home: Path, admin: Raw, admin_dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    at = admin.execute(
        "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'"
    ).fetchone()
    assert at is not None
    line = {"timestamp": at[0], "user": "u_quality", "remote_host": "10.1.1.1", "state_code": "28P01"}
    (folder / "postgresql.json").write_text((json.dumps(line) + "\n") * 5, "utf-8")
    anchors = tmp_path / "anchors"
    call = ["db", "guard-user", "--admin-dsn", admin_dsn, "--log", str(folder), "--anchors", str(anchors)]
    assert cli.main(call) == 0
    status = "SELECT status FROM sec.app_user WHERE login = 'u_quality'"
    try:
        assert cli.main(["guard", "--once"]) == 0
        assert admin.execute(status).fetchone() == ("locked",)
        assert cli.main(["guard", "--once"]) == 0
    finally:
        assert cli.main(["db", "unlock", "u_quality", "--admin-dsn", admin_dsn]) == 0
    assert admin.execute(status).fetchone() == ("active",)
    blocks = admin.execute("SELECT count(*) FROM audit.block").fetchone()
    assert blocks is not None
    assert blocks[0] >= 1
    (anchor,) = anchors.glob("*.json")
    assert json.loads(anchor.read_text("utf-8"))["number"] >= 1
    capsys.readouterr()
    assert cli.main(["db", "unlock", "u_nobody", "--admin-dsn", admin_dsn]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_guard_of_an_embedded_server_ends_with_it(cluster: Cluster) -> None:
    assert cluster.instance is not None  # skipped where the server is somebody else's
    instance = Instance("guarded").ensure()
    lock = paths.instances() / "guarded.guard.lock"
    pause = threading.Event()
    try:
        schema.init(instance.admin_dsn("postgres"), instance.dbname)
        start_embedded(instance)
        with psycopg.connect(instance.admin_dsn(), autocommit=True) as root:
            for _ in range(600):
                if root.execute("SELECT FROM sec.session WHERE login = 's_guard'").fetchone() is not None:
                    break
                pause.wait(0.1)
            else:
                raise AssertionError("no guard came")
        with pytest.raises(LockTimeoutError), file_lock(lock, seconds=0):
            pass
        start_embedded(instance)  # a second one goes home at once
        instance.stop()
        with file_lock(lock, seconds=60):
            pass
    finally:
        instance.remove()
