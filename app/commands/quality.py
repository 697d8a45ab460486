"""``werkbank test``: every check of the program, one after the other."""

import argparse
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from app.commands import FAILED, MISSING, CommandError, Commands, add_command

# Where Debian and Ubuntu put the programs of the oldest supported version.
_OLDEST = Path("/usr/lib/postgresql/15/bin")
_PROOFS = (
    "tests/guards/test_catalogue.py",
    "tests/guards/test_guards_see.py",
    "tests/guards/test_proofs.py",
    "tests/views/test_merge.py",
    "tests/db/test_insider.py",
    "tests/db/test_people.py",
    "tests/guards/test_rights_executed.py",
    "tests/guards/test_site.py",
    "tests/db/test_bad_days_forged.py",
    "tests/db/test_bad_days_leaks.py",
    "tests/db/test_audit_coverage.py",
    "tests/db/test_audit_seal.py",
    "tests/db/test_guard.py",
    "tests/db/test_platform_psql.py",
    "tests/db/test_platform_session.py",
    "tests/db/test_platform_costs.py",
    "tests/db/test_assignments.py",
    "tests/db/test_roles.py",
    "tests/db/test_passwords.py",
    "tests/db/test_second_factor.py",
    "tests/db/test_terminals.py",
    "tests/db/test_injection.py",
)
# Where it is set, those programs have to be there.
_REQUIRED = "WERKBANK_TEST_OLDEST"
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
    steps: dict[str, Sequence[str]] = {
        "types": (python, "-m", "mypy"),
        "format": (python, "-m", "ruff", "format", "--check", "--diff", "--quiet", "."),
        "lint": (python, "-m", "ruff", "check", "."),
        "import contracts": (python, "-c", _LINT_IMPORTS, "--cache-dir", str(caches / "imports")),
    }
    # Each worker has a server of its own; `-n0` among the arguments runs everything in one process.
    tests = (python, "-m", "pytest", "-n", str(workers()), "--dist", "worksteal")
    tests = (*tests, "-o", f"cache_dir={caches / 'pytest'}", *arguments.pytest)
    with _beside({} if arguments.only_tests else steps, environment) as failed:
        print("== tests", flush=True)
        outcome = subprocess.run(tests, check=False, cwd=paths.REPOSITORY, env=environment).returncode
        if not arguments.pytest:
            outcome = _on_another_version(tests, environment) or outcome
    if failed:
        print(f"== FAILED beside the tests: {', '.join(failed)}", flush=True)
    return outcome or (FAILED if failed else 0)


def cores() -> int:
    """How many processors this process may use: hardware threads, less where its group or its mask allows fewer."""
    masked = getattr(os, "sched_getaffinity", None)
    found = len(masked(0)) if masked is not None else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):  # no such file, or "max" for no limit
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        found = min(found, -(-int(quota) // int(period)))
    return max(found, 1)


def workers() -> int:
    """One more than the processors, because every worker waits now and then: for its server, a process, a lease."""
    return cores() + 1


@contextlib.contextmanager
def _beside(steps: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> Iterator[list[str]]:
    """Run steps one after the other beside the block; what one says is printed in one piece when it is done.

    The list has the names of those that failed; it is complete after the block.
    """
    from app.core import paths

    failed: list[str] = []

    def work() -> None:
        for name, command in steps.items():
            began = time.monotonic()
            done = subprocess.run(
                command,
                check=False,
                cwd=paths.REPOSITORY,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            good = done.returncode == 0
            result = f"== {name}: {'passed' if good else 'FAILED'} in {time.monotonic() - began:.1f} s"
            print(f"{'' if good else done.stdout}{result}", flush=True)
            if not good:
                failed.append(name)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield failed
    finally:
        thread.join()


def _on_another_version(tests: Sequence[str], environment: Mapping[str, str]) -> int:
    """The proofs of access once more on the oldest version that is supported, where its programs are installed."""
    from app.core import paths

    if not (_OLDEST / "initdb").exists():
        if environment.get(_REQUIRED) == "required":
            print(f"== FAILED: no proofs on PostgreSQL 15: {_OLDEST} is not there", flush=True)
            return FAILED
        print(
            f"== proofs on PostgreSQL 15 left out: {_OLDEST} is not there (apt-get install postgresql-15)",
            flush=True,
        )
        return 0
    print("== proofs on PostgreSQL 15", flush=True)
    return subprocess.run(
        (*tests, *_PROOFS),
        check=False,
        cwd=paths.REPOSITORY,
        env={**environment, "WERKBANK_SERVER_PROGRAMS": str(_OLDEST)},
    ).returncode
