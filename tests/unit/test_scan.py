"""A scanner's keys are told from a person's: no key of a scan gets through, none of a person's is lost."""

import random
from decimal import Decimal

import pytest

from app.core.scan import CALIBRATION, LAYOUTS, Step, Wedge, WedgeSettings, layout_of
from app.services.labels.scans import command_code, read

GTIN = "4012345678901"


class Desk:
    """What arrives in the field, and what is scanned, of keys with their times."""

    def __init__(self, settings: WedgeSettings | None = None) -> None:
        self.wedge = Wedge(settings or WedgeSettings())
        self.field = ""
        self.codes: list[str] = []
        self.at = 0.0

    def press(self, sign: str, after_ms: float) -> None:
        """The clock of the desk rings in between, as a timer does."""
        gap = self.wedge.settings.gap_ms
        if after_ms > gap:
            self.take(self.wedge.quiet(self.at + gap + 1))
        self.at += after_ms
        step = self.wedge.key(sign, self.at, sign)
        self.take(step)
        if not step.held:
            self.field += sign

    def rest(self) -> None:
        self.at += 1000
        self.take(self.wedge.quiet(self.at))

    def take(self, step: Step) -> None:
        self.field += "".join(str(sign) for sign in step.released)
        self.codes += [step.code] if step.code else []

    def types(self, text: str, every_ms: float) -> None:
        for sign in text:
            self.press(sign, every_ms)


@pytest.mark.parametrize("every", [0.0, 1.0, 8.0, 30.0])
@pytest.mark.parametrize("end", ["\r", "\t", "\n"])
def test_a_scan_leaves_nothing_in_the_field(every: float, end: str) -> None:
    desk = Desk()
    desk.types("Hallo ", 120)
    desk.press("4", 400)
    desk.types(GTIN[1:] + end, every)
    desk.types("Welt", 110)
    desk.rest()
    assert desk.codes == [GTIN]
    assert desk.field == "Hallo Welt"


def test_nothing_a_person_types_is_lost_or_disordered() -> None:
    rng = random.Random(7)  # noqa: S311
    for _ in range(200):
        desk, typed = Desk(), ""
        for _word in range(6):
            # Fast fingers roll over two or three keys at once; nobody ends a burst of four with Enter in 40 ms.
            for _burst in range(rng.randint(1, 4)):
                keys = "".join(rng.choice("abcdefgß 12,") for _ in range(rng.randint(1, 3)))
                desk.press(keys[0], rng.uniform(60, 250))
                desk.types(keys[1:], rng.uniform(0, 39))
                typed += keys
            desk.press("\r", rng.uniform(60, 300))
            typed += "\r"
        desk.rest()
        assert (desk.field, desk.codes) == (typed, [])


def test_two_scans_in_a_row_and_a_code_too_short() -> None:
    desk = Desk()
    desk.types("AB-1\rXY/22\r", 3)
    desk.types("ab\r", 3)
    assert desk.codes == ["AB-1", "XY/22"]
    assert desk.field == "ab\r"


def test_the_digits_of_the_sheet_of_commands_are_shorter_than_any_other_code() -> None:
    desk = Desk()
    for sign in "0123456789":
        desk.types(command_code(sign) + "\r", 5)
    desk.types("A/7\r", 5)
    assert [read(code).command for code in desk.codes] == [*"0123456789", ""]
    assert desk.field == ""
    desk.types("1/2\r", 5)
    assert desk.field == "1/2\r"
    table = {ord(meant): chr(got) for got, meant in LAYOUTS["us_on_de"].items()}
    foreign = Desk(WedgeSettings(layout="us_on_de"))
    foreign.types(command_code("5").translate(table) + "\r", 5)
    assert foreign.codes == [command_code("5")]


def test_with_a_prefix_nothing_waits_and_a_stutter_does_no_harm() -> None:
    desk = Desk(WedgeSettings(prefix="~"))
    desk.types("schnell", 5)
    assert desk.field == "schnell"
    desk.press("~", 50)
    desk.types("A1", 5)
    desk.press("2", 200)
    desk.press("\r", 5)
    assert (desk.codes, desk.field) == (["A12"], "schnell")


def test_a_scanner_without_an_end() -> None:
    desk = Desk(WedgeSettings(needs_end=False))
    desk.types("LS-2026-00001", 4)
    desk.rest()
    assert (desk.codes, desk.field) == (["LS-2026-00001"], "")


def test_another_key_in_between_was_a_person() -> None:
    desk = Desk()
    desk.types("abcd", 5)
    desk.press("", 5)
    desk.press("\r", 5)
    assert (desk.codes, desk.field) == ([], "abcd\r")


def test_keyboards_of_two_countries() -> None:
    inverse = {
        name: {ord(meant): chr(got) for got, meant in table.items()} for name, table in LAYOUTS.items()
    }
    for name, table in inverse.items():
        arrived = CALIBRATION.translate(table)
        assert layout_of(arrived) == name
        desk = Desk(WedgeSettings(layout=name))
        code = "P/HL/ZY-01_02"
        desk.types(code.translate(table) + "\r", 4)
        assert desk.codes == [code]
    assert CALIBRATION.translate(inverse["us_on_de"]) != CALIBRATION
    assert layout_of("4012345678901") is None


def test_what_a_code_says_by_itself() -> None:
    assert read(f"]E0{GTIN}\r").gtin == "0" + GTIN
    assert read("96385074").gtin == "00000096385074"
    assert read("4012345678902").kind == "plain"  # wrong check digit
    for misread in (
        "4012345678902",
        "]E04012345678902",
        "14012345678902",
        "(01)04012345678902",
        "]C1010401234567890210L-7",
        "0104012345678902\x1d10L-7",
        "340123450000000018",
        "00340123450000000018",
        "(00)340123450000000018",
    ):
        assert read(misread).damaged, misread
    for sound in (GTIN, "340123450000000017", "AB-1", "123456789", "4012345678902X", "01040123456789021"):
        assert not read(sound).wrong_digit, sound
    eight = read("96385075")  # may be a supplier's own number
    assert (eight.wrong_digit, eight.damaged) == (True, False)
    for unknown in ("W/NOTHING", "w/4711"):
        assert (read(unknown).own, read(unknown).command) == ("command", "")
    label = read("]C10104012345678901" + "17270131" + "10L-7\x1d3712")
    assert (label.gtin, label.lot, label.qty, str(label.expires_on)) == (
        "04012345678901",
        "L-7",
        Decimal(12),
        "2027-01-31",
    )
    assert read("(01)04012345678901(21)S/9").serial == "S/9"
    assert read("0104012345678901" + "10L-7").lot == "L-7"  # not announced, but it can be nothing else
    sscc = "340123450000000017"
    assert {read(text).sscc for text in (sscc, "00" + sscc, "]C100" + sscc)} == {sscc}
    parcel = read("]C192D/LS-2026-00042\x1d42088131")  # the upper code of our label for parcels
    assert (parcel.own, parcel.parts) == ("delivery", ("LS-2026-00042",))
    assert read("(01)04012345678901(92)D/4711").kind == "gs1"  # somebody else's goods
    place = read("P/HL/A-01-02")
    assert (place.own, place.parts) == ("place", ("HL", "A-01-02"))
    assert read("L/HU-4711/2026%2F11").lot == "2026/11"
    assert read(command_code("undo")).command == "undo"
    assert read("w/7").command == "7"
    for odd in ("", "]", "(01)", "]C1", "W/", "x" * 5000, "\x1d\x1d", "P/HL", "(99)(99)", "äöü€"):
        assert read(odd).kind in ("plain", "gs1")
