"""What the guard reads out of the server's log, and what it never reads twice."""

import datetime as dt
import json
from pathlib import Path

from app.guard import log_files
from app.guard.log_files import Batch

NOW = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.000 UTC")


def line(login: str = "u_eva", code: str = "28P01", address: str = "10.1.2.3", at: str = NOW) -> str:
    words = {"timestamp": at, "user": login, "remote_host": address, "state_code": code, "message": "no"}
    return json.dumps(words) + "\n"


class Reader:
    """Remembers positions as the database would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.marks: dict[bytes, int] = {}
        self.batches: list[Batch] = []

    def logins(self) -> list[str]:
        found = []
        for batch in log_files.scan(self.folder, self.marks.get):
            assert batch.start == self.marks.get(batch.head, 0)
            self.marks[batch.head] = batch.end
            self.batches.append(batch)
            found += [attempt.login for attempt in batch.attempts]
        return found


def test_each_failure_once_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "postgresql.json"
    file.write_text(line("u_a") + line("u_b", "42501") + line("u_c", "28000") + '{"half', "utf-8")
    reader = Reader(tmp_path)
    assert reader.logins() == ["u_a", "u_c"]
    assert [a.outcome for a in reader.batches[0].attempts] == ["wrong", "refused"]
    assert reader.logins() == []
    with file.open("a", encoding="utf-8") as out:
        out.write(' of a line"}\n' + line("u_d"))
    assert reader.logins() == ["u_d"]


def test_what_was_denied_is_told_apart_and_everyday_answers_are_not_told(tmp_path: Path) -> None:
    def denied(code: str, message: str) -> str:
        return json.dumps(json.loads(line(code=code)) | {"message": message, "dbname": "werkbank"}) + "\n"

    (tmp_path / "a.json").write_text(
        denied("ER403", "invoice_post")
        + denied("ER403", "confirmation_needed")
        + denied("42501", "permission denied for table product_cost")
        + denied("ER401", "address_not_allowed")
        + denied("ER401", "session_idle")
        + denied("ER422", "stock_short"),
        "utf-8",
    )
    reader = Reader(tmp_path)
    assert reader.logins() == []
    told = [(d.kind, d.right, d.database) for d in reader.batches[0].denials]
    assert told == [
        ("denied", "invoice_post", "werkbank"),
        ("denied", "permission denied for table product_cost", "werkbank"),
        ("session_refused", "address_not_allowed", "werkbank"),
    ]


def test_a_renamed_file_is_read_on_and_the_new_one_from_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "postgresql.json"
    file.write_text(line("u_a"), "utf-8")
    reader = Reader(tmp_path)
    assert reader.logins() == ["u_a"]
    with file.open("a", encoding="utf-8") as out:
        out.write(line("u_b"))
    file.rename(tmp_path / "postgresql.json.1")
    file.write_text(line("u_c"), "utf-8")
    assert sorted(reader.logins()) == ["u_b", "u_c"]
    assert reader.logins() == []


def test_a_file_that_begins_anew_is_read_even_when_it_is_longer_by_then(tmp_path: Path) -> None:
    file = tmp_path / "postgresql-Mon.json"
    file.write_text(line("u_a"), "utf-8")
    reader = Reader(tmp_path)
    assert reader.logins() == ["u_a"]
    file.write_text(line("u_b") * 3, "utf-8")
    assert reader.logins() == ["u_b"] * 3


def test_a_truncated_file_with_the_same_first_line_is_read_from_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "postgresql.json"
    file.write_text(line("u_a") + line("u_b"), "utf-8")
    reader = Reader(tmp_path)
    assert reader.logins() == ["u_a", "u_b"]
    file.write_text(line("u_a"), "utf-8")
    assert reader.logins() == ["u_a"]


def test_a_copy_counts_once(tmp_path: Path) -> None:
    (tmp_path / "postgresql.json").write_text(line("u_a"), "utf-8")
    (tmp_path / "postgresql.json.1").write_text(line("u_a"), "utf-8")
    assert Reader(tmp_path).logins() == ["u_a"]


def test_what_is_no_log_and_what_lies_days_back_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "start.log").write_text(line("u_a"), "utf-8")
    (tmp_path / "postgresql.json.gz").write_bytes(b"\x1f\x8b 28P01")
    (tmp_path / "empty.json").write_text("", "utf-8")
    (tmp_path / "old.json").write_text(line("u_b", at="2020-02-02 10:00:00.000 CET"), "utf-8")
    assert Reader(tmp_path).logins() == []


def test_bytes_nobody_expects_stop_nothing(tmp_path: Path) -> None:
    odd = b'{"state_code":"28P01","user":"u_\xff\\u0000","timestamp":"' + NOW.encode() + b'"}\n'
    (tmp_path / "a.json").write_bytes(
        b'not json "28P01"\n[1, "28P01"]\n' + odd + b'{"state_code":"28P01","user":' + b"[" * 5000 + b"\n"
    )
    assert Reader(tmp_path).logins() == ["u_\ufffd"]


def test_many_attempts_come_in_portions_that_join_without_gap(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(line() * 1200, "utf-8")
    reader = Reader(tmp_path)
    assert len(reader.logins()) == 1200
    assert [len(batch.attempts) for batch in reader.batches] == [500, 500, 200]
    assert [b.start for b in reader.batches[1:]] == [b.end for b in reader.batches[:-1]]


def test_a_log_larger_than_a_portion_is_read_through(tmp_path: Path) -> None:
    filler = '{"state_code":"00000","message":"' + "x" * 1000 + '"}\n'
    (tmp_path / "a.json").write_text(filler * 5000 + line("u_z"), "utf-8")
    assert Reader(tmp_path).logins() == ["u_z"]
