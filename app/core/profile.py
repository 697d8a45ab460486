"""What a client knows about its user once the session is open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Profile:
    """The person behind the session. For showing and hiding only: the database decides again on every call.

    `rights` holds names of api functions and `schema.table:select|insert|update|discard`; `limits` for example
    `discount_pct`, in percent; `warehouses` the ids the person may see. `epoch` goes up whenever the rights change,
    `elevated` are roles held for some hours only. `assurance` is how the session was opened (`enrol`: a second factor
    must be set up first), `second_factor` whether there is one. `password_days` are left until the password ends.
    `guided` says whether the first-run guide was seen, `role_titles` names the house's own roles by language.
    """

    login: str
    person: str
    language: str
    roles: tuple[str, ...]
    rights: frozenset[str]
    limits: Mapping[str, Decimal]
    warehouses: tuple[int, ...]
    company: str
    server_version: int
    currency: str = "EUR"
    company_language: str = "de"
    time_zone: str = "Europe/Berlin"
    email: str = ""
    phone: str = ""
    epoch: int = 0
    session: int = 0
    assurance: str = "password"
    operator: str = ""
    elevated: tuple[str, ...] = ()
    second_factor: bool = False
    password_days: int | None = None
    guided: bool = True
    role_titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def can(self, right: str) -> bool:
        """Whether one of the person's roles has the right."""
        return right in self.rights

    def limit(self, name: str) -> Decimal:
        """The person's upper limit; 0 when no role has one."""
        return self.limits.get(name, Decimal(0))

    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> Self:
        """Build it from what `sec.my_profile()` returned."""
        company = answer.get("company") or {}
        return cls(
            login=answer["login"],
            person=answer["person"],
            language=answer["language"],
            roles=tuple(answer["roles"]),
            rights=frozenset(answer["rights"]),
            limits={name: Decimal(value) for name, value in answer["limits"].items()},
            warehouses=tuple(answer["warehouses"]),
            company=company.get("name", ""),
            server_version=int(answer["server_version"]),
            currency=company.get("currency", "EUR"),
            company_language=company.get("language", "de"),
            time_zone=company.get("time_zone", "Europe/Berlin"),
            email=answer["email"],
            phone=answer["phone"],
            epoch=int(answer["epoch"]),
            session=int(answer["session"]["id"]),
            assurance=answer["session"]["assurance"],
            operator=answer["session"]["operator"] or "",
            elevated=tuple(answer["session"]["elevated"]),
            second_factor=answer["second_factor"],
            password_days=None if answer["password_days"] is None else int(answer["password_days"]),
            guided=answer["guided"],
            role_titles=answer["role_titles"],
        )
