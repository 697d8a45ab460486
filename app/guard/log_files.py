"""Follows the server's JSON logs: which sign-ins failed and what was denied, through rotation and truncation.

A file is known by the hash of its first line, so it may be renamed; a file that begins anew under an old name has
another first line and is read from its beginning. Positions are kept by whoever asks, so nothing here remembers.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHUNK = 4 * 1024 * 1024
LONGEST_LINE = 64 * 1024
MOST = 500  # attempts in one batch
OLDEST = dt.timedelta(days=2)
_OUTCOMES = {"28P01": "wrong", "28000": "refused"}
# What the database denied somebody who was in: a right (ours, or a grant), or the session itself.
_DENIALS = {"ER403": "denied", "42501": "denied", "ER401": "session_refused"}
# Part of every day: the client answers these by itself.
_ORDINARY = {"confirmation_needed", "session_missing", "session_idle", "session_over", "second_factor_needed"}
_SIGNS = tuple(f'"{state}"'.encode() for state in (*_OUTCOMES, *_DENIALS))


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in the server refused: `wrong` password, or `refused` because login or address may not come in.

    `at` is the server's own text, time zone included.
    """

    at: str
    login: str
    address: str
    outcome: str
    application: str


@dataclass(frozen=True, slots=True)
class Denial:
    """Something the database denied: ``kind`` as in the audit trail, ``right`` the key or the server's words."""

    at: str
    kind: str
    login: str
    address: str
    application: str
    database: str
    right: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What stood in a file between two positions (bytes), in whole lines."""

    head: bytes
    file: str
    start: int
    end: int
    attempts: tuple[Attempt, ...]
    denials: tuple[Denial, ...] = ()


Known = Callable[[bytes], int | None]


def scan(folder: Path, known: Known) -> Iterator[Batch]:
    """Everything new in the folder's JSON logs, file by file, oldest first.

    ``known(head)`` says how far a file has been read. The caller notes each batch before asking for the next one.
    Raises OSError when the folder cannot be read.
    """
    files = [(path.stat().st_mtime, path) for path in folder.iterdir() if _is_log(path)]
    seen: set[bytes] = set()
    for _, path in sorted(files):
        try:
            with path.open("rb") as stream:
                head = _head(stream)
                if head is None or head in seen:
                    continue  # nothing in it yet, or a copy of one that was read already
                seen.add(head)
                yield from _read(stream, path, head, known)
        except FileNotFoundError:
            continue  # rotated away between listing and opening


def _is_log(path: Path) -> bool:
    return ".json" in path.suffixes and path.suffix not in (".gz", ".xz", ".zst", ".bz2") and path.is_file()


def _head(stream: BinaryIO) -> bytes | None:
    first = stream.readline(LONGEST_LINE)
    return hashlib.sha256(first).digest() if first.endswith(b"\n") else None


def _read(stream: BinaryIO, path: Path, head: bytes, known: Known) -> Iterator[Batch]:
    noted = known(head) or 0
    size = stream.seek(0, 2)
    position = noted if noted <= size else 0  # shorter than it was: begun anew with the same first line
    while position < size:
        stream.seek(position)
        chunk = stream.read(min(CHUNK, size - position))
        whole = chunk.rfind(b"\n") + 1
        if whole == 0:
            if len(chunk) < CHUNK:
                return  # a line that is still being written
            whole = len(chunk)  # no line of ours is that long
        for end, found in _batches(chunk[:whole]):
            attempts = tuple(item for item in found if isinstance(item, Attempt))
            denials = tuple(item for item in found if isinstance(item, Denial))
            batch = Batch(head, path.name, noted, position + end, attempts, denials)
            yield batch
            noted = batch.end
        position += whole


def _batches(text: bytes) -> Iterator[tuple[int, list[Attempt | Denial]]]:
    """What whole lines tell, and up to where it goes; at least one batch."""
    found: list[Attempt | Denial] = []
    end = told = 0
    for line in text.splitlines(keepends=True):
        end += len(line)
        told_here = parse(line)
        if told_here is not None:
            found.append(told_here)
        if len(found) == MOST:
            yield end, found
            found, told = [], end
    if end > told:
        yield end, found


def parse(line: bytes) -> Attempt | Denial | None:
    """The failed sign-in or denial a log line tells of; None for everything else, and for what lies days back."""
    if not any(sign in line for sign in _SIGNS):
        return None
    try:
        entry = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or not _recent(at := str(entry.get("timestamp", ""))):
        return None
    state = entry.get("state_code")
    login, address = _word(entry, "user", 63), _word(entry, "remote_host", 60)
    application = _word(entry, "application_name", 100)
    if state in _OUTCOMES:
        return Attempt(at, login, address, _OUTCOMES[state], application)
    right = _word(entry, "message", 200)
    if state in _DENIALS and right not in _ORDINARY:
        return Denial(at, _DENIALS[state], login, address, application, _word(entry, "dbname", 63), right)
    return None


def _word(entry: dict[str, object], key: str, most: int) -> str:
    """A text the person at the other end may have chosen: no character the database could not keep."""
    return str(entry.get(key, "")).replace("\0", "")[:most]


def _recent(at: str) -> bool:
    try:
        day = dt.date.fromisoformat(at[:10])
    except ValueError:
        return True
    return dt.datetime.now(dt.UTC).date() - day <= OLDEST
