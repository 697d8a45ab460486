"""The log is machine-readable, rotates, and holds no secret."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core import log, paths


@pytest.fixture(autouse=True)
def _own_logging(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("WERKBANK_HOME", str(tmp_path / "home"))
    root = logging.getLogger()
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    # A command that another test ran in this process has set up its log, and the first one counts.
    root.handlers = [handler for handler in handlers if not isinstance(handler, log._Rotating)]
    yield
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        handler.close()
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    logging.raiseExceptions = raising


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


SECRET = "Wm7-hush,hush"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u_tom:{}@10.0.0.7:5432/werkbank?sslmode=verify-full",
        "postgresql+psycopg://u_tom:{}@db/werkbank",
        'password="{}" host=db',
        "host=db password='{}' user=u_tom",
        "{{'login': 'u_tom', 'password': '{}'}}",
        '{{"password": "{}", "login": "u_tom"}}',
        "ALTER ROLE u_tom PASSWORD '{}' VALID UNTIL 'infinity'",
        "SET erp.ticket = '{}'",
        "SET erp.ticket TO '{}'",
        "new_password = '{}'",
        'session_token: "{}"',
        "TOTP: '{}'",
    ],
)
def test_secrets_are_taken_out_and_the_rest_stays(text: str) -> None:
    scrubbed = log.scrub("before " + text.format(SECRET) + " after")
    assert SECRET not in scrubbed
    assert "hush" not in scrubbed
    assert log.HIDDEN in scrubbed
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")


@pytest.mark.parametrize("text", ["password=Wm7hush host=db", "ticket: Wm7hush, next", "pwd=Wm7hush"])
def test_bare_secrets_are_taken_out_too(text: str) -> None:
    assert "Wm7hush" not in log.scrub(text)


@pytest.mark.parametrize(
    "text",
    [
        "the password is too short",
        "opened https://example.org/path in 12 ms",
        "ticket expired for u_tom",
        "shipping 3 pins to 10.0.0.7:5432",
        "spin=3",
    ],
)
def test_ordinary_sentences_are_left_alone(text: str) -> None:
    assert log.scrub(text) == text


def test_a_record_is_one_json_line_with_time_context_and_trace() -> None:
    file = log.setup_logging("test")
    assert file == paths.logs() / "test.log"
    try:
        raise ValueError(f"password='{SECRET}'\nsecond line")
    except ValueError:
        logging.getLogger("some.module").exception(
            "cannot open %s", "Größe.pdf", extra={"operation": "print", "ticket": SECRET, "rows": 3}
        )
    (line,) = lines(file)
    assert line["message"] == "cannot open Größe.pdf"
    assert (line["level"], line["logger"], line["operation"], line["rows"]) == (
        "ERROR",
        "some.module",
        "print",
        3,
    )
    assert line["time"].endswith("+00:00")
    assert "ValueError" in line["trace"]
    assert "second line" in line["trace"]
    assert line["ticket"] == log.HIDDEN
    assert SECRET not in file.read_text("utf-8")


def test_a_second_call_does_not_write_everything_twice() -> None:
    file = log.setup_logging("test")
    log.setup_logging("test")
    logging.getLogger("some.module").warning("once")
    assert len(lines(file)) == 1


def test_old_files_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MAX_BYTES", 2_000)
    monkeypatch.setattr(log, "BACKUPS", 2)
    file = log.setup_logging("test")
    for number in range(200):
        logging.getLogger("some.module").warning("line %d", number)
    kept = sorted(entry.name for entry in file.parent.iterdir())
    assert kept == ["test.log", "test.log.1", "test.log.2"]
    assert all(entry.stat().st_size <= 2_000 for entry in file.parent.iterdir())
    assert lines(file)[-1]["message"] == "line 199"


def test_the_folder_is_closed_to_others() -> None:
    if paths.REPOSITORY.drive:
        pytest.skip("modes of POSIX")
    assert log.setup_logging("test").parent.stat().st_mode & 0o077 == 0
