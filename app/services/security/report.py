"""The security report as PDF: who may do what, what was unusual in a period, how the seal of the trail stands."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from app.core import clock
from app.core.format import date_, date_time, number
from app.core.i18n import LANGUAGES, has_text, translate
from app.services.documents.layout import (
    BODY,
    FOOTER_TOP,
    INFO_STRONG,
    LEFT,
    NAME,
    RIGHT,
    SMALL,
    TITLE,
    Flow,
)
from app.services.documents.typeset import HAIR, INK, Pen, Style, clean, fit, wrap
from app.services.security.right_words import right_words
from app.services.security.trail import MakeReport

TOP, PADDING, GAP = 20.0, 1.4, 5.0  # mm
HEADING = Style(12, 6.2, "SemiBold")
CELL, STRONG_CELL, HEAD = Style(8.4, 4.1), Style(8.4, 4.1, "Medium"), Style(7.6, 4.1, "SemiBold")
CELL_LINES = 4
LOGIN = re.compile("[uts]_")
NUMBERS = frozenset({"count", "open"})  # columns whose values stand at the right
WIDE = RIGHT - LEFT
Columns = Sequence[tuple[str, float]]
Lines = Sequence[Sequence[str]]


def file_name(command: MakeReport, lang: str) -> str:
    """A name for the file, safe on every system."""
    word = translate(lang, "report.file")
    return f"{word}_{command.since:%Y-%m-%d}_{command.until:%Y-%m-%d}.pdf"


def render(content: Mapping[str, Any], command: MakeReport, lang: str) -> bytes:
    """The report as PDF. Raises ValueError for a language without texts."""
    if lang not in LANGUAGES:
        raise ValueError(f"no texts in language {lang!r}")
    report = _Report(content, command, lang)
    report.compose()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, pageCompression=1, invariant=1, lang=lang)
    canvas.setTitle(clean(report.title))
    canvas.setAuthor(clean(report.company))
    canvas.setCreator("Werkbank")
    pen = Pen(canvas)
    pages = report.flow.pages
    for page, drawings in enumerate(pages, start=1):
        if page > 1:
            pen.text(LEFT, TOP, fit(report.title, INFO_STRONG, 110), INFO_STRONG)
            pen.text(RIGHT, TOP, fit(report.company, SMALL, 60), SMALL, "right")
            pen.rule(LEFT, TOP + 3, RIGHT)
        for draw in drawings:
            draw(pen)
        pen.rule(LEFT, FOOTER_TOP, RIGHT, HAIR, 0.5)
        pen.text(LEFT, FOOTER_TOP + 4.4, report.made, SMALL)
        pen.text(
            RIGHT, FOOTER_TOP + 4.4, report.t("document.page", page=page, pages=len(pages)), SMALL, "right"
        )
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


class _Report:
    """Puts the parts one below the other."""

    def __init__(self, content: Mapping[str, Any], command: MakeReport, lang: str) -> None:
        self.content, self.lang = content, lang
        self.period = f"{date_(command.since, lang)} – {date_(command.until, lang)}"
        self.title = f"{self.t('report.title')} {self.period}"
        self.company = str(content.get("company") or "")
        made_at = date_time(_at(content["made_at"]), lang)
        self.made = self.t("report.made", at=made_at, by=content.get("made_by") or "–")
        self.flow = Flow(TOP)
        self._people = {p["login"]: p["person"] for p in content["people"]}

    def t(self, key: str, **params: Any) -> str:
        """A text in the report's language."""
        return translate(self.lang, key, **params)

    def compose(self) -> None:
        """Everything in its order."""
        flow = self.flow
        flow.lines([fit(self.company, NAME, WIDE)], NAME)
        flow.y += 3
        flow.lines([self.t("report.title")], TITLE)
        flow.lines([self.period, *wrap(self.t("report.about"), BODY, WIDE, 4)], BODY)
        self._summary()
        self._seal()
        self._sensitive()
        self._elevations()
        self._conflicts()
        self._refused()
        self._locks()
        self._reviews()
        self._everybody()

    # -- parts ------------------------------------------------------------------------------------------------------

    def _summary(self) -> None:
        kinds: Mapping[str, int] = self.content["kinds"]
        active = sum(1 for p in self.content["people"] if p["status"] == "active")
        figures = [
            ("active", active),
            ("sessions", kinds.get("session_opened", 0)),
            ("refusals", sum(d["count"] for d in self.content["denied"])),
            ("attempts", sum(a["count"] for a in self.content["attempts"])),
            ("granted", kinds.get("role_granted", 0)),
            ("revoked", kinds.get("role_revoked", 0)),
            ("changes", self.content["changes"]),
            ("elevated", self.content["elevated_changes"]),
        ]
        self._heading("summary")
        half = len(figures) // 2
        rows = [
            [self.t(f"report.figure.{a}"), self._n(x), self.t(f"report.figure.{b}"), self._n(y)]
            for (a, x), (b, y) in zip(figures[:half], figures[half:], strict=True)
        ]
        self._table((("", 60), ("", 22), ("", 60), ("", 23)), rows, headed=False)

    def _seal(self) -> None:
        seal = self.content["seal"]
        never = self.t("report.never")

        def at(key: str) -> str:
            return date_time(_at(seal[key]), self.lang) if seal.get(key) else never

        verified = at("verified_at")
        if seal.get("verified_at") and seal.get("findings") is not None:
            verified += " · " + self.t("report.findings", n=seal["findings"], count=self._n(seal["findings"]))
        self._heading("seal")
        rows = [
            [self.t("report.seal.blocks"), self._n(seal["number"])],
            [self.t("report.seal.sealed_at"), at("sealed_at")],
            [self.t("report.seal.anchored_at"), at("anchored_at")],
            [self.t("report.seal.verified_at"), verified],
            [self.t("report.seal.hash"), seal.get("hash") or "–"],
        ]
        self._table((("", 45), ("", WIDE - 45)), rows, headed=False)

    def _sensitive(self) -> None:
        rows = [
            [
                a["person"],
                self._role(a["role"]),
                self._span(a),
                self._who(a.get("granted_by")),
                self._who(a.get("approved_by")),
            ]
            for a in self.content["sensitive"]
        ]
        self._part(
            "sensitive",
            (("person", 40), ("role", 42), ("span", 41), ("granted_by", 21), ("approved_by", 21)),
            rows,
        )

    def _elevations(self) -> None:
        rows = [
            [
                a["person"],
                self._role(a["role"]),
                self._span(a),
                self._who(a.get("approved_by")),
                a.get("reason") or "",
            ]
            for a in self.content["elevations"]
        ]
        self._part(
            "elevations",
            (("person", 34), ("role", 34), ("span", 41), ("approved_by", 22), ("reason", 34)),
            rows,
        )

    def _conflicts(self) -> None:
        rows = [
            [
                c["person"],
                " + ".join(self._role(role) for role in c["roles"]),
                c.get(f"reason_{self.lang}") or c.get("reason_de") or "",
            ]
            for c in self.content["conflicts"]
        ]
        self._part("conflicts", (("person", 40), ("roles", 65), ("reason", 60)), rows)

    def _refused(self) -> None:
        denied = [
            [
                self._person(d["login"]),
                self._right(d.get("right") or ""),
                self._n(d["count"]),
                self._moment(d["last"]),
            ]
            for d in self.content["denied"]
        ]
        self._part("denied", (("person", 45), ("right", 68), ("count", 18), ("last", 34)), denied)
        attempts = [
            [
                self._person(a["login"]),
                a.get("address") or "–",
                self.t(f"report.outcome.{a['outcome']}"),
                self._n(a["count"]),
                self._moment(a["last"]),
            ]
            for a in self.content["attempts"]
        ]
        self._part(
            "attempts",
            (("person", 45), ("address", 40), ("outcome", 28), ("count", 18), ("last", 34)),
            attempts,
        )

    def _locks(self) -> None:
        rows = [
            [
                self._moment(e["at"]),
                self._person(e["login"]),
                self._kind(e["kind"]),
                self._who(e.get("by")),
                self._reason(e),
            ]
            for e in self.content["locks"]
        ]
        self._part("locks", (("at", 31), ("person", 36), ("what", 38), ("by", 26), ("reason", 34)), rows)

    def _reviews(self) -> None:
        rows = [
            [
                r["title"],
                self.t(f"report.review.{r['state']}"),
                date_(_day(r["due"]), self.lang),
                self._n(r["open"]),
            ]
            for r in self.content["reviews"]
        ]
        self._part("reviews", (("review", 75), ("state", 30), ("due", 30), ("open", 30)), rows)

    def _everybody(self) -> None:
        rows = [
            [
                p["person"],
                p["login"],
                self.t(f"report.status.{p['status']}"),
                ", ".join(self._role(role) for role in p["roles"]) or "–",
                self.t("report.yes") if p["second_factor"] else self.t("report.no"),
                self._moment(p["last_session"]) if p.get("last_session") else self.t("report.never"),
            ]
            for p in self.content["people"]
        ]
        columns = (
            ("person", 32),
            ("login", 28),
            ("status", 18),
            ("roles", 40),
            ("factor", 18),
            ("last_session", 29),
        )
        self._part("people", columns, rows)

    # -- words ------------------------------------------------------------------------------------------------------

    def _n(self, value: int) -> str:
        return number(value, self.lang)

    def _moment(self, words: str) -> str:
        return date_time(_at(words), self.lang)

    def _span(self, given: Mapping[str, Any]) -> str:
        begin = clock.here(_at(given["from"]))
        if not given.get("to"):
            return f"{date_(begin.date(), self.lang)} – {self.t('report.open_end')}"
        end = clock.here(_at(given["to"]))
        if end.date() == begin.date():
            return f"{date_time(begin, self.lang, begin.tzinfo)} – {end:%H:%M}"
        return f"{date_(begin.date(), self.lang)} – {date_(end.date(), self.lang)}"

    def _person(self, login: str) -> str:
        return str(self._people.get(login, login))

    def _who(self, login: str | None) -> str:
        if login and not LOGIN.match(login):
            return self.t(
                "report.setup"
            )  # the owner of the server: set-up, and what is done with the glass broken
        return self._person(login) if login else "–"

    def _role(self, role: str) -> str:
        titles = self.content["roles"].get(role)
        index = 0 if self.lang == "de" else 1
        return str((titles[index] or titles[0]) if titles and any(titles) else role)

    def _right(self, right: str) -> str:
        return right_words(self.lang, right)

    def _kind(self, kind: str) -> str:
        return self._known(f"audit.event.{kind}", kind.replace("_", " "))

    def _reason(self, event: Mapping[str, Any]) -> str:
        reason = event.get("reason") or ""
        return self._known(f"status_reason.{reason}", reason)

    def _known(self, key: str, otherwise: str) -> str:
        return self.t(key) if has_text(key) else otherwise

    # -- setting ----------------------------------------------------------------------------------------------------

    def _heading(self, key: str, room: float = 20.0) -> None:
        self.flow.skip(6)
        if not self.flow.fits(HEADING.leading + room):
            self.flow.turn()
        self.flow.lines([self.t(f"report.part.{key}")], HEADING)
        self.flow.y += 1.2

    def _part(self, key: str, columns: Columns, rows: Lines) -> None:
        self._heading(key)
        if rows:
            numbers = frozenset(place for place, (name, _wide) in enumerate(columns) if name in NUMBERS)
            heads = [(self.t(f"report.column.{name}"), wide) for name, wide in columns]
            self._table(heads, rows, numbers=numbers)
        else:
            self.flow.lines([self.t(f"report.none.{key}")], BODY)

    def _table(
        self, columns: Columns, rows: Lines, *, headed: bool = True, numbers: frozenset[int] = frozenset()
    ) -> None:
        if headed:
            self._head(columns, numbers)
        for row in rows:
            cells = [
                wrap(words, CELL, wide - 2, CELL_LINES) or [""]
                for words, (_head, wide) in zip(row, columns, strict=True)
            ]
            high = max(map(len, cells)) * CELL.leading + 2 * PADDING
            if not self.flow.fits(high):
                self.flow.turn()
                if headed:
                    self._head(columns, numbers)
            self.flow.put(_row(self.flow.y, columns, cells, high, headed=headed, numbers=numbers))
            self.flow.y += high

    def _head(self, columns: Columns, numbers: frozenset[int]) -> None:
        y = self.flow.y

        def draw(pen: Pen) -> None:
            x = LEFT
            for place, (words, wide) in enumerate(columns):
                shown = fit(words, HEAD, wide - 1)
                if place in numbers:
                    pen.text(x + wide - GAP, y + 3.6, shown, HEAD, "right")
                else:
                    pen.text(x, y + 3.6, shown, HEAD)
                x += wide
            pen.rule(LEFT, y + 5, RIGHT, INK, 0.7)

        self.flow.put(draw)
        self.flow.y += 5


def _row(
    y: float,
    columns: Columns,
    cells: Sequence[Sequence[str]],
    high: float,
    *,
    headed: bool,
    numbers: frozenset[int],
) -> Callable[[Pen], None]:
    """The first column of a list stands out, in figures without a head the numbers do."""

    def draw(pen: Pen) -> None:
        x = LEFT
        for place, (lines, (_head, wide)) in enumerate(zip(cells, columns, strict=True)):
            style = STRONG_CELL if (place == 0 if headed else place % 2) else CELL
            for line, words in enumerate(lines):
                base = y + PADDING + (line + 0.75) * CELL.leading
                if place in numbers:
                    pen.text(x + wide - GAP, base, words, style, "right")
                else:
                    pen.text(x, base, words, style)
            x += wide
        pen.rule(LEFT, y + high, RIGHT)

    return draw


def _at(words: str) -> datetime:
    return datetime.fromisoformat(words)


def _day(words: str) -> date:
    return date.fromisoformat(words)
