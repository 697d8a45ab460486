"""Finds values that lead to somebody inside any text, word by word and whatever the case."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from app.services.sanitise.words import word_lists

_WORD: Final = re.compile(r"\w+", re.UNICODE)
_LONG = 8
_DIGITS = 9


class Traces:
    """An index of values by their first word.

    A value of several words, or a long one with digits, tells by itself wherever it stands (``strong``). A single word,
    such as a surname, may just as well be an ordinary one: it is looked for only where names are.
    """

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        self.strong: dict[str, list[tuple[tuple[str, ...], str, str]]] = defaultdict(list)
        self.weak: dict[str, str] = {}
        # Words our own lists use as well prove nothing.
        ours = {
            word
            for name, lines in word_lists().items()
            for line in lines
            for word in _words(line)
            if name != "surname_end"
        }
        for kind, value in values:
            words = tuple(_words(value))
            if not words:
                continue
            letters = any(letter.isalpha() for word in words for letter in word)
            length = sum(map(len, words))
            if not letters and length < _DIGITS:
                continue  # a short number occurs by chance
            if kind == "login" or (len(words) > 1 and length >= _LONG) or _telling(words):
                self.strong[words[0]].append((words, kind, value))
            elif len(words) == 1 and words[0].isalpha() and len(words[0]) >= 4 and words[0] not in ours:
                self.weak.setdefault(words[0], value)
        for candidates in self.strong.values():
            candidates.sort(key=lambda found: -len(found[0]))

    def found(self, text: str, *, weak: bool = False) -> Iterator[str]:
        """The values that occur in the text."""
        spans = [(match.group().casefold(), match.span()) for match in _WORD.finditer(text)]
        words = [word for word, _ in spans]
        for place, word in enumerate(words):
            for wanted, _kind, value in self.strong.get(word, ()):
                if tuple(words[place : place + len(wanted)]) == wanted:
                    yield value
                    break
            else:
                if weak and word in self.weak:
                    yield self.weak[word]

    def replaced(self, text: str, replace: Callable[[str, str], str]) -> str:
        """The text with every strong value in it replaced by class and value."""
        spans = [(match.group().casefold(), match.span()) for match in _WORD.finditer(text)]
        if not any(word in self.strong for word, _ in spans):
            return text
        words = [word for word, _ in spans]
        made: list[str] = []
        done = place = 0
        while place < len(words):
            for wanted, kind, value in self.strong.get(words[place], ()):
                if tuple(words[place : place + len(wanted)]) == wanted:
                    last = place + len(wanted) - 1
                    made += [text[done : spans[place][1][0]], replace(kind, value)]
                    done = spans[last][1][1]
                    place = last
                    break
            place += 1
        return "".join([*made, text[done:]])


def _words(text: str) -> list[str]:
    return [match.group().casefold() for match in _WORD.finditer(text)]


def _telling(words: tuple[str, ...]) -> bool:
    return len(words) == 1 and len(words[0]) >= _LONG and any(letter.isdigit() for letter in words[0])
