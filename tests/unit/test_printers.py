"""What speaks to printers, against real ones: IPP Everywhere, CUPS, and sockets that behave badly."""

import contextlib
import io
import os
import subprocess
import threading
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from reportlab.graphics.barcode import code128
from reportlab.pdfgen import canvas
from zebrafy.zebrafy_zpl import ZebrafyZPL

from app.core.errors import Refused, Unavailable
from app.services.printing import ipp_wire as wire
from app.services.printing import raster, wires
from app.services.printing.connect import asked_resolution, connect, label_size, other_kind
from app.services.printing.convert import PDF, ZPL, for_language, page_numbers, rasterised
from app.services.printing.device import Access, Cut, Sent, Task
from app.services.printing.ipp import IppPrinter, addresses, capabilities_of, queues, status_of
from app.services.printing.wires import other_service, receipt_status, zebra_identity, zebra_status
from app.simulate.printers import Printer
from tests.peers.printers import cups_printer, ipp_printer
from tests.peers.sockets import Sink, tls_in_front

__all__ = ["cups_printer", "ipp_printer"]
_STATUS = (
    b"\x02030,%b,%b,1234,000,0,0,0,000,0,0,0\x03\r\n"
    b"\x02000,0,%b,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
)


def paper(*texts: str, size: tuple[float, float] = (595.3, 841.9)) -> bytes:
    """A PDF with one page a text, each with it as a bar code."""
    kept = io.BytesIO()
    page = canvas.Canvas(kept, pagesize=size)
    for text in texts:
        page.drawString(20, 20, text)
        code128.Code128(text, barWidth=1.5, barHeight=40).drawOn(page, 20, 60)
        page.showPage()
    page.save()
    return kept.getvalue()


def texts_of(pdf: bytes) -> list[str]:
    """What the bar code of each page says."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [zxingcpp.read_barcodes(page.render(scale=3).to_pil())[0].text for page in document]
    finally:
        document.close()


def printing(access: Access, task: Task) -> tuple[Sent, list[str]]:
    """Print; gives what the printer's number for the job was when the document began to leave."""
    began: list[str] = []
    device = connect(access)
    try:
        return device.send(task, began.append), began
    finally:
        device.close()


def finished(access: Access, remote: str) -> str:
    """What became of a job that a printer is working on."""
    device = connect(access)
    pause = threading.Event()
    try:
        for _ in range(1200):
            state = device.follow(remote)
            if state != "sent":
                return state
            pause.wait(0.05)
        return "sent"
    finally:
        device.close()


def test_an_ipp_printer_gets_the_pages_that_were_asked_for(ipp_printer: Printer) -> None:
    access = Access("ipp", ipp_printer.uri)
    device = connect(access)
    status, capabilities = device.probe()
    assert status.code in ("idle", "printing")
    assert {PDF, "manual"} <= {*capabilities.formats, *capabilities.trays}
    assert 300 in capabilities.dpi
    assert device.follow("4711") == "gone"
    device.close()
    task = Task(paper("ONE", "TWO", "THREE"), PDF, "Lieferschein Ä", "Ida", copies=2, pages="2-", tray="main")
    sent, began = printing(access, task)
    assert began == [sent.remote]
    assert finished(access, sent.remote) == "done"
    assert texts_of(ipp_printer.printed()[-1].read_bytes()) == ["TWO", "THREE"]
    with pytest.raises(Refused, match="printer_refused"):
        connect(access).cancel("4711")


def test_what_was_taken_back_in_the_last_moment_is_taken_back_from_the_printer(ipp_printer: Printer) -> None:
    device, given = connect(Access("ipp", ipp_printer.uri)), []

    def taken_back(remote: str) -> None:
        given.append(remote)
        raise Refused("print_job_gone", id=1)

    with pytest.raises(Refused, match="print_job_gone"):
        device.send(Task(paper("X"), PDF, "taken back"), taken_back)
    assert finished(Access("ipp", ipp_printer.uri), given[0]) == "failed"
    device.close()


