"""The program's log: JSON lines in ``logs/<component>.log`` below the user's folder, rotated, without secrets."""

import json
import logging
import os
import re
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app.core import paths

MAX_BYTES = 5_000_000
BACKUPS = 5
HIDDEN = "***"

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_NAME = r"(?:\w*(?:password|passwd|pwd|passphrase|secret|ticket|token)|(?:\w+_)?(?:totp|pin))"
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_SECRETS = (
    # postgresql://login:secret@host
    re.compile(r"(?P<keep>\w://[^\s:/@]*:)[^\s@]+(?=@)"),
    # password=secret, 'pwd': 'secret', "ticket": "secret", PASSWORD 'secret', erp.ticket = 'secret'
    re.compile(
        rf"(?P<keep>\b{_NAME}\b[\"']?\s*(?:[:=]|\bTO\b)?\s*)"
        r"(?:E?'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\\.)*\"|(?:(?<=[:=])|(?<=[:=]\s))[^\s,;&)}\]]+)",
        re.IGNORECASE,
    ),
    # the stored form of a password: not the password, but enough to try it out offline
    re.compile(r"(?P<keep>SCRAM-SHA-256\$)[^\s'\"]+"),
)


def scrub(text: str) -> str:
    """The text with every password, ticket and token replaced by ``***``."""
    for secret in _SECRETS:
        text = secret.sub(rf"\g<keep>{HIDDEN}", text)
    return text


class JsonLines(logging.Formatter):
    """One JSON object per record: time (UTC), level, logger, message, trace, and what ``extra`` carried."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "pid": record.process,
            "message": scrub(record.getMessage()),
        }
        for key, value in record.__dict__.items():
            if key not in _STANDARD:
                line[key] = scrub_value(key, value)
        if record.exc_info:
            line["trace"] = scrub(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def scrub_value(key: str, value: object) -> object:
    """A value of ``extra``: hidden when its name says that it is a secret, scrubbed when it is a text."""
    if _SECRET_NAME.fullmatch(key):
        return HIDDEN
    return value if isinstance(value, bool | int | float) or value is None else scrub(str(value))


class _Rotating(RotatingFileHandler):
    def doRollover(self) -> None:  # noqa: N802  (the base class's name)
        """Rotate; where a second window holds the file open (Windows) keep writing to it instead."""
        try:
            super().doRollover()
        except PermissionError:
            if self.stream is None:
                self.stream = self._open()


def setup_logging(component: str) -> Path:
    """Send everything logged in this process to the component's file; returns that file.

    ``WERKBANK_LOG_LEVEL`` sets the level (default INFO).  A second call changes nothing.
    """
    file = paths.ensure_private(paths.logs()) / f"{component}.log"
    root = logging.getLogger()
    if any(isinstance(handler, _Rotating) for handler in root.handlers):
        return file
    handler = _Rotating(file, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", delay=True)
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    level = os.environ.get("WERKBANK_LOG_LEVEL", "INFO").upper()
    root.setLevel(level if level in logging.getLevelNamesMapping() else logging.INFO)
    logging.captureWarnings(True)
    # A handler that cannot write (full disk) must not print traces into somebody's terminal for ever.
    logging.raiseExceptions = sys.flags.dev_mode
    return file
