"""``werkbank test``: every check of the program, one after the other."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence

from app.commands import FAILED, MISSING, CommandError, Commands, add_command

_LINT_IMPORTS = (
    "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
)


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    test = add_command(
        commands, "test", "run every check: format, lint, types, import contracts, tests", _test
    )
    test.add_argument("--only-tests", action="store_true", help="leave out the checks before the tests")
    test.add_argument("pytest", nargs="*", metavar="-- PYTEST", help="arguments for pytest, after --")


def _test(arguments: argparse.Namespace) -> int:
    from importlib.util import find_spec

    from app.core import paths

    if find_spec("pytest") is None:
        raise CommandError(
            "the tools of requirements/dev.txt are not installed; use ./werkbank test", MISSING
        )
    caches = paths.ensure_private(paths.cache() / "checks")
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "RUFF_CACHE_DIR": str(caches / "ruff"),
        "MYPY_CACHE_DIR": str(caches / "mypy"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(caches / "hypothesis"),
    }
    python = sys.executable
    failed: list[str] = []
    steps: dict[str, Sequence[str]] = {
        "format": (python, "-m", "ruff", "format", "--check", "--diff", "--quiet", "."),
        "lint": (python, "-m", "ruff", "check", "."),
        "types": (python, "-m", "mypy"),
        "import contracts": (python, "-c", _LINT_IMPORTS, "--cache-dir", str(caches / "imports")),
    }
    for name, command in () if arguments.only_tests else steps.items():
        print(f"== {name}", flush=True)
        began = time.monotonic()
        good = subprocess.run(command, check=False, cwd=paths.REPOSITORY, env=environment).returncode == 0
        print(f"== {name}: {'passed' if good else 'FAILED'} in {time.monotonic() - began:.1f} s", flush=True)
        if not good:
            failed.append(name)
    if failed:
        print(f"== FAILED before the tests: {', '.join(failed)}", flush=True)
    print("== tests", flush=True)
    # Each worker has a server of its own; `-n0` among the arguments runs everything in one process.
    tests = (python, "-m", "pytest", "-n", "auto", "-o", f"cache_dir={caches / 'pytest'}", *arguments.pytest)
    # pytest's closing line stays the last one: it carries result and time of this step.
    outcome = subprocess.run(tests, check=False, cwd=paths.REPOSITORY, env=environment).returncode
    return outcome or (FAILED if failed else 0)
