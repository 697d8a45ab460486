"""The designs that come with the program, the records they are for, and whether a design can print at all."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import yaml

from app.core.errors import AppError, Invalid
from app.core.paths import REPOSITORY
from app.services.labels.design import Design, read, used_fields
from app.services.labels.fields import Record
from app.services.labels.layout import lay_out

FOLDER = REPOSITORY / "resources" / "labels"
# Kinds of records that labels are printed of; each has its file of designs.
TOPICS = ("product", "lot", "place", "box", "slot", "delivery", "work_order", "badge", "mould")
# Kinds of documents for the routes of printers; single labels without a route of their own go where "label" goes.
ANY_LABEL, SHEET = "label", "label_sheet"
PRINTED = (*(f"label_{topic}" for topic in TOPICS), SHEET)
# Records that are about a product have its fields too.
_ABOUT_PRODUCTS = ("product", "lot", "work_order")


@cache
def _samples() -> Mapping[str, Mapping[str, Any]]:
    samples: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "samples.yaml").read_text("utf-8"))
    return samples


def sample(topic: str) -> Record:
    """A record as records of the topic usually are, with every field filled."""
    values = {**_samples()["common"], **_samples()[topic]}
    return {key: Decimal(str(value)) if isinstance(value, float) else value for key, value in values.items()}


def fields_of(topic: str) -> tuple[str, ...]:
    """The fields a design for the topic may ask for."""
    keys = set(sample(topic))
    if topic in _ABOUT_PRODUCTS:
        keys |= {key for key in sample("product") if key not in ("product.price", "code.own")}
        keys |= {"product.picture", "product.family"}
    named = {key.partition("@")[0] for key in keys}
    return tuple(sorted(named))


@cache
def designs(topic: str) -> Mapping[str, Design]:
    """The program's designs for a topic by key; raises what is wrong with one."""
    declared: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / f"{topic}.yaml").read_text("utf-8"))
    return {key: load({**given, "key": key, "topic": topic}) for key, given in declared.items()}


def load(declared: Mapping[str, Any]) -> Design:
    """A design that prints; raises the first of what is wrong."""
    design, problems = check(declared)
    if problems or design is None:
        raise problems[0]
    return design


def check(declared: Mapping[str, Any]) -> tuple[Design | None, list[AppError]]:
    """A design and everything wrong with it: form, unknown fields, and what does not fit at a density it offers."""
    design, problems = read(declared)
    if design is None or problems:
        return design, problems
    if design.topic not in TOPICS:
        return design, [Invalid("label_design_topic", element=0, value=design.topic)]
    known = set(fields_of(design.topic))
    for number, element in enumerate(design.elements, 1):
        problems += [
            Invalid("label_design_field_unknown", element=number, value=name)
            for name in sorted(used_fields([element]) - known)
        ]
    return design, problems or _unprintable(design)


def _unprintable(design: Design) -> list[AppError]:
    """What does not fit when the sample is printed at each density."""
    record = sample(design.topic)
    found: dict[tuple[str, int], AppError] = {}
    for density in design.densities:
        try:
            lay_out(design, record, density=density)
        except AppError as error:
            error.params["density"] = density
            found.setdefault((error.key, error.params.get("element", 0)), error)
    return list(found.values())
