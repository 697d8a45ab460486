"""What answers and is no printer, or will not print, is told for what it is: people look at the right thing first."""

import datetime as dt

import pytest
import yaml

from app.core.errors import Unavailable
from app.core.i18n import LANGUAGES, TEXT_DIR
from app.services.printing import trouble
from app.services.printing.device import Access
from app.services.printing.ipp import IppPrinter
from app.simulate.tls import make_certificate
from tests.peers.sockets import Sink, tls_in_front, web_server

_HTML = b"<!DOCTYPE html><html><title>Router</title></html>"
_IPP = b"Content-Type: application/ipp\r\n"


def _said(status: str, head: bytes = b"", body: bytes = b"", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status.encode(), head, size, body)


def _trouble(address: str, username: str = "", ca: str = "") -> Unavailable:
    printer = IppPrinter(Access("ipp", address, username=username, ca=ca, timeout=1.0))
    try:
        with pytest.raises(Unavailable) as told:
            printer.probe()
    finally:
        printer.close()
    return told.value


@pytest.mark.parametrize(
    ("answer", "key", "what"),
    [
        (_said("200 OK", b"Content-Type: text/html\r\n", _HTML), "printer_nonsense", ""),
        (_said("200 OK", _IPP, b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x21"), "printer_nonsense", ""),
        (_said("200 OK", _IPP, b"\x02\x00\x00\x00", length=400), "printer_nonsense", ""),
        (_said("200 OK", _IPP, b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x03"), "printer_nonsense", ""),
        (_said("200 OK", _IPP), "printer_nonsense", ""),
        (_said("200 OK", b"Content-Encoding: gzip\r\n", b"rubbish"), "printer_nonsense", ""),
        (b"\xff\xfe garbage\r\n", "printer_nonsense", ""),
        (b"", "printer_silent", ""),
        (_said("404 Not Found", b"", _HTML), "printer_no_path", "HTTP 404"),
        (_said("405 Method Not Allowed"), "printer_no_path", "HTTP 405"),
        (_said("302 Found", b"Location: /login\r\n"), "printer_no_path", "HTTP 302"),
        (_said("301 Moved", b"Location: https://x/ipp\r\n"), "printer_wants_tls", ""),
        (_said("426 Upgrade Required"), "printer_wants_tls", ""),
        (_said("401 Unauthorized"), "printer_wants_sign_in", ""),
        (_said("403 Forbidden"), "printer_forbidden", ""),
        (_said("500 Internal Server Error"), "printer_http_fault", "HTTP 500"),
        (_said("503 Service Unavailable"), "printer_busy", ""),
        (
            _said("200 OK", _IPP, b"\x02\x00\x04\x03\x00\x00\x00\x01\x03"),
            "printer_forbidden",
            "",
        ),
    ],
)
def test_what_answers_otherwise_than_a_printer_is_told_for_what_it_is(
    answer: bytes, key: str, what: str
) -> None:
    with web_server(answer) as port:
        told = _trouble(f"ipp://127.0.0.1:{port}/ipp/print")
    assert (told.key, trouble.details(told)) == (key, what)


def test_a_sign_in_that_is_wrong_is_not_one_that_is_missing() -> None:
    with web_server(_said("401 Unauthorized")) as port:
        assert _trouble(f"ipp://127.0.0.1:{port}/ipp/print", username="office").key == "printer_sign_in"


def test_nobody_there_is_not_somebody_who_says_nothing() -> None:
    with Sink(mode="silent") as sink:
        assert _trouble(f"ipp://{sink.address}/ipp/print").key == "printer_silent"
        gone = sink.address
    assert _trouble(f"ipp://{gone}/ipp/print").key == "printer_away"
    assert _trouble("ipp://printer.invalid/ipp/print").key == "printer_away"


def test_what_is_wrong_with_a_certificate_is_said() -> None:
    with Sink(mode="nonsense") as plain:
        assert _trouble(f"ipps://{plain.address}/ipp/print").key == "printer_no_tls"
    with web_server(b"") as port:
        long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        for certificate, key in (
            (make_certificate(), "printer_certificate"),
            (make_certificate(("other.house",)), "printer_certificate_name"),
            (make_certificate(began=long_ago), "printer_certificate_time"),
        ):
            with tls_in_front(port, certificate) as (secured, authority):
                ca = "" if key == "printer_certificate" else authority
                assert _trouble(f"ipps://127.0.0.1:{secured}/ipp/print", ca=ca).key == key


def test_every_trouble_has_words_and_a_state() -> None:
    texts = yaml.safe_load((TEXT_DIR / "printing.yaml").read_text(encoding="utf-8"))
    for key in (*trouble.AWAY, *trouble.WRONG):
        assert set(LANGUAGES) <= set(texts[f"error.{key}"])
        state = trouble.state_behind(Unavailable(key, printer="X", what="HTTP 404"))
        assert state is not None
        assert not state.ready
        assert state.reasons == (key, "HTTP 404")
    assert trouble.state_behind(Unavailable("printer_media_out", printer="X")) is None
