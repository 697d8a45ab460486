"""What not everybody may read: bank accounts, and the trail of everything that was done."""

from PySide6.QtWidgets import QWidget

from app.core.i18n import t
from app.tour.driver import TourError
from app.tour.steps.security_joining import shown
from app.tour.steps.security_signing_in import guard_round
from app.tour.steps.step import ADMINISTRATOR, FINANCE, Step
from app.tour.tour import Tour

IBAN = "DE89370400440532013000"


def bank_account(tour: Tour) -> None:
    """A customer's bank account is encrypted before it leaves the window, and masked on screen."""
    driver = tour.driver
    tour.palette(tour.story.colleague_customer, "record.partners.partner.")
    form = tour.wait_form()
    tour.memory["partner"] = form.record.id
    driver.click("action.add_account")
    driver.see("dialog.confirm")
    driver.type("confirm.password", tour.passwords[FINANCE])
    tour.shot("open-keys")
    driver.keys("Return")
    driver.see("vault.kept")
    driver.click("vault.kept")
    tour.shot("keys-recovery")
    driver.click("dialog.yes")
    driver.see("dialog.account")
    driver.type("field.holder", "Museumsladen Nürnberg GmbH")
    driver.type("field.iban", IBAN)
    tour.shot("bank-account")
    driver.click("dialog.yes")
    driver.gone("dialog.account")
    tour.settle()
    number = tour.ask_database(
        "SELECT id FROM partners.bank_account WHERE partner_id = %s ORDER BY id DESC LIMIT 1",
        tour.memory["partner"],
    )
    tour.memory["account"] = number
    driver.reach_named(f"bank.number.{number}", "the account")
    masked = shown(tour, f"bank.number.{number}")
    tour.shot("masked")
    tour.expect(IBAN not in masked.replace(" ", ""), "the account is not masked")
    clear = tour.ask_database(
        "SELECT count(*) FROM partners.bank_secret s WHERE s::text LIKE %s OR s::text LIKE %s",
        f"%{IBAN}%",
        f"%{IBAN.encode().hex()}%",
    )
    tour.expect(clear == 0, "the account stands readable in the database")


def revealed(tour: Tour) -> None:
    """Another day: showing it wants the password, and is told to the trail."""
    driver = tour.driver
    tour.sign_out()
    tour.sign_in(FINANCE)
    tour.palette(tour.story.colleague_customer, "record.partners.partner.")
    tour.wait_form()
    number = tour.memory["account"]
    driver.click(f"action.show_account.{number}")
    driver.type("confirm.password", tour.passwords[FINANCE], enter=True)
    driver.wait(lambda: IBAN in shown(tour, f"bank.number.{number}").replace(" ", ""), "the account in clear")
    driver.reach_named(f"bank.number.{number}", "the account")
    tour.shot("revealed")
    told = tour.ask_database(
        "SELECT count(*) FROM audit.event WHERE kind = 'revealed' AND login = %s", FINANCE
    )
    tour.expect(told, "nobody was told that it was shown")


def trail(tour: Tour) -> None:
    """Every change with before and after, every sign-in and every refusal."""
    driver = tour.driver
    guard_round(tour)
    tour.open_workspace("security.trail")
    tour.shot("trail")
    driver.click_row(tour.list_view(), tour.say("my_phone"))
    driver.see("trail.diff")
    tour.shot("trail-difference")
    tour.open_workspace("security.events")
    driver.click_row(tour.list_view(), 0)
    tour.shot("access")


def seal(tour: Tour) -> None:
    """The trail is sealed in blocks; verifying finds whatever was changed behind its back."""
    driver = tour.driver
    driver.click("action.seal")
    driver.see("dialog.seal")
    tour.settle()
    driver.click("dialog.yes")
    result: QWidget = driver.see("seal.result")
    tour.expect(t("audit.seal.bad_text") not in driver.texts(result), "the seal is broken")
    tour.shot("seal")
    found = tour.ask_database(
        "SELECT detail ->> 'findings' FROM audit.event WHERE kind = 'seal_verified' ORDER BY id DESC LIMIT 1"
    )
    tour.expect(found == "0", f"verifying found {found}")
    driver.click("dialog.close")


def report(tour: Tour) -> None:
    """The security report of a quarter, as a PDF."""
    driver, opened = tour.driver, tour.desk.opened
    before = len(opened)
    driver.click("action.report")
    driver.see("dialog.report")
    tour.shot("report")
    driver.click("dialog.yes")
    tour.until(lambda: len(opened) > before, "the report")
    content = opened[-1].read_bytes()
    if not content.startswith(b"%PDF"):
        raise TourError("the report is no PDF")
    (tour.folder / opened[-1].name).write_bytes(content)
    tour.fact(report=opened[-1].name, bytes=len(content))


STEPS = (
    Step("bank_account", FINANCE, bank_account),
    Step("revealed", FINANCE, revealed),
    Step("trail", ADMINISTRATOR, trail),
    Step("seal", ADMINISTRATOR, seal),
    Step("report", ADMINISTRATOR, report),
)
