"""Rights in words: a function by its text, a table by its name and what may be done with it."""

from app.core.i18n import has_text, translate


def right_words(lang: str, right: str) -> str:
    """What a right (a function's name, or `schema.table:verb`) permits; its own name where there is no text.

    A table alone is what the server names when it refuses for want of a grant.
    """
    subject, _, verb = right.partition(":")
    what = translate(lang, f"topic.{subject}") if has_text(f"topic.{subject}") else subject
    if verb and has_text(f"right.verb.{verb}"):
        return translate(lang, f"right.verb.{verb}", what=what)
    if has_text(f"right.{right}"):
        return translate(lang, f"right.{right}")
    return what[:1].upper() + what[1:] if not verb and what != right else right