def test_a_printer_that_knows_no_pdf_gets_dots_that_others_can_read(cups_printer: Printer) -> None:
    """CUPS reads the dots with code of its own and makes a PDF of them again."""
    access = Access("ipp", cups_printer.uri)
    for at, colour in enumerate((False, True)):
        dots = rasterised(paper(f"RASTER-{at}"), 150, "pwg", colour=colour)
        sent, _ = printing(access, Task(dots, "image/pwg-raster", f"raster {at}"))
        assert finished(access, sent.remote) == "done"
        assert texts_of(cups_printer.printed()[-1].read_bytes()) == [f"RASTER-{at}"]
    assert [queue[:2] for queue in queues(cups_printer.uri)] == [("werkbank", cups_printer.uri)]
    with pytest.raises(Unavailable, match="printer_no_path"):  # a queue that may be made yet
        connect(Access("ipp", cups_printer.uri + "-none")).probe()


@pytest.mark.usefixtures("cups_printer")
@pytest.mark.parametrize("kind", ["pwg", "urf"])
def test_dots_of_both_kinds_are_read_by_somebody_else(tmp_path: Path, kind: raster.Format) -> None:
    """The filter of cups-filters, which shares no code with ours, makes a PDF of them again."""
    reader = Path("/usr/lib/cups/filter/rastertopdf")
    if not reader.exists():
        pytest.skip("cups-filters is not installed")
    for colour in (False, True):
        file = tmp_path / f"{colour}.{kind}"
        file.write_bytes(rasterised(paper("DOTS-1", "DOTS-2"), 150, kind, colour=colour))
        made = subprocess.run(
            [reader, "1", "user", "title", "1", "", file],
            capture_output=True,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "CONTENT_TYPE": f"image/{'pwg-raster' if kind == 'pwg' else 'urf'}",
            },
        )
        assert texts_of(made.stdout) == ["DOTS-1", "DOTS-2"]


def test_labels_reach_a_raw_printer_as_its_dots() -> None:
    with Sink(answers={b"~HS": _STATUS % (b"0", b"0", b"0")}) as sink:
        access = Access("raw", sink.address, "zpl", dpi=203)
        status, capabilities = connect(access).probe()
        assert (status.code, capabilities.answers) == ("idle", True)
        assert printing(access, Task(b"^XA^FS^XZ", ZPL, "label", copies=3))[0].state == "sent"
        printing(access, Task(paper("LABEL", size=(283, 170)), PDF, "label"))
        assert sink.jobs[0] == b"^XA^FS^XZ" * 3
        picture = ZebrafyZPL(sink.jobs[1].decode()).to_images()[0]
        assert zxingcpp.read_barcodes(picture.convert("L"))[0].text == "LABEL"
        with pytest.raises(Refused, match="printer_format"):
            printing(access, Task(b"\x1b@", "application/vnd.escpos", "receipt"))


@pytest.mark.parametrize("lpd", [False, True])
def test_copies_are_sent_one_after_the_other(*, lpd: bool) -> None:
    """Many copies of a large label would fill the memory as one document."""
    kind, label = ("lpd" if lpd else "raw"), b"^XA^FD" + bytes(300_000) + b"^XZ"
    with Sink(lpd=lpd) as sink:
        access, task = Access(kind, sink.address, "zpl"), Task(label, ZPL, "x", copies=40)
        printing(access, task)
        assert sink.taken.wait(60)
    assert sink.jobs == [label * 40]
    assert for_language(task, access) == label


def test_lpd_hands_over_file_and_title() -> None:
    with Sink(lpd=True) as sink:
        access = Access("lpd", sink.address)
        assert connect(access).probe()[0].reasons == ("labels is ready and printing",)
        content = paper("LPD")
        printing(access, Task(content, PDF, "Etikett\nrm -rf", "Ida"))
        assert sink.jobs == [content]


