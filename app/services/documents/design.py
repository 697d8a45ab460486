"""What a house changes about its papers: a small set of choices over what a kind declares.

A change is a mapping as it stands in `documents.template`; several apply one after the other, the narrower last: all
papers, one kind, one language, one customer.  A choice nobody made is the kind's own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from app.core.errors import Invalid

FONTS = ("sans", "serif")
FORMS = ("a", "b")
MARGINS = (15.0, 35.0)
TEXT_LENGTH = 4000
TEXTS = ("intro", "closing", "footer")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True)
class Design:
    """The choices for one document.  None leaves what the kind declares; `columns` says which are shown or not.

    `logo` is a PNG or JPEG in place of the company's; `left` the left margin in millimetres; `form` the form of
    DIN 5008 (a: higher address field).  An empty text leaves that text out.
    """

    accent: str = "#171B24"
    font: Literal["sans", "serif"] = "sans"
    form: Literal["a", "b"] = "b"
    left: float = 25.0
    logo: bytes | None = None
    show_logo: bool = True
    intro: str | None = None
    closing: str | None = None
    footer: str | None = None
    pictures: bool | None = None
    payment_code: bool = True
    marks: bool = True
    columns: Mapping[str, bool] = field(default_factory=dict)


NAMES = tuple(choice.name for choice in fields(Design))


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes that can be kept; raises Invalid `template_*` for the first that cannot."""
    unknown = sorted(set(changes) - set(NAMES) | {"logo"} & set(changes))
    if unknown:
        raise Invalid("template_unknown", name=unknown[0])
    good: dict[str, Any] = {}
    for name, value in changes.items():
        if value is None:
            continue
        good[name] = _checked(name, value)
    return good


def merged(changes: Iterable[tuple[Mapping[str, Any], bytes | None]]) -> Design:
    """The design that comes of changes and their logos, the widest first.

    What an older or newer program wrote and this one does not know is passed over: a paper is made all the same.
    """
    design = Design()
    for change, logo in changes:
        known: dict[str, Any] = {} if logo is None else {"logo": logo}
        for name, value in change.items():
            if name not in NAMES or name == "logo" or value is None:
                continue
            try:
                known[name] = _checked(name, value)
            except Invalid:
                continue
        if "columns" in known:
            known["columns"] = {**design.columns, **known["columns"]}
        design = replace(design, **known)
    return design


def _checked(name: str, value: Any) -> Any:
    if name == "accent":
        _require(isinstance(value, str) and _COLOUR.fullmatch(value) is not None, "template_colour")
    elif name in ("font", "form"):
        _require(value in (FONTS if name == "font" else FORMS), f"template_{name}")
    elif name == "left":
        _require(isinstance(value, int | float) and not isinstance(value, bool), "template_margin")
        _require(MARGINS[0] <= float(value) <= MARGINS[1], "template_margin", low=MARGINS[0], high=MARGINS[1])
        return float(value)
    elif name in TEXTS:
        _require(isinstance(value, str) and len(value) <= TEXT_LENGTH, "template_text", n=TEXT_LENGTH)
    elif name == "columns":
        _require(
            isinstance(value, Mapping)
            and all(isinstance(key, str) and isinstance(shown, bool) for key, shown in value.items()),
            "template_columns",
        )
        return dict(value)
    else:
        _require(isinstance(value, bool), "template_switch", name=name)
    return value


def _require(good: bool, key: str, **params: Any) -> None:
    if not good:
        raise Invalid(key, **params)
