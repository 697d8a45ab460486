"""Somebody new: a login with a password for one day, another password, a second factor, a trusted workstation."""

import base64
import hmac
import struct
import time

from app.core.i18n import t
from app.tour.steps.step import ADMINISTRATOR, Step
from app.tour.tour import Tour
from app.views.core.marks import Label

NEWCOMER = "u_nora"
SECONDS = 30  # how long a code of an authenticator is shown


def code_of(secret: str, ahead: int = 0) -> str:
    """What an authenticator with that secret shows, now or some codes later (RFC 6238)."""
    step = int(time.time()) // SECONDS + ahead
    digest = hmac.new(base64.b32decode(secret), struct.pack(">q", step), "sha1").digest()
    at = digest[19] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def shown(tour: Tour, name: str) -> str:
    """The words of a label, as one copies them by hand."""
    return tour.driver.see(name, Label).text()


def open_mine(tour: Tour) -> None:
    """Open the page about one's own security by the menu of the avatar."""
    tour.driver.click("top.person")
    tour.driver.menu("person.security")
    tour.settle()


def new_person(tour: Tour) -> None:
    """The administrator makes a login; its first password is shown once and holds for a day."""
    driver = tour.driver
    tour.open_workspace("security.people")
    tour.shot("people")
    driver.click("action.new")
    driver.see("dialog.form")
    tour.settle()
    driver.type("field.login", NEWCOMER)
    driver.type("field.person", tour.say("newcomer"))
    driver.type("field.email", "nora.neumann@werkbank.example")
    driver.type("field.department", tour.say("department"))
    driver.choose("field.supervisor", "u_jana")
    driver.choose("field.role", "sales_rep")
    tour.shot("new-person")
    driver.click("dialog.yes")
    driver.see("dialog.secret")
    tour.passwords[NEWCOMER] = shown(tour, "secret.shown")
    tour.shot("first-password")
    driver.click("dialog.yes")
    driver.gone("dialog.secret")
    tour.select_row(NEWCOMER)
    driver.see("pane.person")
    tour.shot("person")
    hours = tour.ask_database(
        "SELECT round(extract(epoch FROM password_ends - now()) / 3600) FROM sec.app_user"
        " WHERE login = %s AND must_change_password AND status = 'active'",
        NEWCOMER,
    )
    tour.expect(hours == 24, f"the first password holds for {hours} hours, not for 24")


def first_sign_in(tour: Tour) -> None:
    """The first password opens nothing but the way to another one, which must follow the rules."""
    driver, new = tour.driver, tour.say("password")
    tour.sign_out()
    tour.give_name(NEWCOMER, tour.passwords[NEWCOMER])
    driver.click("login.sign_in")
    driver.see("dialog.must_change")
    driver.type("must_change.new", "geheim")
    driver.type("must_change.repeat", "geheim", enter=True)
    driver.wait(lambda: shown(tour, "must_change.new.hint") != t("password.rules"), "the refusal")
    tour.shot("password-too-short")
    driver.type("must_change.new", new)
    driver.type("must_change.repeat", new)
    driver.click("dialog.change")
    tour.passwords[NEWCOMER] = new
    tour.arrive(NEWCOMER)
    tour.shot("first-day")
    changed = tour.ask_database(
        "SELECT NOT must_change_password FROM sec.app_user WHERE login = %s", NEWCOMER
    )
    tour.expect(changed, "the first password still holds")


def second_factor(tour: Tour) -> None:
    """An authenticator is enrolled by QR code, proved by a code of it; the recovery codes are shown once."""
    driver = tour.driver
    driver.click("top.person")
    tour.shot("who-am-i")
    driver.menu("person.security")
    tour.settle()
    tour.shot("my-security")
    driver.click("action.enrol")
    driver.see("factor.qr")
    secret = shown(tour, "factor.secret").replace(" ", "")
    tour.memory["secret"] = secret
    driver.type("enrol.code", code_of(secret))
    tour.shot("second-factor")
    driver.click("dialog.next")
    driver.see("factor.codes_kept")
    tour.memory["recovery"] = [shown(tour, f"factor.recovery.{number}") for number in range(10)]
    driver.click("factor.codes_kept")
    tour.shot("recovery-codes")
    driver.click("dialog.next")
    driver.gone("dialog.enrol")
    tour.until(lambda: driver.find("action.new_codes") is not None, "the second factor on the page")
    tour.shot("second-factor-on")
    codes = tour.ask_database(
        "SELECT count(r.*) FROM sec.totp o JOIN sec.recovery_code r USING (login)"
        " WHERE o.login = %s AND o.confirmed_at IS NOT NULL",
        NEWCOMER,
    )
    tour.expect(codes == 10, f"{codes} recovery codes are kept")


def code_asked(tour: Tour) -> None:
    """Signing in wants a code now; a wrong one does not do; this workstation is trusted from now on."""
    driver = tour.driver
    tour.sign_out()
    tour.give_name(NEWCOMER, tour.passwords[NEWCOMER])
    driver.click("login.sign_in")
    driver.see("login.code")
    wrong = f"{(int(code_of(tour.memory['secret'])) + 1) % 1_000_000:06d}"
    driver.type("login.code", wrong)
    driver.click("login.sign_in")
    driver.wait(
        lambda: shown(tour, "login.code.hint") != t("factor.recovery_hint"), "the refusal of the code"
    )
    tour.shot("code-wrong")
    # The code of enrolling is used up; the next one counts already, as for a clock that is a little fast.
    driver.type("login.code", code_of(tour.memory["secret"], 1))
    driver.click("login.trust")
    tour.shot("code")
    driver.click("login.sign_in")
    tour.arrive(NEWCOMER)
    tour.expect(_assurance(tour) == "totp", "the session does not know of the code")


def trusted(tour: Tour) -> None:
    """On the trusted workstation the password is enough; it can be taken back."""
    tour.sign_out()
    tour.sign_in(NEWCOMER)
    open_mine(tour)
    tour.shot("trusted")
    count = tour.ask_database("SELECT count(*) FROM sec.trusted_device WHERE login = %s", NEWCOMER)
    tour.expect(count == 1, f"{count} trusted workstations")


def _assurance(tour: Tour) -> str:
    return str(
        tour.ask_database(
            "SELECT assurance FROM sec.session WHERE login = %s AND ended_at IS NULL ORDER BY id DESC LIMIT 1",
            NEWCOMER,
        )
    )


STEPS = (
    Step("new_person", ADMINISTRATOR, new_person),
    Step("first_sign_in", NEWCOMER, first_sign_in, signs_in=True),
    Step("second_factor", NEWCOMER, second_factor),
    Step("code_asked", NEWCOMER, code_asked, signs_in=True),
    Step("trusted", NEWCOMER, trusted, signs_in=True),
)
