"""What a check found."""

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from app.core import format as texts
from app.core.errors import Invalid
from app.core.i18n import has_text, translate

ERROR, WARNING = "error", "warning"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """Something is wrong (`error`: the record is not written) or odd (`warning`: it is).

    ``code`` is the end of a text key: `validation.<code>`, `imports.reason.<code>` of a step of a mapping, or
    `error.<code>` of a rule shared with forms; ``field`` is the column it is about, empty for the whole record;
    ``params`` fill in the text.
    """

    severity: str
    code: str
    field: str = ""
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        """Whether the record may not be written."""
        return self.severity == ERROR

    def words(self, lang: str) -> str:
        """The sentence for a person."""
        for key in (f"validation.{self.code}", f"imports.reason.{self.code}", f"error.{self.code}"):
            if has_text(key):
                shown = {name: _shown(value, lang) for name, value in self.params.items()}
                return translate(lang, key, **shown)
        return translate(lang, "validation.other", code=self.code)

    def as_json(self) -> dict[str, Any]:
        """Plain data, as it is kept with a record."""
        params = {name: _plain(value) for name, value in self.params.items()}
        return {"severity": self.severity, "code": self.code, "field": self.field, "params": params}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Finding":
        """The finding again."""
        return cls(
            str(data.get("severity", ERROR)),
            str(data.get("code", "")),
            str(data.get("field") or ""),
            data.get("params") or {},
        )


def worst(findings: Iterable[Finding]) -> str | None:
    """The gravest severity among them; None without any."""
    found = {finding.severity for finding in findings}
    return ERROR if ERROR in found else WARNING if found else None


def refuse(findings: Iterable[Finding]) -> None:
    """Raise the first error among them as `Invalid`, as services refuse what a form sends."""
    for finding in findings:
        if finding.is_error:
            raise Invalid(finding.code, column=finding.field)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)


def _shown(value: Any, lang: str) -> Any:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Decimal):
        return texts.number(value, lang)
    if isinstance(value, date):
        return texts.date_(value, lang)
    return "–" if value is None else value
