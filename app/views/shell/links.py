"""Deep links to records."""

import re

SCHEME = "werkbank"


def link_to(topic: str, record_id: int) -> str:
    """The link of a record, such as ``werkbank://sales.sales_order/17``."""
    return f"{SCHEME}://{topic}/{record_id}"


def target_of(link: str) -> tuple[str, int] | None:
    """Topic and id of a link, None when it is none."""
    found = re.fullmatch(rf"{SCHEME}://([a-z_]+\.[a-z_]+)/(\d{{1,18}})", link.strip())
    return (found[1], int(found[2])) if found else None
