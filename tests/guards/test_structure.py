"""Rules about the source itself: one commit, small files, the same words in every layer, complete texts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from app.core import i18n
from app.core.schema import REPOSITORY
from migrations import rights
from migrations.derived import CAPABILITIES
from migrations.generate import SCHEMAS

APP = sorted((REPOSITORY / "app").rglob("*.py"))
SQL = sorted((REPOSITORY / "migrations" / "sql").rglob("*.sql"))
# Longer than 500 lines for a reason.
LONG = {
    "migrations/versions/2026_11_21_first_working_day.py": "every table of the first release, written by Alembic",
    "migrations/versions/2026_11_22_rights.py": "every table of people, rights and the trail, written by Alembic",
    "migrations/versions/2026_11_23_legacy.py": "every table of the old system, written by Alembic",
    "migrations/versions/2026_11_26_purchasing.py": "every table of buying, written by Alembic",
}


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the last part of the called name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr, node
            elif isinstance(node.func, ast.Name):
                yield node.func.id, node


def first_text(call: ast.Call, position: int = 0) -> str | None:
    """The literal text given as an argument."""
    if len(call.args) > position and isinstance(call.args[position], ast.Constant):
        value = call.args[position].value  # type: ignore[attr-defined]
        return value if isinstance(value, str) else None
    return None


@pytest.mark.parametrize("path", APP, ids=name_of)
def test_one_commit_and_no_moved_objects(path: Path) -> None:
    names = {name for name, _ in calls(path)}
    assert "moveToThread" not in names
    if name_of(path) != "app/core/db.py":
        assert names.isdisjoint({"commit", "rollback"})


def test_files_stay_readable() -> None:
    sources = [
        p
        for folder in ("app", "migrations", "tests", "benchmarks")
        for p in (REPOSITORY / folder).rglob("*.py")
    ]
    lengths = {name_of(p): len(p.read_text("utf-8").splitlines()) for p in [*sources, *SQL]}
    assert {name: n for name, n in lengths.items() if n > 500 and name not in LONG} == {}
    assert {name for name in LONG if lengths.get(name, 0) <= 500} == set(), "no reason needed any more"


def test_the_capability_words_agree() -> None:
    words = set(CAPABILITIES) - {"_platform"}
    platform = {"sec", "audit", "api", "system"}
    assert set(SCHEMAS) == words | platform
    assert {p.name for p in (REPOSITORY / "migrations/sql").iterdir() if p.is_dir()} <= words | {
        "_platform",
        "consistency",
        "lints",
    }
    matrix = {p.stem for p in (REPOSITORY / "migrations/matrix").glob("*.yaml")}
    assert matrix <= words | {"approvals", "audit", "guard", "people", "session", "terminal"}
    models = {p.stem for p in (REPOSITORY / "app/models").glob("*.py")} - {"__init__", "base", "limits"}
    assert models <= words | {"security", "audit", "approvals", "media", "system"}
    services = {
        p.name for p in (REPOSITORY / "app/services").iterdir() if p.is_dir() and p.name != "__pycache__"
    }
    helpers = {"demo", "einvoice", "images", "imports", "sanitise", "validation"}
    assert services - helpers <= words | {"approvals", "security", "system"}
    for table in rights.load().tables:
        assert table.partition(".")[0] in SCHEMAS


def test_no_test_of_a_window_has_a_patience_of_its_own() -> None:
    """Five seconds are enough for anything, until the machine has something else to do."""
    waits = {"waitUntil", "waitSignal", "waitSignals"}
    short = [
        f"{name_of(path)}:{call.lineno}"
        for path in sorted((REPOSITORY / "tests").rglob("*.py"))
        for name, call in calls(path)
        if name in waits and any(keyword.arg == "timeout" for keyword in call.keywords)
    ]
    assert short == []


def test_requirements_name_no_host() -> None:
    files = [
        *(REPOSITORY / "requirements").rglob("*"),
        *REPOSITORY.glob("*.toml"),
        *REPOSITORY.glob("*.lock"),
    ]
    found = [
        (name_of(path), line)
        for path in files
        if path.is_file()
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"://|index-url|find-links|trusted-host", line)
    ]
    assert found == []


def test_texts_exist_in_both_languages_with_the_same_parameters() -> None:
    wrong = []
    for key, entry in i18n.catalogue().items():
        if set(entry) != {"de", "en"}:
            wrong.append((key, "languages"))
            continue
        parameters = []
        for language in ("de", "en"):
            given = entry[language]
            forms = [given] if isinstance(given, str) else list(given.values())
            if not all(str(form).strip() for form in forms):
                wrong.append((key, f"{language} is empty"))
            parameters.append({name for form in forms for name in re.findall(r"\{(\w+)", str(form))} - {"n"})
        if parameters[0] != parameters[1]:
            wrong.append((key, "parameters"))
    assert wrong == []


def test_every_key_the_program_uses_has_a_text() -> None:
    texts = i18n.catalogue()
    errors = {"Refused", "Confirm", "Conflict", "Duplicate", "InUse", "Invalid", "Unavailable"}
    missing = set()
    for path in APP:
        for name, call in calls(path):
            key = first_text(call, 1 if name == "translate" else 0)
            if key is None:
                continue
            if name in ("t", "translate") and "." in key and key not in texts:
                missing.add((name_of(path), key))
            if name in errors and f"error.{key}" not in texts:
                missing.add((name_of(path), f"error.{key}"))
    assert missing == set()


def test_every_refusal_of_the_database_has_a_text() -> None:
    texts = i18n.catalogue()
    refusal = re.compile(r"sec\.fail\(\s*'ER4(?!03)\d\d',\s*'(\w+)'")
    missing = {
        (name_of(path), key)
        for path in SQL
        for key in refusal.findall(path.read_text("utf-8"))
        if f"error.{key}" not in texts
    }
    assert missing == set()


def test_every_role_and_right_has_a_name() -> None:
    texts, matrix = i18n.catalogue(), rights.load()
    missing = {f"role.{role}" for role in matrix.roles if f"role.{role}" not in texts}
    for _role, right in matrix.rights():
        key = f"topic.{right.partition(':')[0]}" if ":" in right else f"right.{right}"
        if key not in texts and not right.startswith(("sec.", "audit.")):
            missing.add(key)
    assert missing == set()


def test_no_text_is_written_in_two_files() -> None:
    seen: dict[str, str] = {}
    for file in sorted((REPOSITORY / "i18n").glob("*.yaml")):
        for key in yaml.safe_load(file.read_text("utf-8")) or {}:
            assert key not in seen, f"{key} in {seen[key]} and {file.name}"
            seen[key] = file.name
