"""``werkbank db …``: the database, embedded or on a server."""

import argparse
import json
import os
from typing import TYPE_CHECKING, Any, LiteralString

from app.commands import (
    FAILED,
    MISSING,
    USAGE,
    CommandError,
    Commands,
    add_command,
    guard,
    sanitise,
    say,
    sync,
    trail,
)

if TYPE_CHECKING:
    from app.core.embedded import Instance

OPEN_SESSION = """SELECT sec.session_open('{"program": "psql"}')"""


def register(commands: Commands) -> None:
    """Add the command group to the parser."""
    group = commands.add_parser("db", help="the database: embedded server, set-up, upgrade, checks")
    parts = group.add_subparsers(title="database commands", metavar="COMMAND", required=True)

    start = add_command(parts, "start", "start the embedded server and make it ready to use", _start)
    _instance(start)
    _as_json(start)
    start.add_argument(
        "--demo", action="store_true", help="also load the demo company if the database is empty"
    )
    start.add_argument(
        "--bare", action="store_true", help="only the server: no database, no schema, no people"
    )

    stop = add_command(parts, "stop", "stop the embedded server", _stop)
    _instance(stop)
    _as_json(stop)

    status = add_command(parts, "status", "show how to reach the embedded server", _status)
    _instance(status)
    _as_json(status)

    drop = add_command(parts, "drop", "delete an embedded server with all its data", _drop)
    _instance(drop)
    drop.add_argument("--yes", action="store_true", help="do not ask")

    init = add_command(parts, "init", "set up roles, database and schema on a PostgreSQL server", _init)
    _admin_dsn(init, required=True)
    init.add_argument("--dbname", default="werkbank", help="name of the new database (default: %(default)s)")

    upgrade = add_command(parts, "upgrade", "bring the schema up to this version of the program", _upgrade)
    _instance(upgrade)
    _admin_dsn(upgrade, required=False)

    for login in (guard.register_login(parts), sync.register_login(parts)):
        _instance(login)
        _admin_dsn(login, required=False)

    unlock = add_command(
        parts, "unlock", "unlock a login from the server's side, whoever is locked out", _unlock
    )
    unlock.add_argument("login", metavar="LOGIN", help="for example u_ralf")
    _instance(unlock)
    _admin_dsn(unlock, required=False)

    trail.register(parts, admin_address, _server)
    sanitise.register(parts, admin_address, _server)

    grant = add_command(
        parts, "grant", "give a role from the server's side, when there is nobody left to agree to it", _grant
    )
    grant.add_argument("login", metavar="LOGIN", help="for example u_ralf")
    grant.add_argument("role", metavar="ROLE", help="for example administrator")
    grant.add_argument("--reason", required=True, help="stands in the audit trail")
    grant.add_argument("--hours", type=int, help="how long; without it until it is revoked")
    _instance(grant)
    _admin_dsn(grant, required=False)

    check = add_command(parts, "check", "look for drift, missing protection and inconsistent data", _check)
    check.add_argument(
        "--security",
        action="store_true",
        help="only what concerns access: rights, logins, the server's settings, and what to do",
    )
    _instance(check)
    _admin_dsn(check, required=False)

    mutants = add_command(
        parts,
        "mutants",
        "take every protection away in turn: do the proofs notice? (a checkout's tool)",
        _mutants,
    )
    mutants.add_argument("--sample", type=int, default=0, metavar="N", help="only N of them, of every kind")
    mutants.add_argument("--seed", type=int, metavar="S", help="the sample that a run with this number tried")


def make_ready(instance: "Instance", *, company: bool = False) -> None:
    """Start the embedded server, create or upgrade its database and demo people, and load the demo company."""
    if not instance.status().running:
        say(f"Starting the embedded server {instance.name!r} …")
    instance.ensure()
    from app.core import schema

    # Creates what is missing and is quick when nothing is.
    schema.init(instance.admin_dsn("postgres"), instance.dbname)
    if company:
        from app.services.demo import load

        say("Loading the demo company, if the database is empty …")
        load.ensure(instance.admin_dsn(), instance.people)
    else:
        from app.services.demo import people

        people.ensure(instance.admin_dsn(), instance.people)


