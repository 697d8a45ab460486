"""The ``werkbank`` command: parses the arguments, runs the command, turns errors into one clear line."""

import argparse
import sys
from collections.abc import Callable, Sequence

from app.commands import (
    FAILED,
    INTERRUPTED,
    MISSING,
    USAGE,
    CommandError,
    clean,
    data,
    datev,
    db,
    documents,
    einvoice,
    guard,
    legacy,
    mail,
    printing,
    program,
    quality,
    simulate,
    sync,
)

PASSED_ON: dict[str, Callable[[list[str]], int]] = {"tour": program.tour_main, "bench": data.bench_main}
"""Commands with a parser of their own, which gets their arguments untouched."""


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    from app import __version__

    parser = argparse.ArgumentParser(prog="werkbank", description="Werkbank, an ERP for small manufacturers.")
    parser.add_argument("--version", action="version", version=f"Werkbank {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for group in (
        program,
        db,
        guard,
        data,
        quality,
        simulate,
        sync,
        printing,
        mail,
        legacy,
        documents,
        einvoice,
        datev,
        clean,
    ):
        group.register(commands)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run one command; returns its exit code: 0 done, 1 failed, 2 wrong usage, 3 something is missing."""
    try:
        if argv and argv[0] in PASSED_ON:
            return PASSED_ON[argv[0]](list(argv[1:]))
        parser = build_parser()
        arguments = parser.parse_args(list(argv))
        handler: Callable[[argparse.Namespace], int] | None = getattr(arguments, "handler", None)
        if handler is None:
            parser.print_help(sys.stderr)
            return USAGE
        return handler(arguments)
    except CommandError as failed:
        return _fail(str(failed), failed.code)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone, for example ``| head``.
        sys.stderr.close()
        return FAILED
    except Exception as unexpected:  # noqa: BLE001  (the outermost frame)
        return _explain(unexpected)


def _fail(text: str, code: int) -> int:
    print(f"werkbank: {text}", file=sys.stderr, flush=True)
    return code


def _explain(error: Exception) -> int:
    """Known kinds of errors say what they are; anything else is a bug and goes to the log with its trace."""
    from app.core.file_lock import LockTimeoutError
    from app.core.server_programs import EmbeddedError, InstanceNameError

    if isinstance(error, InstanceNameError):
        return _fail(str(error), USAGE)
    if isinstance(error, EmbeddedError | LockTimeoutError):
        return _fail(str(error), FAILED)
    import psycopg

    from app.core.schema import SchemaError

    if isinstance(error, SchemaError):
        return _fail(str(error), FAILED)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, psycopg.OperationalError):
            return _fail(
                f"the database cannot be reached or refused: {' '.join(str(cause).split())}", MISSING
            )
        if isinstance(cause, psycopg.ProgrammingError) and cause.sqlstate is None:
            return _fail(f"that is no address of a database: {' '.join(str(cause).split())}", USAGE)
        cause = cause.__cause__
    import logging

    from app.core import log, paths

    log.setup_logging("cli")
    logging.getLogger(__name__).error("unexpected error", exc_info=error)
    return _fail(f"unexpected error: {type(error).__name__}: {error} (details in {paths.logs()})", FAILED)
