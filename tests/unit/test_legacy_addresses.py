"""Addresses of the old servers: what is taken, and what is refused with which words."""

import pytest

from app.services.legacy.addresses import fault


@pytest.mark.parametrize(
    "address",
    [
        "http://server",
        " https://server.example:8443/app ",
        "http://192.168.0.7:8090/rest",
        "https://[fd00::1]:8443",
    ],
)
def test_addresses_of_servers_are_taken(address: str) -> None:
    assert fault(address) is None


@pytest.mark.parametrize(
    "address",
    ["", "server", "ftp://server", "http://", "http://:80", "http://server:99999", "http://server:0", "http://[::1",
     "http://server/rest?x=1", "http://server/#here", "http://ser ver", "http://server\\\\share"],
)  # fmt: skip
def test_what_is_none_is_refused(address: str) -> None:
    assert fault(address) == "legacy_url_form"


@pytest.mark.parametrize("address", ["http://otto:secret@server", "https://otto@server:8443/"])
def test_a_password_in_it_is_refused(address: str) -> None:
    assert fault(address) == "legacy_url_password"
