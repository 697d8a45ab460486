"""``werkbank db sanitise``: a copy of a database for training and tests, without anybody's data."""

import argparse
import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from app.commands import USAGE, CommandError, Commands, add_command

Address = Callable[[argparse.Namespace], str]


def register(parts: Commands, address: Address, server: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the command; ``server`` adds the options that name one, ``address`` finds its address."""
    parser = add_command(
        parts,
        "sanitise",
        "make a copy for training and tests: names, addresses, bank data, prices by made-up ones",
        lambda arguments: _sanitise(arguments, address),
    )
    parser.add_argument("--to", required=True, metavar="NAME", help="name of the copy, on the same server")
    parser.add_argument("--replace", action="store_true", help="make a copy of this name anew")
    parser.add_argument(
        "--people",
        action="store_true",
        help="also make a login for every role in the copy, with passwords that are shown once",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    server(parser)


def _sanitise(arguments: argparse.Namespace, address: Address) -> int:
    from app.services.sanitise import people
    from app.services.sanitise.copying import SanitiseError, sanitise
    from app.services.sanitise.register import RegisterError

    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", arguments.to):
        raise CommandError(
            f"--to {arguments.to!r}: a name of small letters, digits and _, with a letter first, of 63 at most",
            USAGE,
        )

    def progress(text: str) -> None:
        if not arguments.json:
            print(text, file=sys.stderr)

    try:
        done = sanitise(address(arguments), arguments.to, replace=arguments.replace, progress=progress)
    except (SanitiseError, RegisterError) as error:
        raise CommandError(str(error)) from error
    made = people.make(done.address, arguments.to) if arguments.people else []
    if arguments.json:
        # The address holds the administrator's password, so the answer leaves it out.
        facts: dict[str, Any] = {"database": arguments.to, "tables": done.tables, "rows": done.rows}
        facts |= {
            "replaced": done.replaced,
            "checked": done.checked,
            "logins": [asdict(person) for person in made],
        }
        print(json.dumps(facts, indent=2))
        return 0
    print(f"The copy {arguments.to!r} is ready: {done.rows} rows, {done.replaced} values replaced.")
    print(f"Looked for {done.checked} names, addresses and numbers of the original: none is left.")
    if made:
        print("\nLogins of the copy (role, login, password):")
        for person in made:
            print(f"  {person.role:<22} {person.login:<36} {person.password}")
    return 0