def start_guard(instance: "Instance") -> None:
    """Let a guard watch the embedded server for as long as it runs."""
    from app.guard.setup import start_embedded

    start_embedded(instance)


def describe(instance: "Instance") -> dict[str, Any]:
    """Everything another client needs to connect; the shape of ``db status --json``."""
    from app.core.people import DEMO_PEOPLE

    status = instance.status()
    people = instance.people if status.exists else {}
    return {
        "instance": status.instance,
        "running": status.running,
        "host": status.host,
        "port": status.port,
        "dbname": status.dbname,
        "admin_dsn": status.admin_dsn,
        "data": status.data,
        "log": status.log,
        "logins": [
            {
                "login": person.login,
                "person": person.name,
                "role": person.role,
                "password": people[person.login],
                "dsn": instance.user_dsn(person.login),
                "open_session": OPEN_SESSION,
            }
            for person in DEMO_PEOPLE
            if person.login in people
        ],
    }


def _print(instance: "Instance", *, as_json: bool) -> None:
    facts = describe(instance)
    if as_json:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    if facts["port"] is None:
        print(f"The embedded server {instance.name!r} has not been set up yet: werkbank db start")
        return
    state = "is running" if facts["running"] else "is stopped"
    print(f"The embedded server {instance.name!r} {state}: {facts['host']}:{facts['port']}")
    print(f"Database       {facts['dbname']}")
    print(f"Administrator  {facts['admin_dsn']}")
    print(f"Data, logs     {facts['data']}, {facts['log']}")
    print("\nDemo logins (name, role, address):")
    for login in facts["logins"]:
        print(f"  {login['person']:<16} {login['role']:<20} {login['dsn']}")
    print("\nAny client sees data only after it has opened its session, for example in psql:")
    print(f"  {OPEN_SESSION} AS ticket \\gset")
    print("  SET erp.ticket = :'ticket';")


def _start(arguments: argparse.Namespace) -> int:
    instance = _chosen(arguments)
    if arguments.bare:
        instance.ensure()
    else:
        make_ready(instance, company=arguments.demo)
        start_guard(instance)
    _print(instance, as_json=arguments.json)
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    instance = _chosen(arguments)
    stopped = instance.stop()
    if arguments.json:
        print(json.dumps(describe(instance), indent=2, ensure_ascii=False))
    else:
        print(
            f"The embedded server {instance.name!r} "
            + ("has been stopped." if stopped else "was not running.")
        )
    return 0


def _status(arguments: argparse.Namespace) -> int:
    _print(_chosen(arguments), as_json=arguments.json)
    return 0


def _drop(arguments: argparse.Namespace) -> int:
    instance = _chosen(arguments)
    if not instance.folder.exists():
        print(f"There is no embedded server {instance.name!r}.")
        return 0
    if not arguments.yes:
        confirm(f"Delete the embedded server {instance.name!r} with all its data?")
    instance.remove()
    print(f"The embedded server {instance.name!r} and its data are gone.")
    return 0


def _init(arguments: argparse.Namespace) -> int:
    from app.core import schema

    # The address holds the administrator's password, so the answer leaves it out.
    address = schema.init(_dsn_given(arguments), arguments.dbname)
    from app.guard.settings import settings_file
    from app.guard.setup import write_settings

    file = settings_file()
    write_settings(file, address)
    print(
        f"Database {arguments.dbname!r} is ready. The guard's settings are in {file}; it belongs on the server."
    )
    return 0


def _upgrade(arguments: argparse.Namespace) -> int:
    from app.core import schema

    address = admin_address(arguments)
    schema.require_ours(address)
    schema.upgrade(address)
    print("The schema is up to date.")
    return 0


def _unlock(arguments: argparse.Namespace) -> int:
    _as_superuser(arguments, "SELECT sec.user_unlock(%s)", arguments.login)
    print(f"{arguments.login} may sign in again.")
    return 0


