"""Being signed in: one's sessions, the window that locks itself, the guard that locks out and the way back in."""

from app.core.db import ClientInfo, Database, Target
from app.core.errors import SessionEnded
from app.guard.service import Guard
from app.guard.settings import load
from app.guard.setup import prepare_embedded
from app.services.security import sessions
from app.tour.steps.security_house import GUEST
from app.tour.steps.security_joining import NEWCOMER, open_mine, shown
from app.tour.steps.step import ADMINISTRATOR, FINANCE, KEEPER_OF_RULES, Step
from app.tour.tour import Tour

ENOUGH = 5  # wrong passwords from one address until the login is locked
LUNCH = 481  # minutes nobody works, one more than a session waits


def open_at(tour: Tour, login: str, code: str = "") -> Database:
    """That person at another desk: a connection of the program's own."""
    target, _ = Target.from_dsn(tour.stage.admin_dsn)
    target = Target(target.host, target.port, target.dbname, login)
    client = ClientInfo(name="werkbank", device=tour.say("other_desk"))
    found = Database(target, tour.passwords[login], client=client)
    found.open(code)
    return found


def end_others(tour: Tour) -> None:
    """A session left open at another desk, opened with a recovery code, is seen here and ended from here."""
    code = tour.memory["recovery"].pop()
    elsewhere = open_at(tour, NEWCOMER, code)
    try:
        open_mine(tour)
        tour.driver.keys("F5")
        tour.until(lambda: tour.driver.find("action.end_others") is not None, "the other session")
        tour.shot("my-sessions")
        tour.driver.click("action.end_others")
        tour.driver.gone("action.end_others")
        tour.shot("others-ended")
        try:
            elsewhere.read(_nothing)
            goes_on = elsewhere.goes_on()
        except SessionEnded:
            goes_on = False
        tour.expect(not goes_on, "the session at the other desk goes on")
    finally:
        elsewhere.close()


def _nothing(_session: object) -> None:
    """Ask for nothing."""


def idle_lock(tour: Tour) -> None:
    """Nobody works for a morning: the window locks, and what was typed is still there after the password."""
    driver, typed = tour.driver, tour.say("my_phone")
    tour.palette(tour.story.colleague_customer, "record.partners.partner.")
    form = tour.wait_form()
    number = form.record.id
    tour.fill("phone", typed)
    tour.fill("website", tour.say("my_website"))
    tour.shot("unsaved")
    tour.ask_database(
        "UPDATE sec.session SET created = created - b.by, ends = ends - b.by, last_seen = last_seen - b.by,"
        " valid_until = valid_until - b.by FROM (SELECT %s * interval '1 minute') b (by)"
        " WHERE login = %s AND ended_at IS NULL RETURNING id",
        LUNCH,
        NEWCOMER,
    )
    driver.keys("Ctrl+S")
    driver.see("unlock")
    tour.shot("locked")
    driver.type("unlock.password", tour.passwords[NEWCOMER])
    driver.click("unlock.button")
    driver.gone("unlock")
    tour.until(lambda: not tour.form.dirty(), "the form to be saved after all")
    tour.shot("unlocked")
    kept = tour.ask_database("SELECT phone FROM partners.partner WHERE id = %s", number)
    tour.expect(kept == typed, f"the phone number is {kept}, not what was typed")


def thrown_out(tour: Tour) -> None:
    """The administrator ends her session: she reads by whom and why, and may sign in again."""
    driver = tour.driver
    his = open_at(tour, ADMINISTRATOR)
    try:
        session = tour.window.ctx.db.profile.session
        his.write(sessions.kill_session, sessions.KillSession(session, tour.say("new_computer")))
    finally:
        his.close()
    driver.keys("F5")
    driver.see("unlock")
    tour.expect(tour.say("new_computer") in shown(tour, "unlock.reason"), "nobody says why the session ended")
    tour.shot("thrown-out")
    driver.type("unlock.password", tour.passwords[NEWCOMER])
    driver.click("unlock.button")
    driver.gone("unlock")
    tour.settle()


