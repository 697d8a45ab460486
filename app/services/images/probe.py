"""Trying an image service: whether it answers, lets us in, and how many pictures it has."""

import time
from dataclasses import dataclass, replace

from app.core.db import Database
from app.core.errors import AppError
from app.services.images.client import ImageService, Service
from app.services.images.sync import service_of
from app.services.legacy.browse import open_reader
from app.services.legacy.service import Contact, note_contact

PATIENCE = 15.0  # seconds for one answer


@dataclass(frozen=True, slots=True)
class ServiceTest:
    """What came of it: how many pictures there are and in how many milliseconds it said so, or what is in the way."""

    pictures: int = 0
    ms: int = 0
    error: AppError | None = None


def test_service(db: Database, server_id: int) -> ServiceTest:
    """Ask the service for one record; this client leads meanwhile, since only who leads is given the password.

    The time is that of the service's answer; waiting for whoever leads to let go is not part of it.
    """
    try:
        with open_reader(db) as reader:
            token, keyring, server = reader.opened(server_id)
            service = service_of(server, keyring)
            found = _asked(replace(service, page_size=1, timeout=min(PATIENCE, service.timeout)))
            error = found.error
            word = "ok" if error is None else error.key
            db.write(note_contact, Contact(token, server_id, word, None if error is None else str(error)))
            return found
    except AppError as error:
        return ServiceTest(error=error)


def _asked(service: Service) -> ServiceTest:
    begin = time.monotonic()
    try:
        with ImageService(service) as client:
            page = client.page(1)
    except AppError as error:
        return ServiceTest(ms=_ms(begin), error=error)
    return ServiceTest(max(page.total, 0), _ms(begin))


def _ms(begin: float) -> int:
    return int((time.monotonic() - begin) * 1000)
