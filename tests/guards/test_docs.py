"""The documentation leads somewhere: links, paths on the map, pages in both languages, a page for every screen."""

import re
from pathlib import Path

import pytest

from app.core.schema import REPOSITORY
from app.views.core.workspace import capability_packages
from app.views.shell import help_pages

DOCS = REPOSITORY / "docs"
PAGES = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])
LANGUAGES = ("de", "en")


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def prose(path: Path) -> str:
    """The page without its code blocks, where brackets are no links."""
    return re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """The names under which headings can be linked to, made as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
            wrong.append(target)
    assert wrong == []


def test_both_languages_have_the_same_pages_and_headings() -> None:
    pages = {lang: {p.stem for p in (DOCS / "user" / lang).glob("*.md")} for lang in LANGUAGES}
    assert pages["de"] == pages["en"] == set(help_pages.PAGES)
    for page in help_pages.PAGES:
        levels = [
            [
                len(mark)
                for mark in re.findall(r"^(#+) ", prose(DOCS / "user" / lang / f"{page}.md"), re.MULTILINE)
            ]
            for lang in LANGUAGES
        ]
        assert levels[0] == levels[1], page


def test_every_path_on_the_map_exists() -> None:
    named = re.findall(r"`([\w./<>-]+)`", (DOCS / "map.md").read_text("utf-8"))
    tops = {entry.name for entry in REPOSITORY.iterdir()}
    paths = [name for name in named if name.split("/")[0] in tops]
    assert len(paths) > 60, "the map names its paths differently now"
    missing = [name for name in paths if "<" not in name and not (REPOSITORY / name).exists()]
    patterns = [re.sub(r"<\w+>", "*", name) for name in paths if "<" in name]
    missing += [pattern for pattern in patterns if not list(REPOSITORY.glob(pattern))]
    assert missing == []


def test_every_folder_of_the_program_is_on_the_map() -> None:
    text = (DOCS / "map.md").read_text("utf-8")
    capabilities = {
        f"{name}" for name in ("catalog", "partners", "engineering", "inventory", "purchasing", "sales")
    }
    capabilities |= {"production", "documents", "security", "system"}
    folders = [
        folder
        for parent in ("app", "app/services", "app/views", "migrations", "tests", ".")
        for folder in sorted((REPOSITORY / parent).iterdir())
        if folder.is_dir() and not folder.name.startswith((".", "_")) and any(folder.rglob("*.*"))
    ]
    missing = [
        name_of(folder)
        for folder in folders
        if f"`{name_of(folder)}" not in text
        and folder.name not in capabilities | {"app", "tests", "migrations"}
    ]
    assert missing == []


def test_every_screen_has_a_page() -> None:
    """F1 leads to a page about the screen, not to the first page of the manual."""
    screens = [
        (screen.key, screen.rail)
        for package in capability_packages()
        for screen in getattr(package, "WORKSPACES", ())
    ]
    screens += [
        (kind.topic, kind.rail)
        for package in capability_packages()
        for kind in getattr(package, "RECORDS", ())
    ]
    without = [key for key, rail in screens if help_pages.page_for(key, rail) == help_pages.INDEX]
    assert without == []
    assert {*help_pages.OF_SCREEN.values(), *help_pages.OF_RAIL.values()} <= set(help_pages.PAGES)


def test_the_first_page_leads_to_every_other() -> None:
    for lang in LANGUAGES:
        text = (DOCS / "user" / lang / "index.md").read_text("utf-8")
        assert [
            page for page in help_pages.PAGES if page != help_pages.INDEX and f"({page}.md)" not in text
        ] == []