@pytest.mark.parametrize("lpd", [False, True])
def test_a_cut_in_mid_job_is_told_from_a_printer_that_is_away(*, lpd: bool) -> None:
    kind = "lpd" if lpd else "raw"
    big = Task(paper("BIG") * 2000, PDF, "big")
    with Sink(mode="cut", lpd=lpd) as sink:
        with pytest.raises(Cut):
            printing(Access(kind, sink.address), big)
        gone = sink.address
    with pytest.raises(Unavailable, match="printer_away") as away:
        printing(Access(kind, gone), big)
    assert not isinstance(away.value, Cut)


@pytest.mark.parametrize("kind", ["ipp", "lpd"])
def test_nonsense_is_no_printer(kind: str) -> None:
    with Sink(mode="nonsense") as sink:
        access = Access(kind, f"{kind}://127.0.0.1:{sink.port}/lp", timeout=3)
        with pytest.raises((Unavailable, Refused), match=r"printer_(nonsense|away|refused)"):
            printing(access, Task(paper("X"), PDF, "x"))


def test_a_queue_that_takes_the_connection_and_says_nothing_is_not_away() -> None:
    with Sink(mode="silent") as sink, pytest.raises(Unavailable, match="printer_silent"):
        printing(Access("lpd", f"lpd://{sink.address}/lp", timeout=0.5), Task(paper("X"), PDF, "x"))


def test_a_sleeping_printer_that_swallows_nothing_leaves_a_riddle() -> None:
    with Sink(mode="silent") as sink, pytest.raises(Cut):
        printing(Access("raw", sink.address, timeout=0.5), Task(b"%PDF" + bytes(20_000_000), PDF, "long"))


@pytest.mark.parametrize(
    "says",
    [
        b"HTTP/1.1 200 OK\r\nX-Endless: ",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: 4000000\r\n\r\n",
    ],
)
def test_an_answer_that_trickles_ends(says: bytes) -> None:
    """Every byte is a sign of life: without an end of its own, one such printer would stop all printing."""
    with Sink(mode="trickle", says=says) as sink:
        access = Access("ipp", f"ipp://127.0.0.1:{sink.port}/lp", timeout=0.2)
        with pytest.raises(Unavailable, match=r"printer_(nonsense|away)"):
            printing(access, Task(paper("X"), PDF, "x"))


@pytest.mark.parametrize("kind", ["raw", "lpd"])
def test_a_wire_that_never_stops_talking_is_left(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "_ASK_LONGEST", 0.2)
    with Sink(mode="trickle") as sink:
        device = connect(Access(kind, f"{kind}://127.0.0.1:{sink.port}/lp", "zpl", timeout=0.2))
        device.probe()
        if kind == "raw":
            assert device.send(Task(b"^XA^XZ", ZPL, "x"), lambda _: None).state == "sent"


def test_a_page_as_large_as_a_field_is_not_painted() -> None:
    with pytest.raises(Refused, match="print_page_too_large"):
        rasterised(paper("X", size=(14000, 14000)), 300, "pwg", colour=False)


