"""Right-to-left text for a renderer that only knows how to put glyphs from left to right.

Enough for names and addresses inside German or English documents: runs of Hebrew and Arabic are turned around,
numbers inside them keep their order, brackets are mirrored, Arabic letters are joined.  It is not the whole Unicode
algorithm: the paragraph is always left-to-right and explicit direction marks are ignored.
"""

import re
import unicodedata
from functools import cache

_STRONG = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_NUMBER = re.compile(r"[0-9\u0660-\u0669\u06f0-\u06f9]+(?:[.,:/-][0-9\u0660-\u0669\u06f0-\u06f9]+)*")
_MIRROR = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_LAM = "\u0644"


def visual(line: str) -> str:
    """The characters of one line in the order they are drawn, from left to right."""
    if not _STRONG.search(line):
        return line
    joined = _join(line)
    parts: list[str] = []
    rest = joined
    while found := _STRONG.search(rest):
        end = _run_end(rest, found.start())
        parts += [rest[: found.start()], _turn(rest[found.start() : end])]
        rest = rest[end:]
    return "".join(parts) + rest


def _run_end(text: str, start: int) -> int:
    """A run reaches to its last strong letter or digit before the next left-to-right letter."""
    end = start
    for index in range(start, len(text)):
        kind = unicodedata.bidirectional(text[index])
        if kind == "L":
            break
        if kind in ("R", "AL", "EN", "AN"):
            end = index + 1
    return end


def _turn(run: str) -> str:
    turned = run[::-1].translate(_MIRROR)
    return _NUMBER.sub(lambda found: found[0][::-1], turned)


def _join(text: str) -> str:
    """Replace Arabic letters by the form they take beside their neighbours."""
    forms = _forms()
    letters = [character for character in text if not _is_mark(character)]
    joined: list[str] = []
    index = 0
    while index < len(letters):
        letter, following = letters[index], letters[index + 1] if index + 1 < len(letters) else ""
        before = index > 0 and _links_on(letters[index - 1])
        if letter == _LAM and (ligature := forms.get(_LAM + following)) and following:
            joined.append(ligature.get("final" if before else "isolated", letter))
            index += 2
            continue
        shapes = forms.get(letter, {})
        after = _links_on(letter) and "final" in forms.get(following, {})
        wanted = ("medial" if after else "final") if before else ("initial" if after else "isolated")
        joined.append(shapes.get(wanted) or shapes.get("isolated") or letter)
        index += 1
    return "".join(joined)


def _is_mark(character: str) -> bool:
    """Vowel signs of both scripts: without mark positioning they would land on the wrong letter."""
    return bool(_STRONG.match(character)) and unicodedata.category(character) == "Mn"


def _links_on(letter: str) -> bool:
    return "initial" in _forms().get(letter, {})


@cache
def _forms() -> dict[str, dict[str, str]]:
    """The presentation forms by the letters they stand for, read from the Unicode database itself."""
    forms: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFBB2), *range(0xFBD3, 0xFC00), *range(0xFE80, 0xFEFD)):
        tag, _, letters = unicodedata.decomposition(chr(code)).partition(" ")
        if tag in ("<isolated>", "<initial>", "<medial>", "<final>"):
            base = "".join(chr(int(part, 16)) for part in letters.split())
            forms.setdefault(base, {})[tag[1:-1]] = chr(code)
    return forms
