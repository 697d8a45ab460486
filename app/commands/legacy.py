"""``werkbank legacy``: looking into the old system: its tables, their rows as a list or a file, the data dictionary."""

import argparse
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands import FAILED, INTERRUPTED, MISSING, USAGE, CommandError, Commands, add_command, say
from app.commands.login import add_address, ask_password, open_database

if TYPE_CHECKING:
    from app.services.legacy.browse import Reader
    from app.services.legacy.filters import Where
    from app.services.legacy.wire import Table

_CONDITION = re.compile(r"(?P<field>\w+(?:\.\w+)*)\s*(?P<op>>=|<=|!=|=|>|<|\^|~)\s*(?P<value>.*)", re.DOTALL)
_MISSING = frozenset({"legacy_key_missing", "legacy_no_server"})
_OPS = {"^": "begins", "~": "contains"}


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    group = commands.add_parser("legacy", help="look into the old system: tables, rows, data dictionary")
    parts = group.add_subparsers(title="commands", metavar="COMMAND", required=True)

    tables = add_command(parts, "tables", "list the tables with their rows and columns", _tables)
    tables.add_argument("table", nargs="?", help="show the columns of this one")
    tables.add_argument("--json", action="store_true", help="as JSON")

    browse = add_command(parts, "browse", "show rows of a table", _browse)
    browse.add_argument("table")
    _add_where(browse)
    browse.add_argument("--fields", default="", metavar="A,B", help="only these columns")
    browse.add_argument("--order", default="", metavar="A,B desc", help="in this order (default: by key)")
    browse.add_argument("--skip", type=_count, default=0, metavar="N", help="leave out the first N")
    browse.add_argument("--top", type=_count, default=20, metavar="N", help="at most N rows (default 20)")
    browse.add_argument("--json", action="store_true", help="one JSON object a line")

    export = add_command(parts, "export", "write a table to a file: CSV, XLSX or JSON by its suffix", _export)
    export.add_argument("table")
    export.add_argument("file", type=Path)
    _add_where(export)
    export.add_argument("--limit", type=_count, metavar="N", help="at most N rows")

    dictionary = add_command(parts, "dictionary", "write what the old system holds, as Markdown", _dictionary)
    dictionary.add_argument("file", type=Path)
    dictionary.add_argument("--tables", default="", metavar="A,B", help="only these (default: all)")
    dictionary.add_argument("--sample", type=int, default=3000, metavar="N", help="rows looked at in a table")
    dictionary.add_argument("--lang", choices=("de", "en"), default="de", help="language of the file")

    key = add_command(parts, "key", "set up the key passwords and the session are encrypted with", _key)
    key.add_argument("--give", action="store_true", help="give the key to all who may lead and wait for it")
    key.add_argument(
        "--fresh", action="store_true", help="a new key pair, when the password it lay under is gone"
    )
    word = add_command(parts, "password", "keep the password of a 4D server that asks for one", _password)
    word.add_argument(
        "--here", action="store_true", help="in this computer's credential store only, not in the database"
    )
    for one in (tables, browse, export, dictionary, word):
        one.add_argument("--server", metavar="CODE", default="", help="another 4D server than the live one")
    for one in (tables, browse, export, dictionary, key, word):
        add_address(one)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows")
    return int(text)


def _add_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="'FIELD=VALUE'",
        help="a condition: = != > < >= <= ^ (begins) ~ (contains); FIELD= alone is empty; several must all hold",
    )


@contextmanager
def _reader(arguments: argparse.Namespace) -> Iterator["Reader"]:
    from app.core.errors import AppError
    from app.core.i18n import translate
    from app.services.legacy.browse import open_reader

    database = open_database(arguments, "werkbank legacy")
    stop = threading.Event()
    waits: list[str] = []

    def waiting(reason: str, _until: datetime | None) -> None:
        if reason and reason not in waits:
            waits.append(reason)
            words = {
                "legacy_lead_wanted": "waiting for whoever leads to let go …",
                "legacy_sessions_full": "the old system has no free session; waiting for one …",
                "legacy_session_lost": "a session whose cookie is lost must end first; waiting …",
            }
            say(words.get(reason, reason))

    try:
        with open_reader(database, arguments.server, stop=stop, wait=waiting) as reader:
            yield reader
    except AppError as error:
        if error.key == "legacy_no_server" and arguments.server:
            raise CommandError(f"no 4D server {arguments.server!r} is in use", MISSING) from error
        code = MISSING if error.key in _MISSING else FAILED
        raise CommandError(translate("en", f"error.{error.key}", **error.params), code) from error
    except KeyboardInterrupt:
        raise CommandError("stopped", INTERRUPTED) from None
    finally:
        stop.set()
        database.close()