def _grant(arguments: argparse.Namespace) -> int:
    if arguments.hours is not None and not 0 < arguments.hours <= 24 * 366:
        raise CommandError("--hours must be between 1 and 8784")
    _as_superuser(
        arguments,
        "SELECT sec.break_glass(%s, %s, %s::int, %s)",
        arguments.login,
        arguments.role,
        arguments.hours,
        arguments.reason,
    )
    until = f" for {arguments.hours} hour(s)" if arguments.hours else ""
    print(f"{arguments.login} has the role {arguments.role}{until}. The audit trail and an alarm tell of it.")
    return 0


def _as_superuser(arguments: argparse.Namespace, statement: LiteralString, *values: object) -> None:
    """Run one statement; what the database refuses becomes the line the user reads."""
    import psycopg

    from app.core.errors import map_db_error
    from app.core.i18n import translate

    with psycopg.connect(admin_address(arguments), autocommit=True) as connection:
        try:
            connection.execute(statement, values)
        except psycopg.Error as error:
            known = map_db_error(error)
            if known is None:
                raise
            raise CommandError(translate("en", f"error.{known.key}", **known.params)) from error


def _check(arguments: argparse.Namespace) -> int:
    from app.core import schema

    address = admin_address(arguments)
    schema.require_ours(address)
    if arguments.security:
        return _check_security(address)
    findings = schema.check(address)
    for finding in findings:
        print(f"{finding.check}: {finding.what}")
    print(f"{len(findings)} finding(s)." if findings else "No findings.")
    return FAILED if findings else 0


def _check_security(address: str) -> int:
    """Print what was found, and what to do about it; what is said twice is said once."""
    import psycopg

    from migrations import site

    with psycopg.connect(address) as connection:
        connection.read_only = True
        found = list(site.look(connection))
    for place, advice in enumerate(found):
        print(f"{advice.check}: {advice.what}")
        if place + 1 == len(found) or found[place + 1].remedy != advice.remedy:
            print(f"  -> {advice.remedy}")
    print(f"{len(found)} finding(s)." if found else "No findings.")
    return FAILED if found else 0


def _mutants(arguments: argparse.Namespace) -> int:
    from importlib.util import find_spec

    if find_spec("pytest") is None:
        raise CommandError(
            "the tools of requirements/dev.txt are not installed; run ./werkbank test once", MISSING
        )
    # The proofs are tests; the program itself knows nothing of them.
    from importlib import import_module

    good: bool = import_module("tests.proof.mutants").main(arguments.sample, arguments.seed)
    return 0 if good else FAILED


def confirm(question: str) -> None:
    """Ask at the terminal; without one, or on any answer but yes, the command ends."""
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        raise CommandError("nobody to ask; say --yes") from None
    if answer.strip().lower() not in {"y", "yes", "j", "ja"}:
        raise CommandError("nothing was changed")


def _chosen(arguments: argparse.Namespace) -> "Instance":
    from app.core.embedded import Instance

    return Instance(arguments.instance)


def _dsn_given(arguments: argparse.Namespace) -> str:
    found: str = arguments.admin_dsn or ""
    if not found:
        raise CommandError("--admin-dsn or WERKBANK_ADMIN_DSN must name the server", USAGE)
    return found


def admin_address(arguments: argparse.Namespace) -> str:
    """The server that was named, or the embedded instance, which is started when it is set up but stopped."""
    if arguments.admin_dsn:
        return _dsn_given(arguments)
    instance = _chosen(arguments)
    if not instance.status().exists:
        raise CommandError(
            f"the embedded server {instance.name!r} has not been set up; werkbank db start, or --admin-dsn",
            MISSING,
        )
    return instance.ensure().admin_dsn()


def _instance(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--instance", default="main", metavar="NAME", help="which embedded server (default: %(default)s)"
    )


def _server(parser: argparse.ArgumentParser) -> None:
    _instance(parser)
    _admin_dsn(parser, required=False)


def _as_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _admin_dsn(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--admin-dsn",
        metavar="DSN",
        # On the command line a password can be seen by every user of the machine.
        default=os.environ.get("WERKBANK_ADMIN_DSN"),
        help="administrator's libpq address of a server; without it the environment's WERKBANK_ADMIN_DSN"
        + ("" if required else ", else the embedded server"),
    )
