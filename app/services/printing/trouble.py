"""What is the matter with a printer that gives no sensible answer, and so what people should look at."""

import ssl
from collections.abc import Iterator

import requests
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from app.core.errors import AppError, Unavailable
from app.services.printing.device import Status, StatusCode

AWAY = ("printer_away", "printer_cut")
WRONG = (
    "printer_silent",
    "printer_nonsense",
    "printer_no_path",
    "printer_http_fault",
    "printer_other_service",
    "printer_wants_sign_in",
    "printer_sign_in",
    "printer_forbidden",
    "printer_wants_tls",
    "printer_no_tls",
    "printer_certificate",
    "printer_certificate_name",
    "printer_certificate_time",
)
_CODES: dict[str, StatusCode] = {**dict.fromkeys(AWAY, "offline"), **dict.fromkeys(WRONG, "attention")}
_CERTIFICATE = {
    9: "printer_certificate_time",
    10: "printer_certificate_time",
    62: "printer_certificate_name",
    64: "printer_certificate_name",
}


def state_behind(error: AppError) -> Status | None:
    """How the printer is that gave this error: away, or there and wrong; None when that was not about the printer."""
    code = _CODES.get(error.key)
    return None if code is None else Status(code, tuple(filter(None, (error.key, details(error)))))


def details(error: AppError) -> str:
    """What the text of an error names besides the printer."""
    return str(error.params.get("what") or "")


def of_http(status: int, location: str, printer: str, *, named: bool) -> Unavailable:
    """What an HTTP status other than 200 means; ``named``: somebody was signed in."""
    said = f"HTTP {status}"
    if status == 401:
        return Unavailable("printer_sign_in" if named else "printer_wants_sign_in", printer=printer)
    if status == 403:
        return Unavailable("printer_forbidden", printer=printer)
    if status == 426 or (300 <= status < 400 and location.lower().startswith(("https:", "ipps:"))):
        return Unavailable("printer_wants_tls", printer=printer)
    if status == 503:
        return Unavailable("printer_busy", printer=printer)
    key = "printer_http_fault" if status >= 500 else "printer_no_path"
    return Unavailable(key, printer=printer, what=said)


def of_line(error: requests.exceptions.RequestException, printer: str) -> Unavailable:
    """What it means that no answer came through: nobody there, the wrong port, the wrong certificate."""
    chain = tuple(_behind(error))
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return Unavailable(_CERTIFICATE.get(one.verify_code, "printer_certificate"), printer=printer)
    if isinstance(error, requests.exceptions.SSLError):
        return Unavailable("printer_no_tls", printer=printer)
    if isinstance(error, requests.exceptions.ConnectTimeout) or _any(chain, NewConnectionError):
        return Unavailable("printer_away", printer=printer)
    # Somebody was there: who only hangs up or says nothing is told from who talks about something else.
    silent = isinstance(error, requests.exceptions.Timeout) or _any(chain, ReadTimeoutError, OSError)
    return Unavailable("printer_silent" if silent else "printer_nonsense", printer=printer)


def _any(chain: tuple[BaseException, ...], *kinds: type[BaseException]) -> bool:
    return any(isinstance(one, kinds) for one in chain)


def _behind(error: BaseException) -> Iterator[BaseException]:
    """What lies behind an error of requests, which is one of the operating system's itself."""
    waiting: list[object] = [*error.args, error.__cause__, error.__context__]
    seen: set[int] = {id(error)}
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            if not isinstance(one, requests.exceptions.RequestException):
                yield one
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
