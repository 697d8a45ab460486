"""The launcher: what it makes, repairs and refuses, without installing anything here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import launch
from app.core import paths

REPOSITORY = paths.REPOSITORY


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WERKBANK_HOME", str(tmp_path / "home"))


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces the two slow steps; says which were taken."""
    steps: list[str] = []

    def create(environment: Path) -> None:
        steps.append("create")
        launch.interpreter(environment).parent.mkdir(parents=True)
        (environment / "installing").touch()
        launch.interpreter(environment).touch()

    def install(environment: Path, kind: str) -> None:
        steps.append(kind)
        (environment / f"{kind}.done").touch()
        (environment / "installing").unlink(missing_ok=True)

    monkeypatch.setattr(launch, "_create", create)
    monkeypatch.setattr(launch, "_install", install)
    return steps


def test_the_first_start_installs_and_the_second_does_not(installed: list[str]) -> None:
    launch.prepare(["version"], tools=False)
    launch.prepare(["version"], tools=False)
    assert installed == ["create", "run"]
    launch.prepare(["test"], tools=True)
    launch.prepare(["version"], tools=False)
    assert installed == ["create", "run", "dev"]


def test_an_interrupted_installation_is_made_again(installed: list[str]) -> None:
    launch.prepare(["version"], tools=False)
    environment = launch.environment_folder()
    (environment / "run.done").unlink()
    (environment / "installing").touch()
    (environment / "half a package").touch()
    launch.prepare(["version"], tools=False)
    assert installed == ["create", "run", "create", "run"]
    assert not (environment / "half a package").exists()


def test_a_removed_python_is_noticed(installed: list[str]) -> None:
    launch.prepare(["version"], tools=False)
    launch.interpreter(launch.environment_folder()).unlink()
    launch.prepare(["version"], tools=False)
    assert installed == ["create", "run", "create", "run"]


@pytest.mark.parametrize(("argv", "code"), [(["db", "--help"], 0), (["demoo"], 2), ([], 2)])
def test_help_and_mistakes_are_answered_before_anything_is_installed(
    installed: list[str], argv: list[str], code: int
) -> None:
    with pytest.raises(SystemExit) as ended:
        launch.prepare(argv, tools=False)
    assert ended.value.code == code
    assert installed == []
    assert not paths.home().exists()


def test_the_exact_command_is_named_where_nothing_may_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        launch, "missing_libraries", lambda: {"libEGL.so.1": "libegl1", "libGL.so.1": "libgl1"}
    )
    monkeypatch.setattr(paths, "is_root", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "sudo" else f"/usr/bin/{name}")
    with pytest.raises(launch.LaunchError) as refused:
        launch.ensure_libraries()
    expected = "sudo apt-get update && sudo apt-get install -y --no-install-recommends libegl1 libgl1"
    assert expected in str(refused.value)


def test_other_systems_hear_which_libraries_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "missing_libraries", lambda: {"libEGL.so.1": "libegl1"})
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(launch.LaunchError, match=r"libEGL\.so\.1"):
        launch.ensure_libraries()


def test_the_launcher_runs_on_a_bare_python() -> None:
    """Isolated and without site-packages, as on a machine where nothing is installed yet."""
    tried = subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(REPOSITORY / "app" / "launch.py"), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr
    assert "usage: werkbank" in tried.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="the POSIX script")
def test_the_script_passes_over_a_python_that_does_not_work(tmp_path: Path) -> None:
    for name, body in {"python3": "exit 127", "python3.13": f'exec "{sys.executable}" "$@"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    link = tmp_path / "werkbank"
    link.symlink_to(REPOSITORY / "werkbank")
    tried = subprocess.run([link, "--help"], env=environment, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "usage: werkbank" in tried.stdout


def test_every_requirement_is_pinned_hashed_and_names_no_host() -> None:
    for kind in ("run", "dev"):
        text = (REPOSITORY / "requirements" / f"{kind}.txt").read_text("utf-8")
        assert "://" not in text
        assert "--index" not in text
        blocks = [block for block in text.split("\n") if block and not block.startswith((" ", "#"))]
        assert blocks
        assert all("==" in line and line.endswith("\\") for line in blocks)
    run = (REPOSITORY / "requirements" / "run.txt").read_text("utf-8")
    dev = (REPOSITORY / "requirements" / "dev.txt").read_text("utf-8")
    pins = {line for line in run.splitlines() if "==" in line}
    assert pins <= set(dev.splitlines()), "both go into one environment"
    assert "pyside6-essentials==6.11.3" in run
