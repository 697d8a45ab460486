"""Addresses of the old servers, as people type them."""

from urllib.parse import urlsplit


def fault(address: str) -> str | None:
    """The text key of what is wrong with an address, without `error.`; None for ``http(s)://host[:port][/path]``.

    A password in the address would be kept in the clear, and be read in its history.
    """
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is none, brackets that do not close
        return "legacy_url_form"
    if parts.scheme not in ("http", "https"):
        return "legacy_url_form"
    if parts.username is not None or parts.password is not None:
        return "legacy_url_password"
    odd = (
        parts.query
        or parts.fragment
        or any(sign.isspace() or sign == "\\" for sign in parts.netloc + parts.path)
    )
    return "legacy_url_form" if not host or port == 0 or odd else None
