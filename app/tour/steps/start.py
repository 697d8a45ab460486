"""The morning: signing in, the page of today, finding things, a product."""

from app.core.i18n import language, t
from app.tour import documents
from app.tour.steps.step import ADMINISTRATOR, REP, Step
from app.tour.tour import Tour
from app.views.core import theme


def choose_looks(tour: Tour) -> None:
    """Bring the login window into the language and look of the tour."""
    driver = tour.driver
    driver.wait(lambda: tour.program.login is not None and tour.program.login.isVisible(), "the login window")
    if language() != tour.language:
        driver.click("login.language")
        driver.menu(f"language.{tour.language}")
        driver.wait(lambda: language() == tour.language, "the other language")
    if theme.current() != tour.look:
        driver.click("login.theme")
        driver.wait(lambda: theme.current() == tour.look, "the other look")


def login(tour: Tour) -> None:
    """The login window, in the language and look of the tour; then the page of today."""
    driver = tour.driver
    tour.memory["archived_before"] = documents.last_archived(tour.stage.admin_dsn)
    choose_looks(tour)
    driver.choose("login.person", REP)
    tour.shot("login")
    tour.sign_in(REP)
    driver.see("top.search")
    tour.shot("home")
    tour.fact(company=tour.window.ctx.profile.company, workspaces=len(tour.window.ctx.registry.workspaces))


def company(tour: Tour) -> None:
    """The administrator looks at the company's details and fills in what is missing: documents need them."""
    driver = tour.driver
    driver.click("rail.settings")
    tour.settle()
    driver.see("settings")
    tour.expect(driver.reads(t("shell.settings.this_one"), tour.window), "the own session is not shown")
    tour.shot("settings")
    driver.click("settings.company")
    driver.wait(lambda: tour.page.objectName() == "form.system.company", "the company's details")
    form = tour.wait_form()
    missing = [(key, text) for key, text in tour.story.company if form.value(key) in (None, "", "Werkbank")]
    for key, text in missing:
        tour.fill(key, text)
    tour.shot("company")
    if missing:
        tour.save()


def search(tour: Tour) -> None:
    """The palette finds an article and a customer."""
    tour.palette(tour.story.search)
    tour.shot("palette")
    tour.driver.keys("Esc")
    tour.driver.gone("palette")
    tour.palette(tour.story.dealer)
    tour.shot("palette-customer")
    tour.driver.keys("Esc")
    tour.driver.gone("palette")


def product(tour: Tour) -> None:
    """The list of articles, and one of them with picture, prices and availability."""
    tour.open_workspace("catalog.products")
    tour.shot("products")
    tour.palette(tour.story.shown, "record.catalog.product.")
    tour.wait_form()
    tour.shot("product")


STEPS = (
    Step("login", REP, login, signs_in=True),
    Step("company", ADMINISTRATOR, company),
    Step("search", REP, search),
    Step("product", REP, product),
)
