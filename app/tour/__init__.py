"""``werkbank tour``: drives the real window through a day's work and keeps pictures, documents and figures.

The package is at the top of the program beside `app.bootstrap`: it uses the window, and nothing uses it.
"""

import argparse
from pathlib import Path


def main(argv: list[str]) -> int:
    """Run the tour with its arguments; 0 when every step could be done and every document is right."""
    arguments = _parser().parse_args(argv)
    # Qt is needed from here on only: ``werkbank tour --help`` works without it.
    from app.tour.run import Options, run

    return run(
        Options(
            source=arguments.source,
            out=arguments.out,
            language=arguments.lang,
            theme=arguments.theme,
            instance=arguments.instance or "",
            keep=arguments.keep,
            until=arguments.until or "",
            chapter=arguments.chapter,
        )
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="werkbank tour",
        description="Drive the real window and keep a picture of every step, the PDFs and tour.json.  Chapter"
        " work is the main job, quote to payment; chapter security is people, roles, sign-ins, sessions, devices"
        " and the audit trail; chapter legacy is the old system, from the server to live changes; chapter images"
        " is an image service, from its first reading to the pictures of a product; chapter paper is printers,"
        " labels, scanners, documents and e-invoices.  Without --instance the tour works in a database of its own,"
        " which it removes at the end.",
    )
    parser.add_argument(
        "--chapter",
        choices=("work", "security", "images", "legacy", "paper"),
        default="work",
        help="what is shown (default: %(default)s)",
    )
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="DIR",
        help="AdventureWorks' files (default: the demo company)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where the pictures go (default: tours/ in the user's folder)"
    )
    parser.add_argument("--lang", choices=("de", "en"), default="de", help="language (default: %(default)s)")
    parser.add_argument(
        "--theme", choices=("light", "dark"), default="light", help="look (default: %(default)s)"
    )
    parser.add_argument("--instance", metavar="NAME", help="an embedded server as it stands, with its data")
    parser.add_argument(
        "--keep", action="store_true", help="do not remove the tour's own database at the end"
    )
    parser.add_argument("--until", metavar="STEP", help="end after this step")
    return parser
