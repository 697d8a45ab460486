"""Roles: given for a time, sensitive ones by two people, never two that conflict; reviewed, and taken back."""

import datetime as dt
from functools import partial

from app.core import format as fmt
from app.core.i18n import t
from app.tour.driver import TourError
from app.tour.steps.security_joining import NEWCOMER
from app.tour.steps.security_signing_in import open_at
from app.tour.steps.step import ADMINISTRATOR, KEEPER_OF_RULES, MANAGER, REP, Step
from app.tour.tour import Tour

DAYS = 14
CUSTOM, CARRIED = "fair_team", ("stock_receive", "stock_transfer")


def _grant(tour: Tour, login: str, role: str, reason: str, *, end: str = "") -> None:
    """Fill the dialog for one more role, and send it."""
    driver = tour.driver
    tour.open_workspace("security.people")
    tour.row_menu(login, "people.grant")
    driver.see("dialog.form")
    tour.settle()
    driver.choose("field.role", role)
    if end:
        driver.type("field.end", end)
    driver.type("field.reason", reason)


def role_for_a_time(tour: Tour) -> None:
    """The newcomer helps out in quality for two weeks; afterwards the role is gone by itself."""
    driver = tour.driver
    last = dt.datetime.now().astimezone().date() + dt.timedelta(days=DAYS)
    _grant(tour, NEWCOMER, "quality", tour.say("help_out"), end=fmt.date_(last))
    tour.shot("role-for-a-time")
    driver.click("dialog.yes")
    driver.gone("dialog.form")
    tour.settle()
    until = tour.ask_database(
        "SELECT valid_to - interval '1 second' FROM sec.user_role WHERE login = %s AND role = 'quality'",
        NEWCOMER,
    )
    tour.expect(until and until.astimezone().date() == last, f"the role ends {until}, not with {last}")


def sensitive(tour: Tour) -> None:
    """A sensitive role is not given by one person alone."""
    driver = tour.driver
    _grant(tour, MANAGER, "manager", tour.say("deputy"))
    tour.shot("sensitive-role")
    driver.click("dialog.yes")
    driver.gone("dialog.form")
    tour.shot("sensitive-asked")
    tour.expect(not _has(tour, MANAGER, "manager"), "the sensitive role is there without a second person")


def conflict(tour: Tour) -> None:
    """Who approves discounts does not post payments: the role is refused, and why is said."""
    driver = tour.driver
    _grant(tour, MANAGER, "finance", tour.say("deputy"))
    driver.click("dialog.yes")
    driver.see("dialog.refused")
    tour.shot("conflict")
    driver.click("dialog.no")
    driver.gone("dialog.form")
    tour.expect(not _has(tour, MANAGER, "finance"), "the role is there in spite of the conflict")
    tour.open_workspace("security.conflicts")
    tour.select_row(0)
    tour.shot("conflicts")


def second_person(tour: Tour) -> None:
    """The second person finds the request on the page of today, and agrees."""
    driver = tour.driver
    driver.click("rail.home")
    driver.click("tile.approvals.waiting")
    tour.settle()
    tour.select_row(0)
    driver.see("action.approve")
    tour.shot("role-request")
    driver.click("action.approve")
    tour.until(lambda: _has(tour, MANAGER, "manager"), "the role")
    tour.shot("role-approved")
    tour.open_workspace("security.assignments")
    tour.shot("assignments")


def _has(tour: Tour, login: str, role: str) -> bool:
    return bool(
        tour.ask_database(
            "SELECT count(*) FROM sec.user_role WHERE login = %s AND role = %s"
            " AND valid_from <= now() AND (valid_to IS NULL OR valid_to > now())",
            login,
            role,
        )
    )


def custom_role(tour: Tour) -> None:
    """A role of the house's own, made of the rights somebody needs for one job."""
    driver = tour.driver
    tour.open_workspace("security.roles")
    driver.click("action.new")
    driver.type("field.name", CUSTOM)
    driver.type("field.title_de", "Messeteam")
    driver.type("field.title_en", "Fair team")
    driver.tab("rights")
    tour.settle()
    for right in CARRIED:
        driver.type("field.search_rights", t(f"right.{right}"))
        driver.click(f"right.{right}")
    tour.shot("custom-role")
    driver.click("dialog.yes")
    driver.gone("dialog.form")
    tour.select_row(tour.say("fair_team"))
    driver.see("pane.role")
    tour.shot("custom-role-made")
    carried = tour.ask_database(
        'SELECT array_agg("right" ORDER BY "right") FROM sec.role_right WHERE role = %s', CUSTOM
    )
    tour.expect(carried == list(CARRIED), f"the role carries {carried}")


