"""The whole program against a real server, without a screen."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.views.conftest import _german, _look

__all__ = ["_german", "_look"]
