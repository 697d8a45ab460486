"""Texts in German and English, looked up by key.

Every text the user can read lives in ``i18n/<capability>.yaml`` as ``key: {de: …, en: …}``, both languages side
by side.  Documents are rendered in the customer's language, so texts are needed outside Qt as well; that is why
this is not a Qt translator (see docs/adr).
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import yaml

LANGUAGES = ("de", "en")
TEXT_DIR = Path(__file__).resolve().parents[2] / "i18n"

Entry = str | Mapping[str, str]
_current = "de"


def language() -> str:
    """The language of the user interface, ``de`` or ``en``."""
    return _current


def set_language(code: str) -> None:
    """Switch the language of the user interface.

    Raises ValueError for a language that is not in `LANGUAGES`.
    """
    global _current
    if code not in LANGUAGES:
        raise ValueError(f"unknown language {code!r}")
    _current = code


def in_every_language(words: Callable[[], str]) -> dict[str, str]:
    """What ``words`` says in each language, for what is kept until after a switch.  For the thread of the window."""
    now, found = _current, {}
    try:
        for code in LANGUAGES:
            set_language(code)
            found[code] = words()
    finally:
        set_language(now)
    return found


@cache
def catalogue() -> dict[str, dict[str, Entry]]:
    """All texts by key, then by language.  A key that two files define is an error (ValueError)."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # safe either way, in C where there is one
    texts: dict[str, dict[str, Entry]] = {}
    for file in sorted(TEXT_DIR.glob("*.yaml")):
        entries = yaml.load(file.read_text(encoding="utf-8"), Loader=loader) or {}  # noqa: S506
        for key, entry in entries.items():
            if key in texts:
                raise ValueError(f"text {key!r} is defined twice, the second time in {file.name}")
            texts[key] = entry
    return texts


def has_text(key: str) -> bool:
    """Whether a text exists for this key."""
    return key in catalogue()


def translate(lang: str, key: str, /, **params: object) -> str:
    """The text for ``key`` in ``lang`` with its parameters filled in.

    An entry with ``one`` and ``other`` is chosen by the parameter ``n``.  A missing text comes back as ``⟦key⟧``.
    """
    entry = catalogue().get(key, {}).get(lang)
    if entry is None:
        return f"⟦{key}⟧"
    if not isinstance(entry, str):
        entry = entry["one" if params.get("n") == 1 else "other"]
    return entry.format_map(_Params(params)) if "{" in entry else entry


def t(key: str, /, **params: object) -> str:
    """The text for ``key`` in the language of the user interface."""
    return translate(_current, key, **params)


class _Params(dict[str, object]):
    """Leaves an unknown placeholder visible instead of failing while an error is being shown."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
