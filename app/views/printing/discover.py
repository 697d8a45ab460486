"""Looks for printers: what announces itself, what the work places' systems know, the queues of a print server."""

from collections.abc import Mapping
from concurrent.futures import Future
from decimal import Decimal
from typing import Any

from app.core.errors import AppError
from app.core.i18n import t
from app.services.printing import reads
from app.services.printing.ipp import queues
from app.services.printing.mdns import Nearby, nearby
from app.services.printing.writes import PRINTER
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.operation import ReadOp
from app.views.core.tasks import FILE
from app.views.core.values import error_text
from app.views.security.form_dialog import FormDialog, nothing_written


def discover(ctx: AppContext) -> None:
    """Ask for a print server (or none), look, and open a new printer with what was chosen."""

    def save(values: Mapping[str, Any]) -> Any:
        return nothing_written, str(values["server"] or "").strip()

    field = Field(
        "server", "printing.discover.server", span=4, max_length=300, help="printing.discover.server_help"
    )
    FormDialog(
        ctx,
        t("printing.discover.title"),
        t("printing.discover.text"),
        (field,),
        save,
        lambda server: _look(ctx, server),
        icon="search",
        yes="printing.discover.look",
    ).open()


def _look(ctx: AppContext, server: str) -> None:
    def known(stations: tuple[reads.Place, ...]) -> None:
        offered = [
            (
                f"{printer} · {place.name}",
                {"kind": "system", "name": printer, "address": printer, "station_id": place.id},
            )
            for place in stations
            for printer in place.offers
        ]

        def found(done: "Future[list[tuple[str, dict[str, Any]]]]") -> None:
            error = done.exception()
            if isinstance(error, AppError):
                ctx.navigate.toast(error_text(error), kind="warn")
                _offer(ctx, offered)
            else:
                _offer(ctx, done.result() + offered)

        ctx.tasks.run(FILE, ctx.tasks, lambda: _there(server), found, label=t("printing.discover.title"))

    ReadOp(ctx.tasks, ctx, reads.stations).success(known).start()


def _there(server: str) -> list[tuple[str, dict[str, Any]]]:
    """What the network has: the queues of the server that was named, else whatever announces itself."""
    if server:
        return [
            (f"{name} · {words or address}", {"kind": "ipp", "name": name[:80], "address": address})
            for name, address, words in queues(server)
        ]
    return [(f"{one.name} · {one.words or one.address}", _preset(one)) for one in nearby()]


def _preset(one: Nearby) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": one.kind,
        "name": one.name[:80],
        "address": one.address,
        "language": one.language,
    }
    return found | ({"dpi": Decimal(one.dpi)} if one.dpi else {})


def _offer(ctx: AppContext, found: list[tuple[str, dict[str, Any]]]) -> None:
    if not found:
        ctx.navigate.toast(t("printing.discover.nothing"), kind="warn")
        return

    def save(values: Mapping[str, Any]) -> Any:
        return nothing_written, int(values["found"])

    def chosen(number: int) -> None:
        ctx.navigate.new_record(PRINTER, **found[number][1])

    dialog = FormDialog(
        ctx,
        t("printing.discover.found", n=len(found)),
        "",
        (Field("found", "printing.printer.one", "choice", required=True, span=4),),
        save,
        chosen,
        icon="printer",
        yes="printing.discover.take",
    )
    dialog.boxes["found"].set_choices([(number, words) for number, (words, _preset) in enumerate(found)])
    if len(found) == 1:
        dialog.boxes["found"].set_value(0)
    dialog.open()
