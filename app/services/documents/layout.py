"""The letter around the content: DIN 5008 on A4, in millimetres from the top left corner.

Form B puts the address field 45 mm from the top and 20 mm from the left, 85 mm by 45 mm, its last 27.3 mm for the
address; fold marks at 105 and 210 mm, the punch mark at 148.5 mm.  Form A has field and fold marks 18 mm higher.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from app.core.format import date_
from app.core.i18n import has_text, translate
from app.services.documents.data import Company, DocumentData
from app.services.documents.typeset import HAIR, INK, SOFT, Pen, Style, fit, width, wrap

LEFT, RIGHT = 25.0, 190.0
ADDRESS_TOP, ADDRESS_HEIGHT, ADDRESS_WIDTH = 62.7, 27.3, 80.0
INFO_LEFT, INFO_RIGHT, INFO_TOP = 125.0, 200.0, 50.0
BODY_TOP, NEXT_TOP, BODY_BOTTOM = 104.0, 30.0, 258.0
FOOTER_TOP = 268.0
INNER_BOTTOM, INNER_FOOT = 276.0, 284.0  # papers of the house have no footer
FOLDS, PUNCH = (105.0, 210.0), 148.5
FORM_A = 18.0  # so much higher
LOGO = (70.0, 20.0)

BODY = Style(9.5, 4.7)
STRONG = Style(9.5, 4.7, "SemiBold")
TITLE = Style(15, 6.5, "SemiBold")
NAME = Style(17, 8, "SemiBold")
ADDRESS = Style(10.5, 4.55)
RETURN = Style(6.5, 3, colour=SOFT)
INFO = Style(8.5, 4.3)
INFO_STRONG = Style(8.5, 4.3, "Medium")
INFO_LABEL = Style(8.5, 4.3, colour=SOFT)
SMALL = Style(8, 4, colour=SOFT)
FOOT_LINES = 5
FOOT = Style(6.8, 3.1, colour=SOFT)
FOOT_STRONG = Style(6.8, 3.1, "SemiBold", INK)

Draw = Callable[[Pen], None]


@dataclass(slots=True)
class Flow:
    """Collects what stands on which page, from top to bottom; pages are drawn when their number is known."""

    y: float
    left: float = LEFT
    next_top: float = NEXT_TOP
    tight: bool = False
    bottom: float = BODY_BOTTOM
    pages: list[list[Draw]] = field(default_factory=lambda: [[]])

    @property
    def page(self) -> int:
        """The number of the page being filled."""
        return len(self.pages)

    def fits(self, height: float) -> bool:
        """Whether so many millimetres are left on the page."""
        return self.y + height <= self.bottom

    def put(self, draw: Draw) -> None:
        """Add a drawing to the page."""
        self.pages[-1].append(draw)

    def turn(self) -> None:
        """Go on at the top of a new page."""
        self.pages.append([])
        self.y = self.next_top

    def skip(self, height: float) -> None:
        """Leave white space, unless the page has just begun."""
        if self.y > self.next_top:
            self.y += height * (0.4 if self.tight else 1.0)

    @property
    def room(self) -> float:
        """How wide a line may be."""
        return RIGHT - self.left

    def lines(self, texts: list[str], style: Style, x: float | None = None, keep: int = 3) -> None:
        """Set lines one below the other, at least ``keep`` of them together before a new page."""
        x = self.left if x is None else x
        for index, text in enumerate(texts):
            left = len(texts) - index
            needed = min(left, keep) if index % keep == 0 else 1
            if not self.fits(needed * style.leading):
                self.turn()
            self.y += style.leading
            self.put(_line(x, self.y, text, style))


def _line(x: float, y: float, text: str, style: Style) -> Draw:
    return lambda pen: pen.text(x, y, text, style)


def draw_first_page(pen: Pen, data: DocumentData) -> None:
    """Fold and punch marks, letterhead, address field and information block."""
    up = _up(data)
    if data.design.marks:
        for mark, length in (*((fold - up, 4.0) for fold in FOLDS), (PUNCH, 6.0)):
            pen.rule(3.5, mark, 3.5 + length, SOFT, 0.25)
    draw_letterhead(pen, data, 14 - up / 3)
    _draw_address(pen, data, ADDRESS_TOP - up)
    _draw_info(pen, data, INFO_TOP - up)


def draw_letterhead(pen: Pen, data: DocumentData, top: float) -> None:
    """The logo, or the name of the company in its colour."""
    design = data.design
    logo = (design.logo or data.company.logo) if design.show_logo else None
    if logo is None or not pen.picture(logo, design.left, top, *LOGO):
        name = replace(NAME, colour=design.accent)
        pen.text(design.left, top + 11, fit(data.company.name, name, RIGHT - design.left), name)


def draw_next_page(pen: Pen, data: DocumentData) -> None:
    """The small head of a following page."""
    left = data.design.left
    title = f"{document_title(data)} · {date_(data.date, data.language)}"
    company = fit(data.company.name, SMALL, 70)
    pen.text(left, 20, fit(title, INFO_STRONG, RIGHT - left - width(company, SMALL) - 5), INFO_STRONG)
    pen.text(RIGHT, 20, company, SMALL, "right")
    pen.rule(left, 23, RIGHT)


def draw_copy_mark(pen: Pen, data: DocumentData) -> None:
    """Says on each page that this is a copy."""
    word = translate(data.language, "document.copy")
    style = Style(9, 4, "SemiBold", SOFT)
    wide = width(word, style) + 6
    pen.frame(INFO_RIGHT - wide, 7, wide, 6.4, SOFT)
    pen.text(INFO_RIGHT - wide / 2, 11.4, word, style, "centre")


def draw_foot(pen: Pen, data: DocumentData, page: int, pages: int, *, outward: bool = True) -> None:
    """Page number and footer; papers of the house need no bank account."""
    text = translate(data.language, "document.page", page=page, pages=pages)
    left = data.design.left
    y = FOOTER_TOP - 3 if outward else INNER_FOOT
    pen.text(RIGHT, y, text, SMALL, "right")
    if not outward:
        pen.text(left, y, fit(document_title(data), SMALL, 120), SMALL)
        return
    if data.design.footer is None:
        _draw_footer(pen, data)
        return
    pen.rule(left, FOOTER_TOP, RIGHT, HAIR, 0.5)
    for index, line in enumerate(wrap(data.design.footer, FOOT, RIGHT - left, FOOT_LINES)):
        pen.text(left, FOOTER_TOP + 4.4 + index * FOOT.leading, line, FOOT)


def document_title(data: DocumentData) -> str:
    """What the document is, with its number."""
    return f"{kind_title(data)} {data.number}".strip()


def kind_title(data: DocumentData) -> str:
    """What the document is; a reminder says so more clearly each time."""
    level = f"_{data.reminder.level}" if data.reminder else ""
    return translate(data.language, f"document.title.{data.kind}{level}")


def first_line(data: DocumentData) -> float:
    """Where the content of the first page begins: below the information block, however long it is."""
    up = _up(data)
    return max(BODY_TOP - up, INFO_TOP - up + _info_height(data) + 8)


def _up(data: DocumentData) -> float:
    return FORM_A if data.design.form == "a" else 0.0


def _draw_address(pen: Pen, data: DocumentData, top: float) -> None:
    company = data.company
    sender = " · ".join(
        part for part in (company.name, company.street, f"{company.postcode} {company.city}".strip()) if part
    )
    style = _smaller(RETURN, ADDRESS_WIDTH / max(width(sender, RETURN), 1))
    pen.text(LEFT, top - 2.4, fit(sender, style, ADDRESS_WIDTH), style)
    pen.rule(LEFT, top - 1.2, LEFT + ADDRESS_WIDTH, HAIR, 0.4)
    lines = _address_lines(data.recipient)
    pitch = min(ADDRESS.leading, ADDRESS_HEIGHT / max(len(lines), 1))
    style = Style(min(ADDRESS.size, ADDRESS.size * pitch / ADDRESS.leading), pitch)
    for index, line in enumerate(lines):
        pen.text(LEFT, top + pitch * (index + 0.82), fit(line, style, ADDRESS_WIDTH), style)


def _address_lines(recipient: tuple[str, ...]) -> list[str]:
    """At most eight lines: a long name may take two, and place and country at the end are never lost."""
    given = [line for line in recipient if line.strip()]
    wrapped = [wrap(line, ADDRESS, ADDRESS_WIDTH, 2 if len(given) < 7 else 1) for line in given]
    lines = [line for part in wrapped for line in part]
    return lines if len(lines) <= 8 else [*lines[:5], *lines[-3:]]


def _info_rows(data: DocumentData) -> list[list[tuple[str, str, Style]]]:
    """Groups of label, value and style: the document itself, what it refers to, whom to ask."""
    lang = data.language

    def label(key: str) -> str:
        return translate(lang, f"document.{key}")

    def shown(value: str | date) -> str:
        return date_(value, lang) if isinstance(value, date) else value

    own = [
        (_own_label(data, "number"), data.number, INFO_STRONG),
        (_own_label(data, "date"), date_(data.date, lang), INFO_STRONG),
    ]
    own = [row for row in own if row[1]]
    if data.supplied_on and data.supplied_until and data.supplied_until != data.supplied_on:
        period = f"{date_(data.supplied_on, lang)} – {date_(data.supplied_until, lang)}"
        own.append((label("ref.supplied_period"), period, INFO))
    elif data.supplied_on:
        own.append((label("ref.supplied_on"), date_(data.supplied_on, lang), INFO))
    if data.valid_until:
        own.append((label("ref.valid_until"), date_(data.valid_until, lang), INFO))
    if data.original:
        own.append((label("ref.invoice"), data.original.number, INFO))
    others = [(label(f"ref.{ref.label}"), shown(ref.value), INFO) for ref in data.references if ref.value]
    person = data.contact
    asked = [("contact", person.name), ("phone", person.phone), ("email", person.email)] if person else []
    people = [(label(f"ref.{key}"), value, INFO) for key, value in asked if value]
    return [group for group in (own, others, people) if group]


def information(data: DocumentData) -> list[tuple[str, str]]:
    """What stands in the information block, as label and value."""
    return [(label, value) for group in _info_rows(data) for label, value, _ in group]


def _own_label(data: DocumentData, part: str) -> str:
    """What the kind calls its number or date."""
    key = f"document.{part}.{data.kind}"
    return translate(data.language, key if has_text(key) else f"document.{part}")


def _info_lines(data: DocumentData) -> list[tuple[float, str, str, Style]]:
    """The block line by line: distance from its top, label, value, style of the value."""
    groups = _info_rows(data)
    room = INFO_RIGHT - INFO_LEFT - _info_label_width(groups)
    lines: list[tuple[float, str, str, Style]] = []
    at = 0.0
    for group in groups:
        for label, value, style in group:
            fitting = _fitting_style(value, style, room)
            for index, part in enumerate(wrap(value, fitting, room, 3)):
                at += style.leading
                lines.append((at, "" if index else label, part, fitting))
        at += 1.6
    return lines


def _fitting_style(value: str, style: Style, room: float) -> Style:
    """One long word, such as a mail address, is set a little smaller before it is broken."""
    if " " in value.strip():
        return style
    return replace(style, size=max(6.8, min(style.size, style.size * room / max(width(value, style), 1))))


def _info_label_width(groups: list[list[tuple[str, str, Style]]]) -> float:
    return max(width(label, INFO_LABEL) for group in groups for label, _, _ in group) + 4


def _info_height(data: DocumentData) -> float:
    return _info_lines(data)[-1][0]


def _draw_info(pen: Pen, data: DocumentData, top: float) -> None:
    indent = INFO_LEFT + _info_label_width(_info_rows(data))
    for at, label, value, style in _info_lines(data):
        pen.text(INFO_LEFT, top + at, label, INFO_LABEL)
        pen.text(indent, top + at, value, style)


def _draw_footer(pen: Pen, data: DocumentData) -> None:
    left = data.design.left
    columns = _footer(data.company, data.language)
    pen.rule(left, FOOTER_TOP, RIGHT, HAIR, 0.5)
    gap = 5.0
    natural = [
        max(width(line, FOOT if index else FOOT_STRONG) for index, line in enumerate(column))
        for column in columns
    ]
    free = RIGHT - left - gap * (len(columns) - 1)
    share = [min(wide, free * 0.4) for wide in natural]
    spread = max(0.0, free - sum(share)) / max(len(columns) - 1, 1)
    shrink = min(1.0, free / sum(share))
    x = left
    for column, wide in zip(columns, share, strict=True):
        for index, line in enumerate(column):
            # An account number that does not fit is set smaller: cut off it would be worthless.
            style = _smaller(FOOT if index else FOOT_STRONG, shrink)
            pen.text(x, FOOTER_TOP + 4.4 + index * FOOT.leading, fit(line, style, wide * shrink + 0.1), style)
        x += wide * shrink + gap + spread


def _smaller(style: Style, factor: float) -> Style:
    """The style at a part of its size, as far as it can still be read."""
    return replace(style, size=max(min(style.size, 5.2), style.size * min(factor, 1.0)))


def _footer(company: Company, lang: str) -> list[list[str]]:
    """Columns of the footer: address, ways to reach, bank, legal facts; the first line of each stands out."""

    def named(key: str, value: str) -> str:
        return translate(lang, f"document.footer.{key}", value=value) if value else ""

    place = f"{company.postcode} {company.city}".strip()
    columns = [
        [company.name, company.street, place, company.country],
        [company.web or company.email, company.email if company.web else "", named("phone", company.phone)],
        [company.bank_name, named("iban", grouped_iban(company.iban)), named("bic", company.bic)],
        [
            company.register,
            named("managing_director", company.managing_director),
            named("vat_id", company.vat_id),
            named("tax_number", company.tax_number),
        ],
    ]
    return [filled for column in columns if (filled := [line for line in column if line])]


def grouped_iban(iban: str) -> str:
    """An IBAN in groups of four, as people read it."""
    plain = "".join(iban.split())
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))