# -- tables and rows -------------------------------------------------------------------------------------------------


def _tables(arguments: argparse.Namespace) -> int:
    with _reader(arguments) as reader:
        if arguments.table:
            table = reader.table(arguments.table)
            found = [
                {"name": f.name, "type": f.type, "kind": f.kind, "indexed": f.indexed} for f in table.fields
            ]
            related = [{"name": r.name, "to": r.target, "many": r.many} for r in table.relations]
            if arguments.json:
                print(
                    json.dumps({"name": table.name, "key": table.key, "fields": found, "relations": related})
                )
                return 0
            print(f"{table.name}, key: {', '.join(table.key) or '?'}")
            for one in found:
                print(f"  {one['name']:<32} {one['type']}{' *' if one['indexed'] else ''}")
            for one in related:
                print(f"  {one['name']:<32} -> {one['to']}{' (many)' if one['many'] else ''}")
            return 0
        for name in reader.tables():
            table, rows = reader.table(name), reader.count(name)
            if arguments.json:
                print(
                    json.dumps({"name": name, "rows": rows, "fields": len(table.fields), "key": table.key}),
                    flush=True,
                )
            else:
                print(
                    f"{name:<32} {rows:>10,} rows  {len(table.fields):>3} fields  {', '.join(table.key)}",
                    flush=True,
                )
    return 0


def _browse(arguments: argparse.Namespace) -> int:
    from app.services.legacy.export import columns_of, plain

    with _reader(arguments) as reader:
        table = reader.table(arguments.table)
        fields = tuple(part.strip() for part in arguments.fields.split(",") if part.strip())
        page = reader.page(
            arguments.table,
            order=tuple(part.strip() for part in arguments.order.split(",") if part.strip()),
            skip=arguments.skip,
            top=arguments.top,
            where=_where(arguments.where, table),
            attributes=fields,
        )
        if arguments.json:
            for row in page.rows:
                print(json.dumps(plain(row), ensure_ascii=False))
            return 0
        columns = fields or columns_of(table)
        for row in page.rows:
            print(f"-- {row.get('__KEY')}")
            for name in columns:
                if row.get(name) not in (None, ""):
                    value = plain(row[name])
                    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                    print(f"   {name:<28} {text.replace(chr(10), ' / ')[:200]}")
        end = arguments.skip + len(page.rows)
        of = f" of {page.total:,}" if page.total is not None else ""
        print(f"rows {min(arguments.skip + 1, end):,} to {end:,}{of}")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from app.services.legacy.export import FORMATS, export

    if arguments.file.suffix.lower() not in FORMATS:
        raise CommandError(f"a file ends in {', '.join(FORMATS)}, not {arguments.file.name}", USAGE)
    if not arguments.file.parent.is_dir():
        raise CommandError(f"{arguments.file.parent} is not a folder", MISSING)

    def written(count: int, total: int | None) -> None:
        say(f"{count:,} rows" if total is None else f"{count:,} of {total:,} rows")

    with _reader(arguments) as reader:
        where = _where(arguments.where, reader.table(arguments.table))
        count = export(
            reader, arguments.table, arguments.file, where=where, limit=arguments.limit, written=written
        )
    print(f"{count:,} rows in {arguments.file}")
    return 0


def _where(conditions: list[str], table: "Table") -> "Where | None":
    """Conditions as typed, each value as its column's type wants it."""
    from app.core.errors import Invalid
    from app.services.legacy.filters import Where, all_of, is_null

    parts = []
    for text in conditions:
        found = _CONDITION.fullmatch(text.strip())
        field = table.field(found["field"]) if found is not None else None
        if found is None or (field is None and table.fields):
            names = ", ".join(one.name for one in table.fields)
            raise CommandError(f"{text!r} is no condition on {table.name}; its columns are {names}", USAGE)
        if not found["value"] and found["op"] in ("=", "!="):
            parts.append(is_null(found["field"]) if found["op"] == "=" else Where("not_null", found["field"]))
            continue
        try:
            value = _typed(found["value"], field.type if field else "string")
            parts.append(Where(_OPS.get(found["op"], found["op"]), found["field"], value))  # type: ignore[arg-type]
        except (Invalid, ValueError, InvalidOperation):
            kind = field.type if field else "text"
            raise CommandError(
                f"{found['value']!r} is no value for {found['field']} ({kind})", USAGE
            ) from None
    return all_of(*parts) if parts else None


def _typed(text: str, kind: str) -> Any:
    if kind == "date":
        return date.fromisoformat(text)
    if kind == "bool":
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    if kind in ("long", "long64", "word", "byte", "duration", "time"):
        return int(text)
    return Decimal(text) if kind == "number" else text


