"""Printing from a screen: routed and queued without a dialog, with Ctrl or on demand a choice of printer.

``print_documents(page, ctx, "invoice", make)``: ``make(session)`` runs with the reads and gives what to print.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from app.core.errors import Refused
from app.core.i18n import language as shown_language
from app.core.i18n import t
from app.services.documents.reads import archived_file
from app.services.printing import reads, station, writes
from app.services.printing.commands import ActOnJobs, PrintDocument, RequestPrint
from app.services.printing.reads import Choice, Routed
from app.services.printing.writes import Requested
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.operation import ReadOp, WriteOp
from app.views.printing.long_press import held_long
from app.views.security.form_dialog import FormDialog

RIGHT = "print_request"
Make = Callable[[Any], Sequence[PrintDocument]]
Done = Callable[[Requested], object]


class _Prepared(NamedTuple):
    documents: tuple[PrintDocument, ...]
    printers: tuple[Choice, ...]
    routed: Routed | None


def wants_choice() -> bool:
    """Whether Ctrl is held, or a finger was held on the button: the person wants to choose."""
    return held_long() or bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier)


def print_documents(
    owner: QObject,
    ctx: AppContext,
    kind: str,
    make: Make,
    *,
    language: str = "",
    ask: bool | None = None,
    label: str = "",
    done: Done | None = None,
) -> None:
    """Print what ``make`` gives, in its order, on the printer the route of ``kind`` names.

    A toast says where to, and takes it back.  With ``ask``, with Ctrl held, or when no printer is set for this kind,
    the person chooses printer, copies, tray and pages first. ``ask`` False is for what prints by itself: keys that
    happen to be down then mean something else.
    """
    choose = wants_choice() if ask is None else ask
    speaks = language or shown_language()

    def prepare(session: Any) -> _Prepared:
        documents = tuple(make(session))
        routed = reads.printer_for(session, kind, station.secret(), speaks)
        printers = reads.choices(session) if choose or routed is None else ()
        return _Prepared(documents, printers, routed)

    def prepared(found: _Prepared) -> None:
        if not found.documents:
            return
        command = RequestPrint(kind, found.documents, station.secret(), speaks)

        def requested(value: Requested) -> None:
            _tell(ctx, found.documents, value)
            if done is not None:
                done(value)

        if choose or found.routed is None:
            if not found.printers:
                ctx.navigate.toast(t("printing.with.none"), kind="warn")
                return
            PrintWith(ctx, command, found.printers, found.routed, requested, owner).open()
            return
        op: WriteOp[Requested] = WriteOp(ctx.tasks, ctx, writes.request, command)
        op.success(requested).start()

    op: ReadOp[_Prepared] = ReadOp(owner, ctx, prepare).labelled(label or t("printing.job_label"))
    op.success(prepared).start()


def print_issued(
    owner: QObject,
    ctx: AppContext,
    kind: str,
    issued: int | Sequence[int],
    *,
    ask: bool | None = None,
    language: str = "",
) -> None:
    """Print archived documents, byte for byte as they were issued."""
    ids = (issued,) if isinstance(issued, int) else tuple(issued)

    def make(session: Any) -> tuple[PrintDocument, ...]:
        found = [(one, archived_file(session, one)) for one in ids]
        return tuple(
            PrintDocument(
                file.content, file.file_name.removesuffix(".pdf"), "documents.issued", one, file.mime
            )
            for one, file in found
        )

    print_documents(owner, ctx, kind, make, ask=ask, language=language)


def _tell(ctx: AppContext, documents: Sequence[PrintDocument], value: Requested) -> None:
    if len(documents) == 1:
        words = t("printing.toast.one", title=documents[0].title, printer=value.printer)
    else:
        words = t("printing.toast.many", n=len(documents), printer=value.printer)
    ctx.navigate.toast(words, action=("printing.toast.cancel", lambda: take_back(ctx, value.jobs)))


def take_back(ctx: AppContext, jobs: tuple[int, ...]) -> None:
    """Cancel what has not been sent yet."""

    def failed(error: BaseException) -> object:
        if isinstance(error, Refused) and error.key == "print_nothing_to_do":
            ctx.navigate.open_workspace("printing.queue", preset="mine")
            return True
        return False

    op: WriteOp[Any] = WriteOp(ctx.tasks, ctx, writes.act, ActOnJobs(jobs, "cancel"))
    op.failure(failed).start()


FIELDS = (
    Field("printer_id", "printing.with.printer", "choice", required=True, span=4),
    Field(
        "copies",
        "printing.with.copies",
        "number",
        required=True,
        places=0,
        minimum=Decimal(1),
        maximum=Decimal(999),
        span=2,
    ),
    Field("tray", "printing.with.tray", "choice", span=2),
    Field("pages", "printing.with.pages", max_length=60, span=4, help="printing.with.pages_help"),
)


class PrintWith(FormDialog):
    """Which printer, how many, from which tray, which pages."""

    def __init__(
        self,
        ctx: AppContext,
        command: RequestPrint,
        printers: Sequence[Choice],
        routed: Routed | None,
        done: Done,
        owner: QObject,
    ) -> None:
        self._printers = {one.id: one for one in printers}

        def save(values: Mapping[str, Any]) -> Any:
            return writes.request, replace(
                command,
                printer_id=values["printer_id"],
                copies=int(values["copies"]),
                tray=values["tray"] or None,
                pages=values["pages"] or "",
            )

        names = ", ".join(one.title for one in command.documents[:3])
        more = " …" if len(command.documents) > 3 else ""
        super().__init__(
            ctx,
            t("printing.with.title"),
            f"{names}{more}",
            FIELDS,
            save,
            done,
            icon="printer",
            yes="printing.with.ok",
            owner=owner if isinstance(owner, QWidget) else None,
        )
        self.boxes["printer_id"].set_choices([(one.id, one.name) for one in printers])
        first = routed.printer_id if routed is not None else printers[0].id
        self.boxes["printer_id"].set_value(first if first in self._printers else printers[0].id)
        self.boxes["copies"].set_value(Decimal(routed.copies if routed is not None else 1))
        self.boxes["printer_id"].edited.connect(self._printer_chosen)
        self._printer_chosen()
        if routed is not None and routed.tray:
            self.boxes["tray"].set_value(routed.tray)

    def _printer_chosen(self) -> None:
        chosen = self._printers.get(self.boxes["printer_id"].value())
        self.boxes["tray"].set_choices(
            [(tray, tray) for tray in (chosen.trays if chosen is not None else ())]
        )