def test_a_receipt_is_the_page_in_dots_and_nothing_is_said_on_the_way(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """`werkbank print` writes its results to where a library would complain."""
    made = for_language(
        Task(paper("BON", size=(226.8, 120)), PDF, "receipt"), Access("raw", "x:9100", "escpos")
    )
    at = made.index(b"\x1dv0\x00")
    across, high = (int.from_bytes(made[at + start : at + start + 2], "little") for start in (4, 6))
    dots = Image.frombytes("1", (across * 8, high), made[at + 8 : at + 8 + across * high])
    assert across * 8 == 576
    assert zxingcpp.read_barcodes(ImageOps.invert(dots.convert("L")))[0].text == "BON"
    assert capfd.readouterr().out == ""


def test_a_label_printer_says_what_it_is_once() -> None:
    answers = {b"~HS": _STATUS % (b"0", b"0", b"0"), b"~HI": b"\x02ZT411-600dpi,V92,24,8176KB\x03\r\n"}
    with Sink(answers=answers) as sink:
        assert asked_resolution("raw", sink.address, "zpl") == 600
        _, found = connect(Access("raw", sink.address, "zpl")).probe()
        assert (found.model, found.dpi) == ("ZT411-600dpi", (600,))
        # Before a job it is asked how it is and no more.
        sink.answers[b"~HI"] = b"\x02another,V1,8,1KB\x03"
        again = connect(Access("raw", sink.address, "zpl", capabilities=found)).probe()[1]
        assert (again.model, again.dpi) == ("ZT411-600dpi", (600,))
        gone = sink.address
    assert asked_resolution("raw", gone, "zpl") == 0
    assert asked_resolution("raw", "no:address:at:all", "zpl") == 0
    with Sink() as mute:
        assert asked_resolution("raw", mute.address, "zpl") == 0
        assert mute.jobs == []


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (b"\x02ZD421-203dpi,V84.20.18Z,8,8176KB\x03\r\n", ("ZD421-203dpi", (203,))),
        (b"ZTC GK420d-300dpi", ("ZTC GK420d-300dpi", (300,))),
        (b"\x02Clone,V1,12,64KB\x03", ("Clone", (300,))),
        (b"\x02Clone,V1,9,64KB\x03", ("", ())),
        (b"\x02Model 12203dpi,V1\x03", ("", ())),
        (b"", ("", ())),
        (b"\xff,\xfe,\x00", ("", ())),
    ],
)
def test_what_a_label_printer_says_it_is(said: bytes, known: tuple[str, tuple[int, ...]]) -> None:
    assert zebra_identity(said) == known


@pytest.mark.parametrize(
    ("said", "service"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"),
        (b"<!DOCTYPE HTML>", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "SSH"),
        (b"220 mail.house ESMTP\r\n", "FTP, SMTP"),
        (b"\x02030,0,0,1234", ""),
        (b"@PJL USTATUS DEVICE\r\n", ""),
        (b"", ""),
    ],
)
def test_another_service_at_the_port_is_told(said: bytes, service: str) -> None:
    """One that speaks first is known before anything leaves, one that answers the document afterwards."""
    assert other_service(said) == service
    if service:
        with Sink(mode="greets", says=said) as sink:
            with pytest.raises(Unavailable, match="printer_other_service"):
                connect(Access("raw", sink.address, "zpl")).probe()
            with pytest.raises(Refused, match="printer_other_service"):
                printing(Access("raw", sink.address, "pdf"), Task(paper("X"), PDF, "x"))


def test_what_label_and_receipt_printers_say() -> None:
    assert zebra_status(_STATUS % (b"1", b"0", b"0")).code == "media_out"
    assert zebra_status(_STATUS % (b"0", b"1", b"0")).code == "paused"
    assert zebra_status(_STATUS % (b"0", b"0", b"1")).code == "cover_open"
    assert zebra_status(b"\x02,,\x03<html>").code == "unknown"
    assert receipt_status(b"\x12\x12\x12").code == "idle"
    assert receipt_status(b"\x12\x12\x72").code == "media_out"
    assert receipt_status(b"\x1a\x16\x12").code == "cover_open"
    assert receipt_status(b"HTT").code == "unknown"
    for language, asks in (("zpl", b"~HS"), ("escpos", b"\x10\x04\x01")):
        with Sink(answers={asks: b"what?"}) as sink:
            said = connect(Access("raw", sink.address, language)).probe()[0]
            assert (said.code, said.ready, said.reasons) == ("unknown", True, ("printer_odd_answer",))