def locked_out(tour: Tour) -> None:
    """Somebody tries passwords: the guard reads it in the server's log and locks the login."""
    driver = tour.driver
    tour.sign_out()
    for number in range(ENOUGH):
        tour.give_name(NEWCOMER, f"{tour.say('guess')}{number}")
        driver.click("login.sign_in")
        driver.wait(lambda: shown(tour, "login.hint") != "", "the refusal of the password")
        tour.settle()
    tour.shot("wrong-password")
    guard_round(tour)
    tour.give_name(NEWCOMER, tour.passwords[NEWCOMER])
    driver.click("login.sign_in")
    driver.wait(lambda: shown(tour, "login.hint") != "", "the refusal of the locked login")
    tour.shot("locked-out")
    status = tour.ask_database("SELECT status FROM sec.app_user WHERE login = %s", NEWCOMER)
    tour.expect(status == "locked", f"{NEWCOMER} is {status}, not locked")


def unlock(tour: Tour) -> None:
    """The administrator sees what happened, looks into it and lets her in again."""
    driver = tour.driver
    tour.open_workspace("security.watch")
    tour.shot("watch")
    tour.open_workspace("security.sign_ins")
    tour.shot("sign-ins")
    tour.open_workspace("security.people")
    tour.row_menu(NEWCOMER, "people.unlock")
    tour.settle()
    tour.until(
        lambda: tour.ask_database("SELECT status FROM sec.app_user WHERE login = %s", NEWCOMER) == "active",
        "the login to be open again",
    )
    tour.shot("unlocked-by-administrator")
    tour.select_row(NEWCOMER)
    driver.see("pane.person")


def reset(tour: Tour) -> None:
    """Somebody has forgotten the password: another one for a day, told in person."""
    driver = tour.driver
    tour.open_workspace("security.people")
    tour.row_menu(GUEST, "people.reset_password")
    driver.click("dialog.yes")
    driver.see("dialog.secret")
    tour.passwords[GUEST] = shown(tour, "secret.shown")
    tour.shot("password-reset")
    driver.click("dialog.yes")
    driver.gone("dialog.secret")
    again = tour.ask_database("SELECT must_change_password FROM sec.app_user WHERE login = %s", GUEST)
    tour.expect(again, "the password of the administrator may stay")


def from_here_only(tour: Tour) -> None:
    """Finance may come from the office's network only: from elsewhere the right password opens nothing."""
    driver = tour.driver
    tour.open_workspace("security.addresses")
    driver.click("action.new")
    driver.see("dialog.form")
    tour.settle()
    driver.choose("field.role", "finance")
    driver.type("field.network", "10.20.0.0/16")
    driver.type("field.note", tour.say("office"))
    tour.shot("address-rule")
    driver.click("dialog.yes")
    driver.gone("dialog.form")
    tour.settle()
    tour.sign_out()
    tour.give_name(FINANCE, tour.passwords[FINANCE])
    driver.click("login.sign_in")
    driver.see("login.trouble")
    tour.shot("from-elsewhere")
    tour.sign_in(KEEPER_OF_RULES)
    tour.open_workspace("security.addresses")
    tour.row_menu("10.20.0.0/16", "addresses.remove")
    driver.click("dialog.yes")
    tour.until(
        lambda: not tour.ask_database("SELECT count(*) FROM sec.address_rule WHERE role = 'finance'"),
        "the rule to be gone",
    )


def guard_round(tour: Tour) -> None:
    """The guard beside the server does its round."""
    guard = Guard(load(prepare_embedded(tour.stage.instance)))
    try:
        guard.once()
    finally:
        guard.close()


STEPS = (
    Step("end_others", NEWCOMER, end_others),
    Step("idle_lock", NEWCOMER, idle_lock),
    Step("thrown_out", NEWCOMER, thrown_out),
    Step("locked_out", NEWCOMER, locked_out),
    Step("unlock", ADMINISTRATOR, unlock),
    Step("reset", ADMINISTRATOR, reset),
    Step("from_here_only", KEEPER_OF_RULES, from_here_only),
)
