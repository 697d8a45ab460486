"""``werkbank simulate``: a process of its own that says where it is, takes orders and ends when told to."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import requests

from app import cli
from app.core import paths
from app.simulate.console import UnknownOrderError, obey
from app.simulate.data import make
from app.simulate.fourd import FourDServer
from app.simulate.images import LIST, ImageServer

CHANCE = Random(1)  # noqa: S311  (repeatable on purpose)


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WERKBANK_HOME", str(tmp_path / "home"))


@pytest.fixture
def server() -> Iterator[FourDServer]:
    with FourDServer(make("small")) as started:
        yield started


def _run(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "app", "simulate", *arguments, "--port", "0", "--size", "small", "--json"],
        cwd=paths.REPOSITORY,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def test_the_4d_server_from_the_command_line() -> None:
    with _run("4d", "--quirk", "sessions=1", "--quirk", "page-cap=20", "--seed", "9") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["tables"] == 24
        with requests.Session() as session:
            session.trust_env = False
            body = session.get(f"{told['url']}/rest/Kunden", timeout=20).json()
            assert body["__SENT"] == 20
            rows = make("small", 9).tables["Kunden"].rows()
            assert body["__ENTITIES"][3]["__TIMESTAMP"] == rows[3]["__TIMESTAMP"]
        process.stdin.write("advance 3601\ncounters\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ok\n"
        assert json.loads(process.stdout.readline())["sessions_expired"] == 1
        out, _ = process.communicate("quit\n", timeout=60)
    assert json.loads(out.splitlines()[-1])["counters"]["sessions_opened"] == 1
    assert process.returncode == 0


def test_the_image_service_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "authority.pem"
    with _run("images", "--tls", str(file), "--user", "anna", "--password", "geheim") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["records"] == 60
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(told["url"] + LIST, auth=("anna", "geheim"), verify=str(file), timeout=20)
        assert answer.json()["count"] == 60
        process.communicate("quit\n", timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["4d", "--quirk", "weather=fine"],
        ["4d", "--quirk", "errors=often"],
        ["4d", "--quirk", "sessions=few"],
        ["4d", "--bustle", "-3"],
        ["4d", "--port", "70000"],
        ["images", "--port", "-1"],
    ],
)
def test_wrong_arguments_are_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["simulate", *arguments]) == 2
    assert capsys.readouterr().err.startswith("werkbank: ")


def test_a_taken_port_is_told(server: FourDServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["simulate", "4d", "--size", "small", "--port", str(server.port)]) == 3
    assert f"port {server.port} of 127.0.0.1 cannot be used" in capsys.readouterr().err


def test_orders_to_a_running_server(server: FourDServer) -> None:
    with requests.Session() as session:
        session.trust_env = False

        def status() -> int:
            return session.get(f"{server.url}/rest/$info", timeout=20).status_code

        assert obey(server, "errors=1", CHANCE) == "ok"
        assert status() == 500
        assert obey(server, "errors=0", CHANCE) == "ok"
        obey(server, "fail 503 at $info", CHANCE)
        assert status() == 503
        obey(server, "occupy 2 60", CHANCE)
        obey(server, "restart", CHANCE)
        assert server.counters.sessions_alive == 0
        obey(server, "stop", CHANCE)
        with pytest.raises(requests.exceptions.ConnectionError):
            status()
        obey(server, "start", CHANCE)
        assert status() == 200
    assert obey(server, "bustle 3", CHANCE).count("; ") == 2
    assert "quit" in obey(server, "help", CHANCE)
    for wrong in ("weather", "occupy", "advance soon", "fail", "fail 418", "restart-now"):
        with pytest.raises(UnknownOrderError):
            obey(server, wrong, CHANCE)
    with pytest.raises(UnknownOrderError):
        obey(ImageServer(server.house), "bustle", CHANCE)
