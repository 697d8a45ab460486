"""Rights as they stand in the database: who may what, and why somebody may not."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core.db import call_api
from app.services.security.rows import build, fetch


class Holder(NamedTuple):
    """Somebody, by login and name."""

    login: str
    person: str
    department: str | None = None


class RoleThatCan(NamedTuple):
    """A role that carries the right.

    `conflict`: a role of the person it must not come together with; `votes`: how many people must agree to a grant.
    """

    role: str
    title_de: str
    title_en: str
    kind: str
    sensitive: bool
    votes: int
    rights: int
    conflict: str | None
    mine: bool
    requestable: bool
    holders: tuple[Holder, ...]


class Had(NamedTuple):
    """The person had the right until then; `ended_by` is None when its time was over."""

    role: str
    kind: str
    until: dt.datetime
    ended_by: str | None
    reason: str


class Comes(NamedTuple):
    """The person will have it from then on."""

    role: str
    valid_from: dt.datetime


class OpenRequest(NamedTuple):
    """What has been asked for already."""

    id: int
    kind: str
    role: str
    since: dt.datetime


class Why(NamedTuple):
    """The answer to "Why can't I?". `request` is the smallest role to ask for; roles come smallest first.

    `hours`: for how long a role can be had at most when it is not for good.
    """

    right: str
    has: bool
    login: str
    device_lacks: bool
    roles: tuple[RoleThatCan, ...]
    request: str | None
    hours: int
    granters: tuple[Holder, ...]
    approvers: tuple[Holder, ...]
    had: Had | None
    comes: Comes | None
    open: tuple[OpenRequest, ...]


class MatrixRow(NamedTuple):
    """A right and who has it.

    `depth`: table, column (only some may be written), row (`row_scope` says which), function, report. `logins` and
    `people` are those who have one of the `roles` now.
    """

    right: str
    depth: str
    object: str
    verb: str | None
    columns: tuple[str, ...] | None
    row_scope: str | None
    roles: tuple[str, ...]
    logins: tuple[str, ...]
    people: tuple[str, ...]


def why(session: Session, right: str) -> Why:
    """Everything about a right (a function's name or `schema.table:verb`) that the person may lack; one round trip."""
    answer = call_api(session, "sec.why", p_right=right)
    had, comes = answer["had"], answer["comes"]
    return Why(
        right=answer["right"],
        has=answer["has"],
        login=answer["login"],
        device_lacks=answer["device_lacks"],
        roles=tuple(
            build(RoleThatCan, one)._replace(holders=_holders(one["holders"])) for one in answer["roles"]
        ),
        request=answer["request"],
        hours=int(answer["hours"]),
        granters=_holders(answer["granters"]),
        approvers=_holders(answer["approvers"]),
        had=None if had is None else build(Had, had),
        comes=None if comes is None else Comes(comes["role"], dt.datetime.fromisoformat(comes["from"])),
        open=tuple(build(OpenRequest, one) for one in answer["open"]),
    )


def matrix(
    session: Session,
    *,
    login: str | None = None,
    role: str | None = None,
    table: str | None = None,
    function: str | None = None,
) -> tuple[MatrixRow, ...]:
    """Who may what, as the database holds it; every filter narrows it down."""
    return fetch(
        session,
        MatrixRow,
        "sec.permission_matrix",
        p_login=login,
        p_role=role,
        p_table=table,
        p_function=function,
    )


def _holders(found: list[Mapping[str, Any]]) -> tuple[Holder, ...]:
    return tuple(build(Holder, one) for one in found)
