"""The matrix refuses what it cannot mean."""

from pathlib import Path

import pytest

from migrations import rights

ROLES = """
roles:
  device: {device: true}
  person: {}
functions:
  api.send: [person, device]
  api.read: [person]
"""


def test_alone_are_functions_a_device_has(tmp_path: Path) -> None:
    file = tmp_path / "matrix.yaml"
    file.write_text(f"{ROLES}alone: [api.send]\n", encoding="utf-8")
    assert rights.load([file]).alone == ("api.send",)
    for wrong in ("api.read", "api.none"):
        file.write_text(f"{ROLES}alone: [api.send, {wrong}]\n", encoding="utf-8")
        with pytest.raises(rights.MatrixError, match=f"alone: no device has {wrong}"):
            rights.load([file])