def matrix(tour: Tour) -> None:
    """Who can do what: every right with its roles and people, narrowed down and taken along as a file."""
    driver, saved = tour.driver, tour.desk.saved
    tour.open_workspace("security.matrix")
    tour.shot("matrix")
    field = tour.list_view().header.field("words")
    if field is None:
        raise TourError("the matrix cannot be narrowed down by a word")
    driver.press(field, "the filter of the right")
    driver.write(tour.say("right"))
    tour.settle()
    tour.shot("matrix-filtered")
    before = len(saved)
    driver.click("list.export")
    driver.menu(t("kit.export.xlsx"))
    tour.until(lambda: len(saved) > before and saved[-1].is_file(), "the file")
    tour.shot("matrix-exported")
    tour.fact(file=saved[-1].name, bytes=saved[-1].stat().st_size)


def review(tour: Tour) -> None:
    """The yearly look: each assignment is certified or ended, then the review is closed."""
    driver = tour.driver
    tour.open_workspace("security.reviews")
    driver.click("action.start")
    driver.see("dialog.form")
    tour.settle()
    driver.type("field.title", tour.say("review"))
    driver.choose("field.role", "sales_rep")
    tour.shot("new-review")
    driver.click("dialog.yes")
    driver.gone("dialog.form")
    tour.select_row(tour.say("review"))
    driver.see("pane.review")
    tour.shot("review")
    for login in (REP, NEWCOMER):
        item = _item(tour, login)
        driver.click(f"action.certify.{item}")
        tour.until(partial(_certified, tour, item), f"the certificate of {login}")
    tour.select_row(tour.say("review"))
    driver.click("action.close_review")
    tour.shot("close-review")
    driver.click("dialog.yes")
    tour.until(
        lambda: (
            tour.ask_database("SELECT state FROM sec.review WHERE title = %s", tour.say("review")) == "closed"
        ),
        "the review to be closed",
    )
    tour.shot("review-closed")


def _item(tour: Tour, login: str) -> int:
    return int(
        tour.ask_database(
            "SELECT i.id FROM sec.review_item i JOIN sec.review r ON r.id = i.review_id"
            " WHERE r.title = %s AND i.login = %s",
            tour.say("review"),
            login,
        )
    )


def _certified(tour: Tour, item: int) -> bool:
    return bool(tour.ask_database("SELECT decision = 'certified' FROM sec.review_item WHERE id = %s", item))


def leave(tour: Tour) -> None:
    """She leaves: her session at another desk ends at once, and there is a list of what is to be done."""
    driver = tour.driver
    elsewhere = open_at(tour, NEWCOMER, tour.memory["recovery"].pop())
    try:
        tour.open_workspace("security.sessions")
        tour.shot("sessions")
        tour.open_workspace("security.people")
        tour.row_menu(NEWCOMER, "people.leave")
        driver.see("dialog.form")
        tour.settle()
        driver.choose("field.successor", REP)
        driver.type("field.reason", tour.say("leaves"))
        tour.shot("leaving")
        driver.click("dialog.yes")
        driver.gone("dialog.form")
        tour.shot("left")
        tour.expect(not elsewhere.goes_on(), "her session goes on")
    finally:
        elsewhere.close()
    driver.tab("left")
    tour.settle()
    before = tour.page
    driver.click_row(tour.list_view(), NEWCOMER, double=True)
    driver.wait(lambda: tour.page is not before, "her page")
    tour.shot("her-page")
    status = tour.ask_database("SELECT status FROM sec.app_user WHERE login = %s", NEWCOMER)
    tour.expect(status == "left", f"{NEWCOMER} is {status}")
    may = tour.ask_database("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", NEWCOMER)
    tour.expect(may is False, "her login still opens the database")


GRANTING = (
    Step("role_for_a_time", ADMINISTRATOR, role_for_a_time),
    Step("sensitive", ADMINISTRATOR, sensitive),
    Step("sod", ADMINISTRATOR, conflict),
    Step("second_person", KEEPER_OF_RULES, second_person),
    Step("custom_role", KEEPER_OF_RULES, custom_role),
    Step("matrix", KEEPER_OF_RULES, matrix),
)
REVIEWING = (
    Step("review", ADMINISTRATOR, review),
    Step("leave", ADMINISTRATOR, leave),
)
