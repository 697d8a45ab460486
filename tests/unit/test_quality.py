"""`werkbank test`: what runs beside the tests is waited for and held against them; no processor stays unused."""

import os
import sys
from pathlib import Path

import pytest

from app.commands import quality


def test_what_fails_beside_the_tests_is_named_with_what_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    steps = {
        "good": (sys.executable, "-c", "print('nobody wants to know')"),
        "bad": (sys.executable, "-c", "print('a word about it'); raise SystemExit(3)"),
    }
    with quality._beside(steps, dict(os.environ)) as failed:
        pass
    assert failed == ["bad"]
    said = capsys.readouterr().out
    assert "nobody wants to know" not in said
    assert said.index("== good: passed") < said.index("a word about it") < said.index("== bad: FAILED")


def test_every_processor_that_may_be_used_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= quality.cores() <= (os.cpu_count() or 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)), raising=False)
    monkeypatch.setattr(Path, "read_text", lambda *_: "max 100000\n")
    assert quality.cores() == 8
    monkeypatch.setattr(Path, "read_text", lambda *_: "150000 100000\n")
    assert quality.cores() == 2
    assert quality.workers() == 3
