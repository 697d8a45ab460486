"""The rules of the house, and somebody who asks for a login without having one."""

from app.tour.steps.start import choose_looks
from app.tour.steps.step import ADMINISTRATOR, KEEPER_OF_RULES, Step
from app.tour.tour import Tour

GUEST = "u_lena"


def rules(tour: Tour) -> None:
    """The system administrator lets people ask for a login; a change of the rules is told to the trail."""
    driver = tour.driver
    choose_looks(tour)
    tour.give_name(KEEPER_OF_RULES, tour.passwords[KEEPER_OF_RULES])
    tour.shot("login")
    driver.click("login.sign_in")
    tour.arrive(KEEPER_OF_RULES)
    tour.shot("system-administrator")
    tour.open_workspace("security.policy")
    tour.wait_form()
    tour.shot("rules")
    driver.click("field.registration_open")
    tour.save()
    tour.shot("rules-saved")
    told = tour.ask_database(
        "SELECT count(*) FROM audit.event WHERE kind = 'policy_changed' AND by_login = %s", KEEPER_OF_RULES
    )
    tour.expect(told, "nobody was told that the rules changed")


def register(tour: Tour) -> None:
    """Somebody without a login asks for one at the login window; the password itself is not sent."""
    driver = tour.driver
    tour.sign_out()
    driver.click("login.register")
    driver.see("dialog.register")
    driver.type("register.person", "Lena Hofer")
    driver.type("register.login", GUEST)
    driver.type("register.email", "lena.hofer@werkbank.example")
    driver.type("register.department", tour.say("department"))
    driver.type("register.reason", tour.say("season"))
    for field in ("new", "repeat"):
        driver.type(f"register.{field}", tour.say("password"))
    tour.shot("register")
    driver.click("dialog.send")
    driver.see("register.sent")
    tour.shot("registered")
    driver.click("dialog.send")
    tour.passwords[GUEST] = tour.say("password")
    kept = tour.ask_database(
        "SELECT verifier FROM sec.registration WHERE login = %s AND state = 'requested'", GUEST
    )
    tour.expect(kept and tour.say("password") not in kept, "the password is kept as it was typed")


def approve(tour: Tour) -> None:
    """The administrator finds the request on the page of today and agrees, with a role."""
    driver = tour.driver
    driver.click("rail.home")
    driver.click("tile.security.registrations")
    tour.settle()
    tour.shot("registrations")
    tour.row_menu(GUEST, "registrations.approve")
    driver.see("dialog.form")
    tour.settle()
    driver.choose("field.role", "customer_service")
    tour.shot("approve-registration")
    driver.click("dialog.yes")
    driver.gone("dialog.form")
    tour.settle()
    status = tour.ask_database("SELECT status FROM sec.app_user WHERE login = %s", GUEST)
    tour.expect(status == "active", f"{GUEST} is {status}")


def first_time(tour: Tour) -> None:
    """The password of the request opens the way to one by the rules, and that opens the window."""
    driver = tour.driver
    tour.sign_out()
    tour.give_name(GUEST, tour.passwords[GUEST])
    driver.click("login.sign_in")
    driver.see("dialog.must_change")
    new = tour.say("other_password")
    driver.type("must_change.new", new)
    driver.type("must_change.repeat", new)
    driver.click("dialog.change")
    tour.passwords[GUEST] = new
    tour.arrive(GUEST)
    tour.shot("registered-and-in")


STEPS = (
    Step("rules", KEEPER_OF_RULES, rules, signs_in=True),
    Step("register", GUEST, register, signs_in=True),
    Step("registration", ADMINISTRATOR, approve),
    Step("first_time", GUEST, first_time, signs_in=True),
)
