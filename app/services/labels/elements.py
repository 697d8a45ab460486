"""Elements of a design as rows of a table, and back: what an editor shows of them.

What a row has no column for stays with it under ``rest``, so editing a design loses nothing.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

# Kinds a row may have: words, the codes, and marks.
KINDS = (
    "text",
    "code128",
    "gtin",
    "ean13",
    "ean8",
    "itf14",
    "qr",
    "datamatrix",
    "gs1_128",
    "gs1_datamatrix",
    "line",
    "box",
    "fill",
    "picture",
)


def rows(elements: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each element, numbered from 1."""
    return [{"id": number, **_row(element)} for number, element in enumerate(elements, 1)]


def elements(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The elements of rows, in their order."""
    return [_element(line) for line in lines]


def _row(element: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(element)
    when = rest.pop("when", [])
    row: dict[str, Any] = {
        "when": ", ".join(when) if isinstance(when, list) else str(when),
        "content": None,
        "content_en": None,
        "size": None,
        "align": None,
    }
    if "text" in rest:
        said = rest.pop("text")
        both = said if isinstance(said, Mapping) else {"de": said}
        row |= {"kind": "text", "content": both.get("de"), "content_en": both.get("en")}
        row |= {"size": _number(rest.pop("font", None)), "align": rest.pop("align", None)}
        row |= _placed(rest.pop("at", ()))
    elif "code" in rest:
        kinds = rest.pop("code")
        kinds = list(kinds) if isinstance(kinds, list) else [kinds]
        source = "gs1" if str(kinds[0]).startswith("gs1") else "value"
        row |= {"kind": kinds[0], "content": rest.pop(source, None)}
        row |= {"size": _number(rest.pop("words", None)), "align": rest.pop("align", None)}
        row |= _placed(rest.pop("at", ()))
        if kinds[1:]:
            rest["or"] = kinds[1:]
    elif "line" in rest:
        x1, y1, x2, y2 = rest.pop("line")
        row |= {"kind": "line", "size": _number(rest.pop("width", None))}
        row |= _placed((min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1)))
    elif "box" in rest:
        row |= _placed(rest.pop("box"))
        row |= {
            "kind": "fill" if rest.pop("fill", False) else "box",
            "size": _number(rest.pop("width", None)),
        }
    else:
        row |= {"kind": "picture", "content": rest.pop("picture", None), **_placed(rest.pop("at", ()))}
    return {**row, "rest": rest}


def _placed(area: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(("x", "y", "wide", "high"), map(_number, area), strict=False))


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _plain(value: Any) -> Any:
    """A number as designs are kept in: JSON and YAML know no decimals."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def _element(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(row.get("kind") or "text")
    rest = dict(row.get("rest") or {})
    at = [
        _plain(row.get(key) if row.get(key) is not None else Decimal(0)) for key in ("x", "y", "wide", "high")
    ]
    content, size, align = row.get("content") or "", _plain(row.get("size")), row.get("align")
    element: dict[str, Any]
    if kind == "text":
        rest.pop("or", None)
        english = row.get("content_en")
        element = {"text": {"de": content, "en": english} if english else content, "at": at, "font": size}
        element["align"] = align
    elif kind == "line":
        element = {"line": [at[0], at[1], _sum(at[0], at[2]), _sum(at[1], at[3])], "width": size}
    elif kind in ("box", "fill"):
        element = {"box": at, "width": size, "fill": kind == "fill" or None}
    elif kind == "picture":
        element = {"picture": content, "at": at}
    else:
        others = [other for other in rest.pop("or", []) if other != kind]
        source = "gs1" if kind.startswith("gs1") else "value"
        element = {
            "code": [kind, *others] if others else kind,
            source: content,
            "at": at,
            "words": size,
            "align": align,
        }
    when = [part.strip() for part in str(row.get("when") or "").split(",") if part.strip()]
    element["when"] = when if len(when) > 1 else when[0] if when else None
    return {key: value for key, value in {**rest, **element}.items() if value is not None and value != ""}


def _sum(one: Any, other: Any) -> Any:
    return _plain(Decimal(str(one)) + Decimal(str(other)))
