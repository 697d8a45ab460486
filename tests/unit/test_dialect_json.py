"""JSON for the database is the same whether it is written at once or in pieces."""

import json
from decimal import Decimal
from typing import Any

import pytest

from app.core.dialect import PIECE, dumps

ROW = {"k": "1", "v": {"price": Decimal("1.50"), "name": "Größe"}, "r": {"unit": ["unit", "pcs"]}}


@pytest.mark.parametrize(
    "value",
    [
        None,
        "x",
        [],
        {},
        [[]],
        [{}],
        {1: [2], False: [3]},
        {"a": [], "b": [1] * (PIECE + 1)},
        [{"entity": "x", "rows": [ROW] * (2 * PIECE + 5), "match": ["a"]}, {"entity": "y", "rows": []}],
        [ROW] * PIECE,
        [ROW] * (PIECE + 1),
    ],
)
def test_pieces_make_the_same_text(value: Any) -> None:
    assert dumps(value) == json.dumps(value, default=str)
