"""A printer's form: how it is reached, what it understands, how it is."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from decimal import Decimal
from typing import Any, ClassVar, cast

from PySide6.QtWidgets import QWidget

from app.core import credentials
from app.core import format as fmt
from app.core.changes import Result
from app.core.drafts import unpack
from app.core.i18n import t
from app.services.printing import reads, writes
from app.services.printing.commands import SavePrinter
from app.services.printing.connect import (
    LABEL_DPI,
    PAPER_DPI,
    asked_resolution,
    label_size,
    other_kind,
    usual_language,
)
from app.services.printing.device import Capabilities
from app.services.printing.reads import PrinterForm
from app.services.printing.writes import PRINTER
from app.views.core.fields import Field
from app.views.core.form_model import (
    FormAction,
    FormSpec,
    FormValues,
    Mine,
    Notice,
    NoticeAction,
    Section,
    labels_of,
)
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.forms import FormPage
from app.views.core.side_cards import StoryCards
from app.views.core.tasks import FILE
from app.views.printing.printers import INSERT, UPDATE, ask, print_test
from app.views.printing.words import KINDS, LANGUAGES, OFFERED, STATUS, found_out, place_choices
from app.views.security.form_dialog import FormDialog, nothing_written

_ACTIVE = ("neutral", "printing.printer.inactive")
_TEXTS = ("tray", "media", "location", "username", "ca")


class PrinterPage(FormPage):
    """A printer: how it is reached, what it understands, how it is."""

    topics = frozenset({PRINTER})
    _language_chosen = _dpi_chosen = False
    _asked: tuple[str, str] = ("", "")
    _told = 0
    spec: ClassVar[FormSpec] = FormSpec(
        PRINTER,
        "printing.printer.one",
        "printer",
        (
            Section(
                (
                    Field("name", "printing.printer.name", required=True, max_length=80, span=2),
                    Field("location", "printing.printer.location", max_length=120, span=2),
                    Field("kind", "printing.printer.kind", "choice", required=True, choices=KINDS, span=2),
                    Field(
                        "language",
                        "printing.printer.language",
                        "choice",
                        required=True,
                        choices=LANGUAGES,
                        span=2,
                    ),
                    Field(
                        "address",
                        "printing.printer.address",
                        required=True,
                        max_length=300,
                        span=4,
                        help="printing.printer.address_help",
                    ),
                    Field(
                        "station_id",
                        "printing.printer.station",
                        "choice",
                        span=2,
                        help="printing.printer.station_help",
                    ),
                    Field("is_active", "printing.printer.active", "check"),
                    Field(
                        "dpi",
                        "printing.printer.dpi",
                        "number",
                        required=True,
                        places=0,
                        minimum=Decimal(72),
                        maximum=Decimal(2400),
                        unit="dpi",
                    ),
                    Field(
                        "media",
                        "printing.printer.media",
                        max_length=20,
                        span=2,
                        help="printing.printer.media_help",
                    ),
                    Field("tray", "printing.printer.tray", max_length=60, span=2),
                    Field(
                        "username",
                        "printing.printer.username",
                        max_length=120,
                        span=4,
                        help="printing.printer.username_help",
                    ),
                    Field("ca", "printing.printer.ca", "multiline", max_length=20_000, span=4),
                )
            ),
        ),
        load=reads.get_printer,
        update_right=UPDATE,
        create_right=INSERT,
        constraints=(
            ("printer_name_key", "name"),
            ("printer_name_not_blank", "name"),
            ("printer_address_not_blank", "address"),
            ("printer_system_has_station", "station_id"),
            ("printer_dpi_range", "dpi"),
            ("printer_media_form", "media"),
        ),
    )

    @property
    def printer(self) -> PrinterForm | None:
        """As it is stored, None for a new one."""
        return cast("PrinterForm | None", self.record.raw)

    def defaults(self) -> Mapping[str, Any]:
        """A network printer for documents."""
        dpi = LABEL_DPI if self._preset.get("language") == "zpl" else PAPER_DPI
        return {"kind": "ipp", "language": "pdf", "dpi": Decimal(dpi), "is_active": True}

    def check(self, mine: Mine) -> Mapping[str, str]:
        """An address of another kind of connection would be tried in vain, or print its first bytes as rubbish."""
        other = other_kind(mine.values.get("kind") or "", mine.values.get("address") or "")
        return {"address": t("printing.printer.other_kind", kind=t(dict(KINDS)[other]))} if other else {}

    def value_changed(self, key: str) -> None:
        """What a new printer is sent follows its connection, until somebody says it himself; so does its resolution."""
        super().value_changed(key)
        self._language_chosen |= key == "language"
        self._dpi_chosen |= key == "dpi"
        if key not in ("kind", "media", "language") or self.record.id is not None:
            return
        if not self._language_chosen:
            kind, media = (self.boxes[one].value() or "" for one in ("kind", "media"))
            self.boxes["language"].set_value(usual_language(kind, media))
        self._propose_resolution()

    def _propose_resolution(self) -> None:
        """For a new label printer: what it says itself, and until then what most of them have."""
        if self.record.id is not None or self._dpi_chosen:
            return
        kind, address, speaks = (self.value(key) or "" for key in ("kind", "address", "language"))
        if speaks != "zpl":
            self._show_resolution(PAPER_DPI, "")
            return
        told = self._told if self._asked == (kind, address) else 0
        told = told or int(unpack(self._preset).get("dpi") or 0)  # what it announced
        self._show_resolution(told or LABEL_DPI, "told" if told else "assumed")
        if (
            kind not in ("raw", "ipp")
            or not address
            or other_kind(kind, address)
            or self._asked == (kind, address)
        ):
            return
        self._asked, self._told = (kind, address), 0

        def answered(future: "Future[int]") -> None:
            if self._asked == (kind, address) and future.exception() is None:
                self._told = future.result()
                self._propose_resolution()

        label = t("printing.printer.ask")
        self.ctx.tasks.run(FILE, self, lambda: asked_resolution(kind, address, speaks), answered, label=label)

    def _show_resolution(self, dpi: int, source: str) -> None:
        self.boxes["dpi"].set_value(Decimal(dpi))
        self.boxes["dpi"].set_hint(t(f"printing.printer.dpi_{source}") if source else "")

    def notices(self) -> Sequence[Notice]:
        """What is the matter with it; and that labels in another resolution than its own come out in the wrong size."""
        printer = self.printer
        if printer is None:
            return ()
        found: list[Notice] = []
        if printer.is_active and (words := found_out(printer.name, printer.reasons)):
            tone, key = STATUS[printer.status]
            found.append(Notice("trouble", "bad" if tone == "bad" else "info", f"{t(key)}.", words))
        can = Capabilities.from_json(printer.capabilities)
        dpi = self.value("dpi")
        if (
            self.value("language") == "zpl"
            and can.model
            and can.dpi
            and dpi is not None
            and dpi not in can.dpi
        ):
            take = NoticeAction(
                "printing.printer.dpi_take",
                lambda: self.set_value("dpi", Decimal(can.resolution)),
                params={"dpi": can.resolution},
            )
            facts = t("printing.printer.dpi_differs", told=can.resolution, dpi=int(dpi))
            actions = () if self.read_only else (take,)
            found.append(Notice("dpi", "warn", facts, t("printing.printer.dpi_differs_what"), actions))
        return found

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Its name, and how it is."""
        printer = self.printer
        if printer is None:
            return t("printing.printer.new"), None
        tone, key = STATUS[printer.status] if printer.is_active else _ACTIVE
        return printer.name, (tone, t(key))

    def cards(self) -> Sequence[QWidget]:
        """How it is, notes, history."""
        self.state_card = FactsCard(t("printing.printer.card"))
        self.state_card.setObjectName("card.printer")
        self.story = StoryCards(self, self.ctx, self.spec.topic, labels_of(self.spec))
        self.boxes["address"].left.connect(self._propose_resolution)
        OFFERED.give(
            self.ctx,
            self,
            lambda found: self.set_choices("station_id", place_choices(found.stations)),
        )
        return (self.state_card, *self.story.cards)

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]  # QWidget's own are not used here
        """Ask, test page, password."""

        def stored(form: "PrinterPage") -> bool:
            return form.printer is not None

        def named(form: "PrinterPage") -> bool:
            return form.printer is not None and bool(form.printer.username)

        return (
            FormAction(
                "ask",
                "printing.printer.ask",
                "refresh-cw",
                lambda form: ask(form.ctx, form.printer, form.refresh_if_alive),
                "secondary",
                right="printer_status",
                visible=stored,
            ),
            FormAction(
                "test",
                "printing.printer.test",
                "printer",
                lambda form: print_test(form.ctx, form.printer),
                "secondary",
                right="print_request",
                visible=stored,
            ),
            FormAction(
                "password",
                "printing.printer.set_password",
                "key-round",
                PrinterPage.ask_password,
                "menu",
                visible=named,
            ),
        )

    def shown(self) -> None:
        """What it says of itself."""
        printer = self.printer
        self.state_card.setVisible(printer is not None)
        if printer is None:
            if not self.dirty():  # what was typed before a crash stays
                self._propose_resolution()
            return
        self.boxes["dpi"].set_hint("")
        can = Capabilities.from_json(printer.capabilities)
        yes_no = {None: fmt.NONE, True: t("printing.printer.yes"), False: t("printing.printer.no")}
        facts = [
            Fact(t("printing.printer.status"), t(STATUS[printer.status][1])),
            Fact(
                t("printing.printer.checked_at"),
                fmt.date_time(printer.checked_at) if printer.checked_at else fmt.NONE,
            ),
            Fact(t("printing.printer.model"), can.model or fmt.NONE),
            Fact(t("printing.printer.formats"), _formats(can)),
            Fact(t("printing.printer.trays"), ", ".join(can.trays) or fmt.NONE),
            Fact(t("printing.printer.resolutions"), ", ".join(f"{one} dpi" for one in can.dpi) or fmt.NONE),
            Fact(t("printing.printer.colour"), yes_no[can.colour]),
        ]
        if printer.reasons and not found_out(printer.name, printer.reasons):
            facts.insert(1, Fact(t("printing.printer.reasons"), printer.reasons))
        self.state_card.set_facts(facts)
        self.story.show(printer.id, printer.name)

    def refresh_if_alive(self) -> None:
        """Read again, when the page is still there."""
        if not self.dirty():
            self.refresh()

    def ask_password(self) -> None:
        """Keep the password in this computer's store."""
        printer = self.printer
        assert printer is not None

        def save(values: Mapping[str, Any]) -> Any:
            kept = credentials.remember(f"printer:{printer.address}", printer.username, values["password"])
            return nothing_written, kept

        def done(kept: bool) -> None:
            words = "printing.printer.password_kept" if kept else "printing.printer.password_no_store"
            self.ctx.navigate.toast(t(words), kind="ok" if kept else "warn")

        field = Field("password", "printing.printer.password", "secret", required=True, span=4)
        dialog = FormDialog(
            self.ctx,
            t("printing.printer.password"),
            t("printing.printer.password_text"),
            (field,),
            save,
            done,
            icon="key-round",
            yes="printing.printer.keep",
            owner=self,
        )
        dialog.open()

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Save the printer."""
        values = {key: form.values[key] for key in (form.values if form.id is None else form.changed)}
        for key in _TEXTS:
            if key in values:
                values[key] = values[key] or ""
        if "media" in values:
            values["media"] = label_size(values["media"])
        if "dpi" in values:
            values["dpi"] = int(values["dpi"])
        return writes.save_printer, SavePrinter(form.id, form.row_version or None, values)


def _formats(can: Capabilities) -> str:
    known = {
        "application/pdf": "PDF",
        "image/pwg-raster": "PWG",
        "image/urf": "URF",
        "image/jpeg": "JPEG",
        "application/vnd.zebra-zpl": "ZPL",
        "application/vnd.escpos": "ESC/POS",
        "application/postscript": "PostScript",
    }
    return ", ".join(name for mime, name in known.items() if mime in can.formats) or fmt.NONE
