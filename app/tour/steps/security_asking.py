"""What one may not do: why not, who can help, asking for it, having it for hours; a discount that is allowed."""

from app.core.i18n import t
from app.services.approvals import writes
from app.services.approvals.commands import Decide
from app.tour.steps import selling
from app.tour.steps.security_signing_in import open_at
from app.tour.steps.step import ADMINISTRATOR, MANAGER, REP, Step
from app.tour.tour import Tour

DEPUTY = "u_karin"
ROLE, SCREEN = "warehouse_manager", "stock_transfer"


def why(tour: Tour) -> None:
    """A screen she does not have: what is missing, who has it, who gives it, and asking in one click."""
    driver = tour.driver
    tour.expect(SCREEN not in tour.window.ctx.registry.workspaces, "the sales representative moves stock")
    tour.palette(t("stock.transfer.title"), f"why.{SCREEN}")
    driver.see("dialog.why")
    tour.settle()
    driver.choose("field.role", ROLE)
    driver.type("field.reason", tour.say("fair"))
    tour.shot("why")
    driver.click("dialog.request")
    driver.gone("dialog.why")
    tour.shot("requested")
    asked = tour.ask_database(
        "SELECT id FROM system.approval_request WHERE kind = 'elevation' AND requested_by = %s AND state = 'open'",
        REP,
    )
    tour.expect(asked, "nobody was asked")
    tour.memory["asked"] = asked


def elevated(tour: Tour) -> None:
    """The administrator agrees at his desk: her open window follows, and what she does is marked in the trail."""
    driver = tour.driver
    his = open_at(tour, ADMINISTRATOR)
    try:
        his.write(writes.decide, Decide(tour.memory["asked"], True))
    finally:
        his.close()
    tour.until(lambda: SCREEN in tour.window.ctx.registry.workspaces, "the screen, without signing in again")
    tour.shot("role-for-hours")
    tour.open_workspace(SCREEN)
    tour.shot("new-screen")
    driver.click("top.person")
    tour.shot("roles-in-force")
    driver.close_menu()
    tour.palette(tour.story.colleague_customer, "record.partners.partner.")
    tour.wait_form()
    driver.type("note.text", tour.say("fair"))
    driver.keys("Ctrl+Return")
    tour.settle()
    marked = tour.ask_database(
        "SELECT elevated FROM audit.entry WHERE login = %s AND table_name = 'system.note' ORDER BY id DESC LIMIT 1",
        REP,
    )
    tour.expect(marked == [ROLE], f"the trail says {marked} of what she did with the role")


def given_back(tour: Tour) -> None:
    """She gives the role back before its time: the screen goes."""
    tour.open_workspace("security.my_roles")
    tour.shot("my-roles")
    tour.row_menu(t(f"role.{ROLE}"), "my_roles.give_back")
    tour.until(lambda: SCREEN not in tour.window.ctx.registry.workspaces, "the screen to go")
    tour.expect(
        not tour.window.rail.buttons["inventory"].badge, "the number of the group went not with the role"
    )
    tour.shot("given-back")
    for page in ("requests", "profile"):
        tour.driver.click("top.person")
        tour.driver.menu(f"person.{page}")
        tour.settle()
        tour.shot(f"my-{page}")
    tour.open_workspace("security.directory")
    tour.shot("directory")


def discount(tour: Tour) -> None:
    """A discount above her limit is refused; she asks for it."""
    tour.close_tabs()
    selling.new_quote(tour)
    selling.issue_refused(tour)


def allowed(tour: Tour) -> None:
    """Somebody else decides: the request says what would change, by whom and why."""
    driver = tour.driver
    driver.click("rail.home")
    driver.click("tile.approvals.waiting")
    tour.settle()
    tour.select_row(tour.story.dealer)
    driver.see("action.approve")
    tour.shot("discount-request")
    driver.click("action.approve")
    tour.until(
        lambda: (
            tour.ask_database(
                "SELECT state FROM system.approval_request WHERE kind = 'discount' ORDER BY id DESC LIMIT 1"
            )
            == "approved"
        ),
        "the discount to be allowed",
    )
    tour.shot("discount-allowed")
    driver.click("action.delegate")
    driver.see("dialog.delegates")
    tour.settle()
    driver.choose("field.to", DEPUTY)
    driver.type("field.reason", tour.say("holiday"))
    tour.shot("stand-in")
    driver.click("dialog.yes")
    driver.gone("dialog.delegates")
    tour.settle()
    stands_in = tour.ask_database("SELECT delegate FROM system.approval_delegate WHERE login = %s", MANAGER)
    tour.expect(stands_in == DEPUTY, f"{stands_in} stands in for {MANAGER}")


STEPS = (
    Step("why", REP, why),
    Step("elevated", REP, elevated),
    Step("given_back", REP, given_back),
    Step("discount", REP, discount),
    Step("allowed", MANAGER, allowed),
)
