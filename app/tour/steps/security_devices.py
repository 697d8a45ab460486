"""A terminal in the workshop: registered, a badge for the operator, badge and PIN at it, signed off again."""

from app.tour.driver import TourError
from app.tour.stage import HEIGHT, WIDTH
from app.tour.steps.security_joining import shown
from app.tour.steps.step import KEEPER_OF_RULES, OPERATOR, Step
from app.tour.tour import Tour
from app.views.terminal.window import TerminalWindow

_BEYOND = """
WITH carried AS (
  SELECT c.role, r."right" FROM sec.role_closure c JOIN sec.role_right r ON r.role = c.includes)
SELECT array_agg(x."right") FROM (
  SELECT c."right" FROM carried c JOIN sec.user_role u USING (role) WHERE u.login = %s
  EXCEPT SELECT c."right" FROM carried c WHERE c.role = 'terminal') x
"""
DEVICE, BADGE, PIN = "t_bank4", "B-4711", "274951"


def device(tour: Tour) -> None:
    """A terminal gets its login; its password is shown once."""
    driver = tour.driver
    tour.open_workspace("security.devices")
    tour.shot("devices-empty")
    driver.click("action.new")
    driver.type("field.login", DEVICE)
    driver.type("field.name", tour.say("device"))
    driver.type("field.place", tour.say("device_place"))
    tour.settle()
    tour.shot("new-device")
    driver.click("dialog.yes")
    driver.see("dialog.secret")
    tour.passwords[DEVICE] = shown(tour, "secret.shown")
    tour.shot("device-password")
    driver.click("dialog.yes")
    driver.gone("dialog.secret")
    tour.settle()
    tour.shot("devices")


def badge(tour: Tour) -> None:
    """The operator gets a badge and a PIN, of which the database keeps only what proves it."""
    driver = tour.driver
    tour.open_workspace("security.badges")
    tour.row_menu(OPERATOR, "badges.give")
    driver.type("field.badge", BADGE)
    driver.type("field.pin", PIN)
    tour.shot("badge")
    driver.click("dialog.yes")
    driver.gone("dialog.form")
    tour.shot("badges")
    kept = tour.ask_database("SELECT pin_verifier FROM sec.badge WHERE login = %s AND active", OPERATOR)
    tour.expect(kept and PIN not in kept, "the PIN is kept as it is")


def terminal(tour: Tour) -> None:
    """Badge and PIN open the operator's screens, as far as the device may show them; then it is nobody's again."""
    driver = tour.driver
    tour.sign_out()
    tour.give_name(DEVICE, tour.passwords[DEVICE])
    driver.click("login.sign_in")
    driver.wait(lambda: isinstance(tour.program.window, TerminalWindow), "the window of the terminal")
    window = tour.program.window
    if not isinstance(window, TerminalWindow):
        raise TourError("the window is none of a terminal")
    window.resize(WIDTH, HEIGHT)
    tour.shot("terminal")
    _show_badge(tour, "000000")
    driver.wait(lambda: shown(tour, "sign_on.wrong") != "", "the refusal of the PIN")
    tour.shot("terminal-wrong-pin")
    _show_badge(tour, PIN)
    driver.see("terminal.operator")
    tour.shot("terminal-operator")
    tour.expect(_operator(tour) == OPERATOR, "the database does not know who is at the terminal")
    rights = window.ctx.profile.rights
    tour.expect("work_order_start" in rights, "the operator cannot start an order here")
    beyond = tour.ask_database(_BEYOND, OPERATOR)
    tour.expect(beyond, "the operator has no right the terminal lacks")
    tour.expect(not rights & set(beyond), "the operator can do more at the terminal than it may show")
    tour.fact(rights=len(rights), not_at_the_terminal=len(beyond))
    driver.click("terminal.sign_off")
    driver.see("field.badge")
    tour.until(lambda: _operator(tour) is None, "the terminal to be nobody's")
    driver.click("terminal.device_off")
    driver.click("dialog.yes")
    driver.wait(lambda: tour.program.window is None and tour.program.login is not None, "the login window")
    tour.settle()


def _show_badge(tour: Tour, pin: str) -> None:
    tour.driver.type("field.badge", BADGE, enter=True)
    for sign in pin:
        tour.driver.click(f"pin.{sign}")
    tour.settle()


def _operator(tour: Tour) -> object:
    return tour.ask_database(
        "SELECT operator FROM sec.session WHERE login = %s AND ended_at IS NULL ORDER BY id DESC LIMIT 1",
        DEVICE,
    )


STEPS = (
    Step("device", KEEPER_OF_RULES, device),
    Step("badge", KEEPER_OF_RULES, badge),
    Step("terminal", KEEPER_OF_RULES, terminal),
)
