"""The whole program against a real server, without a screen."""

import os
import secrets
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from app.core.embedded import Instance
from tests import mould
from tests.views.conftest import _german, _look

__all__ = ["_german", "_look"]


@pytest.fixture
def company() -> Iterator[Instance]:
    """A server of its own with the demo company."""
    instance = Instance(f"tour-{secrets.token_hex(3)}")
    try:
        yield mould.company(instance.name)
    finally:
        instance.remove()
