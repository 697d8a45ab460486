"""Words and colours of the legacy sync: states, modes, entities, findings."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from app.core import format as fmt
from app.core.i18n import has_text, language, t
from app.services.legacy.state import Run, ServerState
from app.services.validation.findings import Finding

RUN_STATE = {
    "waiting": ("neutral", "legacy.run.state.waiting"),
    "running": ("info", "legacy.run.state.running"),
    "done": ("ok", "legacy.run.state.done"),
    "warnings": ("warn", "legacy.run.state.warnings"),
    "failed": ("bad", "legacy.run.state.failed"),
    "cancelled": ("neutral", "legacy.run.state.cancelled"),
    "interrupted": ("warn", "legacy.run.state.interrupted"),
}
MODULE_MODE = {
    "legacy": ("neutral", "legacy.module.mode.legacy"),
    "parallel": ("info", "legacy.module.mode.parallel"),
    "werkbank": ("ok", "legacy.module.mode.werkbank"),
}
QUARANTINE_STATE = {
    "open": ("bad", "legacy.quarantine.state.open"),
    "retry": ("info", "legacy.quarantine.state.retry"),
    "resolved": ("ok", "legacy.quarantine.state.resolved"),
    "ignored": ("neutral", "legacy.quarantine.state.ignored"),
}
SEVERITY = {"error": ("bad", "legacy.severity.error"), "warning": ("warn", "legacy.severity.warning")}
DOCUMENT_KIND = {
    "invoice": ("accent", "legacy.document.kind.invoice"),
    "quote": ("neutral", "legacy.document.kind.quote"),
    "order": ("info", "legacy.document.kind.order"),
    "delivery": ("note", "legacy.document.kind.delivery"),
    "credit_note": ("warn", "legacy.document.kind.credit_note"),
}
RUN_MODES = ("incremental", "full", "sweep", "retry", "reconcile", "images")
MODULES = ("catalog", "partners", "sales", "inventory", "production", "hr", "images")


def mode_words(mode: str) -> str:
    """What kind of run it is."""
    return t(f"legacy.run.mode.{mode}")


def module_words(module: str) -> str:
    """A module by name."""
    key = f"legacy.module.{module}"
    return t(key) if has_text(key) else module


def titled(title: Mapping[str, Any] | None, code: str) -> str:
    """The title of an entity in the language in force, its code without one."""
    return str((title or {}).get(language()) or (title or {}).get("de") or code)


def finding_words(finding: Mapping[str, Any], titles: Mapping[str, Any] | None = None) -> str:
    """What a check found, as a sentence; the field's name goes before it.  ``titles`` are those of entities named."""
    found = Finding.from_json(finding)
    entity = str(found.params.get("entity") or "")
    if titles and entity in titles:
        found = replace(found, params={**found.params, "entity": titled(titles[entity], entity)})
    try:
        words = found.words(language())
    except (KeyError, IndexError):
        words = t("validation.other", code=found.code)
    return f"{found.field}: {words}" if found.field else words


def findings_words(findings: Sequence[Mapping[str, Any]], titles: Mapping[str, Any] | None = None) -> str:
    """All of them, in one line."""
    return " · ".join(dict.fromkeys(finding_words(one, titles) for one in findings))


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)


def silence_words(server: ServerState, now: datetime) -> tuple[str, str]:
    """That a server gives no answer, since when, and when it is asked again."""
    since = fmt.date_time(server.silent_since) if server.silent_since else fmt.NONE
    again = server.retry_at if server.retry_at is not None and server.retry_at > now else None
    plain = t("legacy.banner.silent_again", at=f"{again.astimezone():%H:%M:%S}") if again else ""
    return t("legacy.banner.silent", server=server.title, since=since), (
        plain or t("legacy.banner.silent_now")
    ) + " " + t("legacy.banner.silent_text")


def duration(seconds: float) -> str:
    """A span as people say it: 42 s, 3 min 20 s, 1 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return t("legacy.span.seconds", s=whole)
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        rest = rest // 10 * 10
        if rest and minutes < 10:
            return t("legacy.span.minutes_seconds", m=minutes, s=rest)
        return t("legacy.span.minutes", m=minutes)
    hours, rest = divmod(whole, 3600)
    return t("legacy.span.hours", h=fmt.number(hours), m=rest // 60)


def error_sentence(error: Mapping[str, Any]) -> str:
    """What went wrong in a run: the words of its key, the key itself when there are none."""
    key = str(error.get("key") or error.get("code") or "")
    params = {name: _plain(value) for name, value in (error.get("params") or {}).items()}
    if has_text(f"error.{key}"):
        try:
            return t(f"error.{key}", **params)
        except (KeyError, IndexError):
            return key
    return str(error.get("message") or key)


def server_error(server: ServerState) -> str:
    """What a server said last that was no answer, in words."""
    # `key(name='value', …)`, as an AppError tells of itself; cut short it is its key alone.
    written = server.last_error or server.last_status
    key, _, rest = written.partition("(")
    known = {
        "server": server.title,
        "url": server.base_url,
        "host": urlsplit(server.base_url).hostname or server.base_url,
        "message": fmt.NONE,
        "reason": fmt.NONE,
    }
    try:
        call = ast.parse(written, mode="eval").body if rest else None
        given = call.keywords if isinstance(call, ast.Call) else ()
        params = known | {str(one.arg): ast.literal_eval(one.value) for one in given}
    except (SyntaxError, ValueError):
        params = known
    return error_sentence({"key": key, "params": params | {"server": server.title}})


def run_error(run: Run) -> str:
    """Why a run failed: its own words, or those of the first table that did; empty when it did not."""
    errors = [run.error, *(part.error for part in run.parts)] if run.state == "failed" else []
    return next((error_sentence(one) for one in errors if one), "")
