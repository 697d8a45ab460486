"""What a mail says: placeholders, salutations, addresses, the file for the user's own program."""

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.services.mail import addresses, sending, texts
from app.services.mail.message import Attached, as_file


def test_values_are_filled_in_once_and_empty_lines_go() -> None:
    text = "{salutation}\n\nOver {total}.\n{sender_phone}\n\nBye {sender}"
    values = {"salutation": "Hello {sender},", "total": "1,00 €", "sender": "Eva", "sender_phone": ""}
    assert texts.fill(text, values) == "Hello {sender},\n\nOver 1,00 €.\n\nBye Eva\n"


@pytest.mark.parametrize(
    "text", ["{unknown}", "{", "}", "{number!r}", "{0}", "{}", "{{number}}", "{number.x}"]
)
def test_anything_else_in_braces_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="mail_template_placeholder"):
        texts.check(text)


@given(st.text())
def test_a_subject_is_always_one_line(text: str) -> None:
    line = texts.in_one_line(text)
    assert not line or line.isprintable()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("a@b.de, c@d.de;e@f.de\n", ("a@b.de", "c@d.de", "e@f.de")),
        ("Eva Lind <eva@b.de>, eva@b.de", ("eva@b.de",)),
        ("büro@müller.de", ("büro@xn--mller-kva.de",)),
        ("", ()),
    ],
)
def test_addresses_as_people_type_them(typed: str, found: tuple[str, ...]) -> None:
    assert addresses.parse(typed) == found


@pytest.mark.parametrize(
    "typed", ["nobody", "a@b@c.de", "a b@c.de", "<a@b.de", "a@", "@b.de", "a@b.de\tBcc:", "x" * 300 + "@b.de"]
)
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(Invalid, match="mail_address_invalid"):
        addresses.parse(typed)


@pytest.mark.parametrize(
    ("title", "name", "language", "found"),
    [
        ("Frau", "Dr. Vera Lind", "de", "Sehr geehrte Frau Lind,"),
        ("Herr", "Tom Keller", "de", "Sehr geehrter Herr Keller,"),
        ("Mr.", "Tom Keller", "en", "Dear Mr Keller,"),
        ("Divers", "Kim Roth", "de", "Guten Tag Kim Roth,"),
        (None, "Tom Keller", "de", "Sehr geehrte Damen und Herren,"),
        ("Frau", "", "en", "Dear Sir or Madam,"),
    ],
)
def test_how_somebody_is_addressed(title: str | None, name: str, language: str, found: str) -> None:
    assert sending.salutation(title, name, language) == found


def test_every_sample_fills_every_field() -> None:
    for language in ("de", "en"):
        values = sending.sample(language)
        assert set(values) == set(texts.FIELDS)
        assert all(values.values())


def test_a_draft_for_the_own_program_keeps_everything() -> None:
    content = bytes(range(256))
    raw = as_file(
        ("eva@b.de",), (), (), "Größe", "Äpfel\n", [Attached("Größe ä.pdf", "application/pdf", content)]
    )
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert (found["Subject"], found["X-Unsent"], found["Cc"]) == ("Größe", "1", None)
    (file,) = found.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("Größe ä.pdf", content)
