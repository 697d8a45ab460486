"""The form of a printer: what is asked of it, what is proposed, what is said when something is wrong."""

from PySide6.QtWidgets import QLabel

from app.services.printing import writes
from app.services.printing.commands import NoteStatus
from tests.peers.sockets import Sink, web_server
from tests.views.make_screens import AsRole, Bench
from tests.views.test_printing_screens import Raw, admin_dsn, bench, new_printer

__all__ = ["admin_dsn", "bench"]
STATUS = b"\x02030,0,0,1234,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"


def test_an_address_of_another_connection_is_refused_beside_its_field(bench: Bench, admin: Raw) -> None:
    bench.window.new_record("printing.printer")
    page = bench.front()
    for key, value in (("name", "Labels"), ("address", "localhost:9109"), ("media", "100 × 60 mm")):
        bench.type(f"field.{key}", value)
    page.save()
    bench.settle()
    assert "Port 9100" in page.boxes["address"].error
    assert admin.execute("SELECT FROM printing.printer WHERE name = 'Labels'").fetchone() is None
    bench.choose("field.kind", "Netzwerk, Port 9100")
    page.save()
    bench.settle()
    stored = admin.execute(
        "SELECT kind, address, media, language FROM printing.printer WHERE name = 'Labels'"
    ).fetchone()
    assert stored == ("raw", "localhost:9109", "100x60", "zpl")


def test_what_a_new_printer_is_sent_follows_its_connection_until_it_is_chosen(bench: Bench) -> None:
    bench.window.new_record("printing.printer")
    language = bench.front().boxes["language"]
    assert language.value() == "pdf"
    bench.choose("field.kind", "Netzwerk, Port 9100")
    assert language.value() == "zpl"
    bench.choose("field.kind", "Netzwerk (LPD)")
    assert language.value() == "pdf"
    bench.type("field.media", "100x60")
    assert language.value() == "zpl"
    bench.choose("field.language", "Bons (ESC/POS)")
    bench.choose("field.kind", "Netzwerk, Port 9100")
    assert language.value() == "escpos"


def test_the_resolution_of_a_label_printer_is_asked_or_said_to_be_assumed(bench: Bench) -> None:
    bench.window.new_record("printing.printer")
    page = bench.front()
    dpi = page.boxes["dpi"]
    assert (dpi.value(), dpi._below.text()) == (300, "")
    bench.choose("field.kind", "Netzwerk, Port 9100")
    assert (dpi.value(), dpi._below.text()) == (203, "Angenommen, vom Drucker nicht genannt.")
    answers = {b"~HS": STATUS, b"~HI": b"\x02ZT411-300dpi,V92,12,8176KB\x03\r\n"}
    with Sink(answers=answers) as sink:
        bench.type("field.address", sink.address)
        page.boxes["location"].focus()
        bench.wait(lambda: (dpi.value(), dpi._below.text()) == (300, "Vom Drucker genannt."))
    bench.choose("field.language", "Dokumente (PDF)")
    assert (dpi.value(), dpi._below.text()) == (300, "")
    bench.choose("field.language", "Etiketten (ZPL)")
    assert dpi._below.text() == "Vom Drucker genannt."
    bench.type("field.address", "127.0.0.1:9")
    page.boxes["location"].focus()
    bench.wait(lambda: (dpi.value(), dpi._below.text()[:5]) == (203, "Angen"))
    bench.type("field.dpi", "600")
    bench.choose("field.kind", "Netzwerk (LPD)")
    assert dpi.value() == 600


def test_a_label_printer_entered_with_the_wrong_resolution_says_so(
    bench: Bench, as_role: AsRole, admin: Raw
) -> None:
    answers = {b"~HS": STATUS, b"~HI": b"\x02ZD421-203dpi,V84,8,8176KB\x03\r\n"}
    with Sink(answers=answers) as sink:
        db = as_role("administrator")
        number = new_printer(db, "Falsch", sink.address, kind="raw", language="zpl", dpi=300)
        bench.window.open_record("printing.printer", number)
        bench.click("action.ask")
        bench.wait(lambda: "druckt mit 203 dpi, eingetragen sind 300 dpi" in bench.everything())
    page = bench.front()
    page.notices()[0].actions[0].run()
    page.save()
    bench.settle()
    assert "eingetragen sind" not in bench.everything()
    asked = "SELECT dpi FROM printing.printer WHERE id = %s"
    assert admin.execute(asked, (number,)).fetchone() == (203,)


def test_a_printer_that_is_away_says_so_in_words(bench: Bench, as_role: AsRole) -> None:
    """The queue notes the key of what went wrong; people read what it means.  Its history stays what people did."""
    db = as_role("administrator")
    number = new_printer(db, "Weit weg", "192.0.2.9")
    db.write(writes.note_status, NoteStatus(number, "offline", "silent", None))
    db.write(writes.note_status, NoteStatus(number, "offline", "printer_away", None))
    bench.window.open_record("printing.printer", number)
    bench.wait(lambda: "Der Drucker Weit weg ist nicht erreichbar." in bench.everything())
    card = bench.front().story.history

    def told() -> str:
        return " ".join(label.text() for label in card.findChildren(QLabel))

    bench.wait(lambda: "angelegt" in told())
    assert "Meldungen" not in told()
    assert "reasons" not in told()


def test_a_wrong_path_is_told_with_what_to_look_at(bench: Bench, as_role: AsRole) -> None:
    """Asked from the window: in the message, beside the printer and in the list."""
    with web_server(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as port:
        number = new_printer(as_role("administrator"), "Verirrt", f"ipp://127.0.0.1:{port}/nowhere")
        bench.window.open_record("printing.printer", number)
        bench.click("action.ask")
        bench.wait(lambda: "aber kein Drucker (HTTP 404)" in bench.said())
    bench.wait(lambda: "Unter der Adresse von Verirrt antwortet ein Server" in bench.everything())
    bench.go("printing.printers")
    bench.wait(lambda: "Braucht Hilfe" in bench.everything())
