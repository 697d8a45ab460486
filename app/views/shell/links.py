"""Deep links to records, and the page of the manual that belongs to a screen."""

import re
from pathlib import Path

SCHEME = "werkbank"
MANUAL = Path(__file__).resolve().parents[3] / "docs" / "user"


def link_to(topic: str, record_id: int) -> str:
    """The link of a record, such as ``werkbank://sales.sales_order/17``."""
    return f"{SCHEME}://{topic}/{record_id}"


def target_of(link: str) -> tuple[str, int] | None:
    """Topic and id of a link, None when it is none."""
    found = re.fullmatch(rf"{SCHEME}://([a-z_]+\.[a-z_]+)/(\d{{1,18}})", link.strip())
    return (found[1], int(found[2])) if found else None


def help_file(name: str) -> Path:
    """The manual's page about a workspace or a kind of record; its first page when there is none."""
    word = name.split(".", maxsplit=1)[0]
    page = MANUAL / f"{word}.md"
    return page if word and page.is_file() else MANUAL / "README.md"
