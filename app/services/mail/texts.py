"""Texts with placeholders in braces: nothing but named values is ever put in, and an unknown name is refused."""

import re
from collections.abc import Mapping

from app.core.errors import Invalid
from app.models.mail import FIELDS

__all__ = ["FIELDS", "check", "fill", "in_one_line"]
_NAMED = re.compile(r"[{]([^{}]*)[}]")


def check(text: str) -> None:
    """Raises Invalid mail_template_placeholder for a name that is unknown, and for a brace that stands alone."""
    for found in _NAMED.finditer(text):
        if found[1] not in FIELDS:
            raise Invalid("mail_template_placeholder", what=found[0])
    if alone := re.search(r"[{}]", _NAMED.sub("", text)):
        raise Invalid("mail_template_placeholder", what=alone[0])


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its values, once: what a value says is never looked at again.  A line left empty by that goes."""
    lines = []
    for line in text.splitlines():
        filled = _NAMED.sub(lambda found: values.get(found[1], ""), line)
        if filled.strip() or not _NAMED.search(line):
            lines.append(filled.rstrip())
    return "\n".join(lines) + "\n"


def in_one_line(text: str) -> str:
    """For a subject: no line breaks, no control characters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
