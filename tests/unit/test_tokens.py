"""The colours of the program keep the contrasts that people need to read them."""

import re
from pathlib import Path

import pytest

from app.views.core.tokens import CHIP_KINDS, COLOURS, TYPES, Theme

GROUNDS = ("surface", "window", "chrome", "sunken", "hover", "selected", "raised")
SOURCES = Path(__file__).resolve().parents[2] / "app" / "views"


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, from 1 to 21."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> Theme:
    return Theme(request.param)


@pytest.mark.parametrize(
    ("token", "least"), [("text", 7.0), ("text2", 4.5), ("text3", 4.5), ("accent_text", 4.5)]
)
def test_words_can_be_read_on_every_ground(theme: Theme, token: str, least: float) -> None:
    worst = min((contrast(theme.colour(token), theme.colour(ground)), ground) for ground in GROUNDS)
    assert worst[0] >= least, worst


@pytest.mark.parametrize("kind", CHIP_KINDS)
def test_words_of_a_chip_and_hints_can_be_read_on_its_fill(theme: Theme, kind: str) -> None:
    text, fill = theme.chip(kind)
    assert contrast(theme.colour(text), theme.colour(fill)) >= 4.5
    assert contrast(theme.colour("text3"), theme.colour(fill)) >= 4.5 or kind == "accent"


def test_filled_buttons_and_people_can_be_read(theme: Theme) -> None:
    for ground in ("accent", "accent_h", *(f"avatar{n}" for n in range(1, 7))):
        assert contrast(theme.colour("on_accent"), theme.colour(ground)) >= 4.5, ground
    for words in ("on_brand", "on_brand2"):
        assert contrast(theme.colour(words), theme.colour("brand")) >= 4.5


def test_edges_that_alone_say_what_a_control_is_can_be_seen(theme: Theme) -> None:
    for ground in ("surface", "window"):
        assert contrast(theme.colour("control"), theme.colour(ground)) >= 3.0
    for ground in (*GROUNDS, "accent_tint"):
        assert contrast(theme.colour("focus"), theme.colour(ground)) >= 3.0
    for token in ("ok_solid", "warn_solid", "bad_solid", "info_solid", "accent_text"):
        assert contrast(theme.colour(token), theme.colour("surface")) >= 3.0, token


def test_status_words_stand_on_lists_too(theme: Theme) -> None:
    for tone in ("bad", "warn", "ok"):
        for ground in ("surface", "selected", "hover"):
            assert contrast(theme.colour(tone), theme.colour(ground)) >= 4.5, (tone, ground)


def test_nothing_is_written_smaller_than_a_caption_but_a_badge() -> None:
    assert {name for name, step in TYPES.items() if step.size < 11} == {"badge"}


def test_no_colour_stands_anywhere_but_in_the_tokens() -> None:
    colour = re.compile(r"#[0-9A-Fa-f]{6}\b|#[0-9A-Fa-f]{3}\b|QColor\(\s*\d|Qt\.GlobalColor\.(?!transparent)")
    found = [
        f"{file.relative_to(SOURCES)}: {line.strip()}"
        for file in SOURCES.rglob("*.py")
        if file.name != "tokens.py"
        for line in file.read_text(encoding="utf-8").splitlines()
        if colour.search(line)
    ]
    assert not found, found


def test_every_token_is_a_colour() -> None:
    wrong = [
        name for name, pair in COLOURS.items() if not all(re.fullmatch(r"#[0-9A-F]{6}", c) for c in pair)
    ]
    assert not wrong
