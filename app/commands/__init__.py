"""The ``werkbank`` command, one module per group of subcommands.

Importing a module here must stay cheap: whatever a command needs is imported inside its handler, so that
``werkbank --help`` answers at once and works before the program's parts are complete.
"""

import argparse
import sys
from typing import Any, Protocol

FAILED = 1
USAGE = 2
MISSING = 3
"""Something outside the program is missing: a package, a file, a server that was never set up."""
WAITING = 4
"""Nothing went wrong, and something is still to be done: it waits for its next try."""
INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot go on; the text is the one line the user reads, ``code`` the exit code."""

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.code = code


class Handler(Protocol):
    """Runs one command and returns the exit code."""

    def __call__(self, arguments: argparse.Namespace, /) -> int: ...


class Commands(Protocol):
    """What ``add_subparsers()`` returns, as far as the commands use it."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser: ...


def add_command(commands: Commands, name: str, help_text: str, handler: Handler) -> argparse.ArgumentParser:
    """Add a subcommand whose handler ``app.cli.main`` calls."""
    parser = commands.add_parser(
        name, help=help_text, description=help_text[:1].upper() + help_text[1:] + "."
    )
    parser.set_defaults(handler=handler)
    return parser


def say(text: str) -> None:
    """Progress for the person at the terminal; on stderr, so that stdout stays a result a program can read."""
    print(text, file=sys.stderr, flush=True)