@pytest.mark.parametrize(
    ("state", "reasons", "expected"),
    [
        (3, ["none"], "idle"),
        (5, ["media-empty-error"], "media_out"),
        (5, ["media-jam"], "media_jam"),
        (5, ["door-open-report", "toner-low-warning"], "cover_open"),
        (4, ["media-low-report", "marker-supply-low-warning"], "toner_low"),
        (3, ["media-empty-report"], "idle"),
        (4, ["media-empty-warning"], "printing"),
        (4, ["media-empty-warning", "media-needed-warning"], "media_out"),
        (5, [], "attention"),
        (99, [], "unknown"),
    ],
)
def test_a_printers_reasons_in_our_words(state: int, reasons: list[str], expected: str) -> None:
    assert status_of({"printer-state": [state], "printer-state-reasons": reasons}).code == expected


@given(st.binary(max_size=300))
def test_no_answer_breaks_the_reader(data: bytes) -> None:
    with contextlib.suppress(wire.NonsenseError):
        wire.parse(b"\x02\x00\x00\x00\x00\x00\x00\x01" + data)


@pytest.mark.parametrize("said", [{}, "5", None, (1, 2), (300, 300, 3)])
def test_values_of_another_kind_than_promised_break_nothing(said: object) -> None:
    known = {key: [said] for key in ("printer-state", "pwg-raster-document-resolution-supported")}
    assert status_of(known).code == "unknown"
    assert set(capabilities_of(known).dpi) <= {300}


@pytest.mark.parametrize(
    ("kind", "address", "other"),
    [
        ("ipp", "host:9109", "raw"),
        ("ipp", " 10.0.0.7:9100 ", "raw"),
        ("ipp", "lpd://host/queue", "lpd"),
        ("raw", "ipp://host:9100", "ipp"),
        ("raw", "host:631", "ipp"),
        ("lpd", "https://host/printers/office", "ipp"),
        ("ipp", "ipp://host:9100/ipp/print", None),
        ("ipp", "printer.local", None),
        ("ipp", "host:40631", None),
        ("raw", "[fe80::1]:9100", None),
        ("raw", "socket://host:631", None),
        ("lpd", "host:515/queue", None),
        ("ipp", "host:nine", None),
        ("system", "Zebra:9100", None),
    ],
)
def test_an_address_of_another_kind_of_connection_is_told(kind: str, address: str, other: str | None) -> None:
    assert other_kind(kind, address) == other


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("100x60", "100x60"),
        ("100×60", "100x60"),
        (" 100 X 60 mm ", "100x60"),
        ("57,5mm × 32.1 mm", "57.5x32.1"),
        ("", ""),
        ("A4", "A4"),
    ],
)
def test_a_label_size_may_be_typed_as_it_stands_on_the_box(typed: str, stored: str) -> None:
    assert label_size(typed) == stored


def test_addresses_and_pages() -> None:
    assert addresses("printer.local")[1] == "http://printer.local:631/ipp/print"
    assert addresses("https://p/ipp/x") == ("ipps://p:443/ipp/x", "https://p:443/ipp/x")
    for wrong in ("file:///etc/passwd", "ftp://x/y", "ipp://", "ipp://h:99999999/"):
        with pytest.raises(Refused, match="printer_address"):
            addresses(wrong)
    assert page_numbers("2, 4-, -1", 5) == [2, 4, 5, 1]
    for pages in ("x", "9", "1-2-3", ","):
        with pytest.raises(Refused, match="print_pages"):
            page_numbers(pages, 5)


def test_ipps_believes_the_house_s_own_authority_only(ipp_printer: Printer) -> None:
    with tls_in_front(int(ipp_printer.uri.split(":")[2].split("/")[0])) as (port, ca):
        address = f"ipps://localhost:{port}/ipp/print"
        with pytest.raises(Unavailable, match="printer_certificate"):
            IppPrinter(Access("ipp", address)).probe()
        trusting = IppPrinter(Access("ipp", address, ca=ca))
        assert trusting.probe()[0].ready
        trusting.close()