# -- dictionary and key ----------------------------------------------------------------------------------------------


def _dictionary(arguments: argparse.Namespace) -> int:
    from app.core.errors import Refused, Unavailable
    from app.core.i18n import translate
    from app.services.legacy import dictionary
    from app.services.legacy.wire import unknown_table

    if not arguments.file.parent.is_dir():
        raise CommandError(f"{arguments.file.parent} is not a folder", MISSING)
    found: list[dictionary.TableFacts] = []
    with _reader(arguments) as reader:
        names = [name.strip() for name in arguments.tables.split(",") if name.strip()] or list(
            reader.tables()
        )
        for number, name in enumerate(names, 1):
            try:
                facts = dictionary.look_at(reader, name, max(arguments.sample, 3))
            except (Refused, Unavailable) as error:
                if _ends(error):
                    raise
                words = translate(arguments.lang, f"error.{error.key}", **error.params)
                facts = dictionary.TableFacts(unknown_table(name), 0, error=words)
            found.append(facts)
            say(f"[{number}/{len(names)}] {name}: {facts.rows:,} rows")
    pieces: list[str] = []
    dictionary.write(
        found,
        language=arguments.lang,
        server=arguments.server or "4D",
        day=datetime.now(UTC).date(),
        out=pieces.append,
    )
    arguments.file.write_text("".join(pieces), "utf-8")
    print(f"{len(found)} tables in {arguments.file}")
    return 0


def _ends(error: Any) -> bool:
    """Whether no other table could be read either."""
    return error.key not in ("legacy_server_error", "legacy_request_refused", "legacy_cut", "legacy_timeout")


def _key(arguments: argparse.Namespace) -> int:
    from app.core import vault
    from app.core.errors import AppError
    from app.core.i18n import translate
    from app.services.legacy.secrets import KEY_NAME
    from app.services.security import keys

    database = open_database(arguments, "werkbank legacy")
    try:
        login = database.profile.login
        password = database.with_password(str)
        database.confirm(password)
        found = keys.unlock(database, KEY_NAME, password, fresh=arguments.fresh)
        if found.problem == "former":
            raise CommandError(
                f"the key pair of {login} lies under a former password; --fresh makes a new one"
            )
        if found.keyring is None:
            holders = ", ".join(found.holders)
            raise CommandError(
                f"{login} has a key pair and waits to be given the key by {holders or 'somebody who has it'}; "
                f"fingerprint {found.fingerprint}"
            )
        if found.recovery_code:
            print("Write this recovery code down and lock it away; it is shown this once:")
            print(found.recovery_code)
        print(f"{login} holds the key.")
        for one in found.waiting:
            print_ = vault.fingerprint(one.public)
            if not arguments.give:
                print(
                    f"{one.login} ({one.person}, fingerprint {print_}) waits for it: werkbank legacy key --give"
                )
                continue
            for command in keys.share_with(found.keyring, [one]):
                database.write(keys.share_data_key, command)
            print(f"Given to {one.login} ({one.person}, fingerprint {print_}).")
    except AppError as error:
        raise CommandError(translate("en", f"error.{error.key}", **error.params)) from error
    finally:
        database.close()
    return 0


def _password(arguments: argparse.Namespace) -> int:
    from app.core import credentials
    from app.core.errors import AppError
    from app.core.i18n import translate
    from app.services.legacy import secrets
    from app.services.legacy.commands import SetPassword
    from app.services.legacy.service import Server, choose, servers
    from app.services.legacy.writes import set_password

    database = open_database(arguments, "werkbank legacy")
    try:
        server: Server = choose(database.read(servers), arguments.server)
        if not server.username:
            raise CommandError(
                f"the server {server.code} has no user name: enter it first (Legacy › Servers)", USAGE
            )
        given = ask_password(f"{server.username} at {server.base_url}", "run it in a terminal")
        if arguments.here:
            lasting = credentials.remember(server.base_url, server.username, given)
            print(
                "Kept in the credential store."
                if lasting
                else "This computer has no credential store to trust."
            )
            return 0 if lasting else MISSING
        keyring = secrets.open_keys(database)
        if keyring is None:
            raise CommandError(translate("en", "error.legacy_key_missing"), MISSING)
        sealed, key_id = secrets.seal_password(keyring, server.id, given)
        database.write(set_password, SetPassword(server.id, sealed, key_id))
        print(f"Kept in the database, encrypted, for the server {server.code}.")
    except AppError as error:
        raise CommandError(translate("en", f"error.{error.key}", **error.params)) from error
    finally:
        database.close()
    return 0
