"""A mail server of somebody else's making (aiosmtpd): STARTTLS or nothing, and a login."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message as Mail
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult, LoginPassword

from app.simulate.tls import Certificate


class Peer(NamedTuple):
    """Where it listens, and what it got."""

    host: str
    port: int
    mails: list[Mail]


@contextmanager
def strict_server(certificate: Certificate, user: str, password: str) -> Iterator[Peer]:
    """A server that takes nothing in clear and nothing without this login."""
    mails: list[Mail] = []

    class Keep(Message):
        def handle_message(self, message: Mail) -> None:
            mails.append(message)

    def knows(_server: Any, _session: Any, _envelope: Any, _how: str, given: Any) -> AuthResult:
        fits = isinstance(given, LoginPassword) and (given.login, given.password) == (
            user.encode(),
            password.encode(),
        )
        return AuthResult(success=fits, handled=fits)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    peer = Controller(
        Keep(),
        hostname="127.0.0.1",
        port=port,
        tls_context=certificate.context(),
        require_starttls=True,
        authenticator=knows,
        auth_required=True,
    )
    peer.start()
    try:
        yield Peer("127.0.0.1", port, mails)
    finally:
        peer.stop()
