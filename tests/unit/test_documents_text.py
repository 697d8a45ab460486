"""Right-to-left text and line breaking of printed documents."""

import io
from dataclasses import replace

import pypdfium2
from pypdf import PdfReader

from app.services.documents.bidi import visual
from app.services.documents.glyphs import undrawable, undrawable_in
from app.services.documents.render import render
from app.services.documents.samples import sample
from app.services.documents.typeset import BOX, Style, clean, width, wrap
from app.services.einvoice.pdfa import archive
from tests.unit.pdfa_norm import complaints

BODY = Style(9, 4.5)


def test_hebrew_runs_are_turned_and_numbers_inside_them_are_not() -> None:
    assert visual("Nr. 5 שלום עולם 2026") == "Nr. 5 2026 םלוע םולש"
    assert visual("א 12,50 ב") == "ב 12,50 א"
    assert visual("אב, 3 kg") == "3 ,בא kg"
    assert visual("(אב)") == "(בא)"
    assert visual("אב (גד) הו") == "וה (דג) בא"


def test_arabic_letters_join_their_neighbours() -> None:
    initial_beh, final_beh = "\ufe91", "\ufe90"
    assert visual("بب") == final_beh + initial_beh
    assert visual("سلام") == "\ufee1\ufefc\ufeb3", (
        "lam and alef become one sign, meem after alef stands alone"
    )


def test_text_without_such_letters_is_left_alone() -> None:
    assert visual("Größe (A) 12,5 %") == "Größe (A) 12,5 %"


def test_cleaning_keeps_what_can_be_shown_and_marks_the_rest() -> None:
    assert clean("a\u0308\r\nb\tc\u200bd\x00") == "ä\nb cd"
    assert clean("中한😀ไ") == "中한😀" + BOX
    assert clean("1\u202f000\u00a0€") == "1 000\u00a0€"


def test_lines_never_exceed_their_room_and_lose_nothing() -> None:
    text = "Weihnachtsmann-Schlitten mit Donaudampfschifffahrtselektrizitätenhauptbetriebswerk " * 5
    lines = wrap(text, BODY, 40, 1000)
    assert all(width(line, BODY) <= 40 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_long_compounds_break_behind_their_hyphen_but_numbers_do_not() -> None:
    room = width("Weihnachtsmann-", BODY) + 1
    assert wrap("Weihnachtsmann-Schlitten", BODY, room, 9) == ["Weihnachtsmann-", "Schlitten"]
    assert wrap("Nr. RE-2026-00042", BODY, width("RE-2026-00042", BODY) + 0.1, 9) == ["Nr.", "RE-2026-00042"]


def test_cut_text_ends_with_an_ellipsis_within_its_room() -> None:
    lines = wrap("Zinnfigur " * 100, BODY, 40, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert width(lines[-1], BODY) <= 40


def test_names_from_the_far_east_are_drawn_kept_and_found_again() -> None:
    data = sample("invoice")
    names = ("中村錫工房株式会社", "서울시 종로구", "北京市朝阳区")
    data = replace(data, recipient=names)
    content = archive(render(data))
    found = "".join(PdfReader(io.BytesIO(content)).pages[0].extract_text().split())
    assert all("".join(name.split()) in found for name in names)
    assert complaints(content) == []
    assert undrawable(data) == ()


def test_emoji_are_drawn_and_a_copy_of_the_text_has_them() -> None:
    data = sample("invoice")
    first = replace(data.lines[0], description="Elefant 🐘 und Engel 😇🎄, 👩‍🎨 bemalt ❤️")
    content = archive(render(replace(data, lines=(first, *data.lines[1:]))))
    read = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    with pypdfium2.PdfDocument(content) as document:
        copied = document[0].get_textpage().get_text_range()
    for words in (read, copied):
        assert "Elefant🐘undEngel😇🎄,👩🎨bemalt❤" in "".join(words.split())
    assert complaints(content) == []
    assert undrawable(replace(data, lines=(first,))) == ()


def test_what_no_font_has_is_named_wherever_it_stands() -> None:
    data = sample("invoice")
    first = replace(data.lines[0], description="Elefant ꧁ und ꧁", lots=("L-1 ไ",), values={"place": "𝒜"})
    assert undrawable(replace(data, lines=(first,), remarks=("Größe → 5 Żółć שלום 🐘",))) == ("꧁", "ไ", "𝒜")
    assert undrawable_in(["Größe 5", BOX]) == ()


def test_lines_of_chinese_break_anywhere_but_before_a_stop() -> None:
    lines = wrap("手作りの錫の人形です。" * 9, BODY, 40, 99)
    assert len(lines) > 5
    assert not any(line.startswith("。") for line in lines)
    assert wrap("Zinn 手作りの人形", BODY, width("Zinn 手作り", BODY) + 0.1, 9) == ["Zinn 手作り", "の人形"]
