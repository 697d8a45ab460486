"""The command line: answers, exit codes and error lines."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app import cli
from app.commands import program
from app.core import paths


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WERKBANK_HOME", str(tmp_path / "home"))


def test_help_needs_none_of_the_installed_packages() -> None:
    code = "import sys; sys.argv = ['werkbank', '--help']; from app.cli import main; main(sys.argv[1:])"
    tried = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(paths.REPOSITORY)!r}); {code}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr
    for command in ("run", "demo", "tour", "test", "db", "import", "bench", "clean", "version"):
        assert f"\n    {command} " in tried.stdout


def test_status_of_a_server_that_was_never_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["db", "status", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["running"] is False
    assert facts["port"] is None
    assert facts["logins"] == []
    assert cli.main(["db", "stop"]) == 0
    assert "was not running" in capsys.readouterr().out
    assert not paths.home().exists(), "asking leaves nothing behind"


@pytest.mark.parametrize("name", ["", "../x", "Main", "a" * 40, "a b", "1a", "a/b"])
def test_an_instance_name_never_leaves_the_folder(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["db", "status", "--instance", name]) == 2
    assert "is no name for an instance" in capsys.readouterr().err
    assert not paths.home().exists()


def test_a_database_command_without_a_database_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["db", "check"]) == 3
    assert "werkbank db start" in capsys.readouterr().err


def test_a_server_that_does_not_answer_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    # Port 1 of loopback: nobody listens there.
    dsn = "postgresql://postgres:hush@127.0.0.1:1/postgres"
    assert cli.main(["db", "init", "--admin-dsn", dsn]) == 3
    said = capsys.readouterr().err
    assert said.startswith("werkbank: ")
    assert said.count("\n") == 1
    assert "hush" not in said


def test_what_was_called_wrongly_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["db", "upgrade", "--admin-dsn", "garbage"]) == 2
    source = ["import", "adventureworks", "--from", str(tmp_path)]
    assert cli.main([*source, "--report", "report.doc"]) == 2
    assert cli.main([*source, "--instance", "mistyped"]) == 3
    assert "there is no embedded server 'mistyped'" in capsys.readouterr().err
    assert not paths.home().exists()


def test_a_missing_folder_is_named_before_a_server_is_started(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["import", "adventureworks", "--from", str(tmp_path / "nothing")]) == 3
    assert str(tmp_path / "nothing") in capsys.readouterr().err
    assert not paths.home().exists()


def test_a_bug_goes_to_the_log_with_its_trace_and_to_the_person_as_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_: list[str]) -> int:
        raise ZeroDivisionError("for a test")

    monkeypatch.setitem(cli.PASSED_ON, "tour", broken)
    logged: list[str] = []
    monkeypatch.setattr("app.core.log.setup_logging", logged.append)
    assert cli.main(["tour"]) == 1
    said = capsys.readouterr().err
    assert "unexpected error: ZeroDivisionError: for a test" in said
    assert str(paths.logs()) in said
    assert logged == ["cli"]
    assert "Traceback" in caplog.text
    caplog.clear()


def test_clean_asks_and_leaves_alone_what_is_not_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths.ensure_private(paths.drafts()).joinpath("draft.json").write_text("{}", "utf-8")
    stranger = paths.home() / "thesis.txt"
    stranger.write_text("years of work", "utf-8")
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert cli.main(["clean"]) == 1
    assert paths.drafts().exists()
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert cli.main(["clean"]) == 0
    assert [entry.name for entry in paths.home().iterdir()] == ["thesis.txt"]
    capsys.readouterr()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 and Wayland")
@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}, "QT_QPA_PLATFORM is offscreen"),
        ({"QT_QPA_PLATFORM": "minimal:enable_fonts"}, "QT_QPA_PLATFORM is minimal"),
    ],
)
def test_without_a_display_the_demo_says_why(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], reason: str
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert program.display_trouble() == reason


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11")
def test_a_display_that_cannot_be_reached_is_noticed_without_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setenv("DISPLAY", ":4711")
    assert program.display_trouble() != ""


@pytest.mark.parametrize(
    "given", ["nonsense", "postgresql://u_x:geheim@host", "http://host/base", "postgresql://h:x/y"]
)
def test_an_address_that_is_none_is_named_by_where_it_came_from_and_never_repeated(
    given: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WERKBANK_SYNC_DSN", given)
    assert cli.main(["sync"]) == 2
    said = capsys.readouterr().err
    assert "WERKBANK_SYNC_DSN is no address" in said
    assert given not in said
    assert cli.main(["sync", "--dsn", given]) == 2
    assert "--dsn is no address" in capsys.readouterr().err


def test_a_name_that_is_none_for_a_copy_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["db", "sanitise", "--to", "Bad Name!"]) == 2
    assert "small letters" in capsys.readouterr().err
