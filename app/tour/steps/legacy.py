"""The old system comes over: a server, everything read once, what did not fit, the past, and what changes there now."""

from datetime import date
from typing import Any

from app.core.i18n import t
from app.services.legacy.state import State
from app.simulate.data import make
from app.simulate.fourd import FourDServer
from app.tour.steps.start import choose_looks
from app.tour.steps.step import ADMINISTRATOR, MANAGER, Step
from app.tour.tour import Tour
from app.views.core.list_page import ListPage
from app.views.legacy.browse import BrowsePage
from app.views.legacy.overview import OverviewPage
from app.views.legacy.quarantine_pane import QuarantinePane

LAST_RUN = "SELECT state FROM legacy.run ORDER BY id DESC LIMIT 1"
LONG_S = 240
COMPARED = 4  # modules at least
FAR = 1500  # rows until there is something to see


def _house(tour: Tour) -> FourDServer:
    server: FourDServer = tour.memory["house"]
    return server


def _state(tour: Tour) -> State | None:
    page = tour.page
    return page.found if isinstance(page, OverviewPage) else None


def _filter(tour: Tour, page: ListPage, column: str, words: str) -> None:
    """Type into the filter row of a list."""
    entry = page.table.header.field(column)
    assert entry is not None, f"no filter over {column}"
    tour.driver.press(entry, f"the filter over {column}")
    tour.driver.keys("Ctrl+A")
    tour.driver.write(words)
    tour.settle()


def set_up(tour: Tour) -> None:
    """The administrator enters the old server, makes the key that only clients can open, and tries the connection."""
    driver = tour.driver
    house = tour.at_end.enter_context(FourDServer(make("small")))
    tour.memory["house"] = house
    choose_looks(tour)
    tour.give_name(ADMINISTRATOR, tour.passwords[ADMINISTRATOR])
    driver.click("login.sign_in")
    tour.arrive(ADMINISTRATOR)
    tour.open_workspace("legacy.overview")
    driver.see("action.first_server")
    tour.shot("nothing-yet")
    driver.click("action.first_server")
    tour.wait_form()
    tour.fill("title", tour.say("old_erp"))
    tour.fill("code", "erp")
    tour.fill("base_url", house.url)
    tour.save()
    driver.click("action.more")
    driver.menu(t("legacy.server.set_up_key").replace("&", ""))
    driver.see("dialog.confirm")
    driver.type("confirm.password", tour.passwords[ADMINISTRATOR])
    driver.keys("Return")
    driver.see("vault.kept")
    driver.click("vault.kept")
    tour.shot("key")
    driver.click("dialog.yes")
    driver.gone("dialog.recovery")
    tour.act("test")
    tour.until(lambda: driver.reads(t("legacy.probe.tables", n=2, count="")[:8], tour.window), "an answer")
    tour.shot("server")
    tour.expect(house.counters.sessions_opened == 1, f"{house.counters.sessions_opened} sessions opened")


def _run(tour: Tour, mode: str) -> None:
    """Ask for a run by the dialog."""
    driver = tour.driver
    tour.open_workspace("legacy.overview")
    driver.click("action.run")
    driver.see("dialog.form")
    driver.choose("field.mode", mode)
    if mode == "full":
        tour.shot("ask-for-a-run")
    driver.click("dialog.yes")
    driver.gone("dialog.form")


def _wait_for_the_end(tour: Tour) -> None:
    def done() -> bool:
        found = _state(tour)
        return found is not None and found.run is None and not found.waiting and found.last_run is not None

    tour.driver.wait(done, "the run to end", LONG_S)
    tour.settle()


def full(tour: Tour) -> None:
    """Everything is read once; the board shows how far it is, the report what came of it."""
    driver = tour.driver
    _run(tour, "full")

    def under_way() -> bool:
        found = _state(tour)
        return found is not None and found.run is not None and found.run.sum("read") > FAR

    driver.wait(under_way, "the run to get going", LONG_S)
    driver.shot("progress", tour.top())
    if tour.step is not None:
        tour.step.pictures.append(driver.pictures[-1])

    _wait_for_the_end(tour)
    tour.shot("everything-read")
    tour.expect(
        tour.ask_database(LAST_RUN) in ("done", "warnings"), f"the run is {tour.ask_database(LAST_RUN)}"
    )
    house = _house(tour)
    for table, source in (("legacy.document", "Belege"), ("inventory.box", "Stamm_Lager_Schuetten")):
        there, here = len(house.data[source]), tour.ask_database(f"SELECT count(*) FROM {table}")  # noqa: S608
        waiting = tour.ask_database(
            "SELECT count(*) FROM legacy.quarantine q JOIN legacy.entity e ON e.id = q.entity_id WHERE e.source = %s",
            source,
        )
        tour.expect(here + waiting == there, f"{table}: {here} and {waiting} in quarantine of {there}")
        tour.fact(**{source: {"there": there, "here": here, "quarantine": waiting}})
    tour.expect(house.counters.sessions_opened == 1, f"{house.counters.sessions_opened} sessions opened")
    driver.click("action.report")
    driver.wait(lambda: tour.page.objectName() == "page.legacy_run", "the report")
    tour.shot("report")


def quarantine(tour: Tour) -> None:
    """A document of unknown kind is put right in place and comes over; another is left out with a word why."""
    driver = tour.driver
    tour.open_workspace("legacy.quarantine")
    tour.shot("quarantine")
    record, key = _odd_document(tour)
    page = tour.page
    assert isinstance(page, ListPage)
    _filter(tour, page, "source_key", key)
    tour.select_row("Papierart")
    driver.see("value.Papierart")
    pane = page.findChild(QuarantinePane)
    tour.expect(pane is not None, "no pane beside the list")
    driver.type("value.Papierart", "R")
    tour.shot("put-right")
    driver.click("action.retry")
    state = "SELECT state FROM legacy.quarantine WHERE id = %s"
    driver.wait(lambda: tour.ask_database(state, record) == "resolved", "the record to come over", LONG_S)
    kind = tour.ask_database("SELECT kind FROM legacy.document WHERE source_id = %s", int(key))
    tour.expect(kind == "invoice", f"document {key} is {kind}")
    tour.settle()
    page.show_everything()
    tour.settle()
    tour.select_row(0)
    driver.click("action.ignore")
    driver.see("dialog.reason")
    driver.type("field.reason", tour.say("left_out"))
    tour.shot("left-out")
    driver.click("dialog.yes")
    driver.gone("dialog.reason")
    tour.settle()
    ignored = tour.ask_database("SELECT count(*) FROM legacy.quarantine WHERE state = 'ignored'")
    tour.expect(ignored == 1, f"{ignored} records left out")


def _odd_document(tour: Tour) -> tuple[int, str]:
    found: Any = tour.ask_database(
        "SELECT array[q.id::text, q.source_key] FROM legacy.quarantine q JOIN legacy.entity e ON e.id = q.entity_id "
        "WHERE e.source = 'Belege' AND jsonb_array_length(q.findings) = 1 "
        "AND q.findings -> 0 ->> 'field' = 'Papierart' AND q.raw ->> 'Papierart' = 'X' ORDER BY q.id LIMIT 1"
    )
    tour.expect(found, "no document of unknown kind in quarantine")
    return int(found[0]), str(found[1])


def tables(tour: Tour) -> None:
    """A table of the old system as it is there, by the same one session."""
    driver = tour.driver
    tour.open_workspace("legacy.browse")
    driver.click("action.connect")
    page = tour.page
    assert isinstance(page, BrowsePage)
    driver.wait(
        lambda: driver.row_of(page.tables, "Artikel_Tags") >= 0,  # nobody reads it: the server said so
        "the tables",
        LONG_S,
    )
    tour.settle()
    driver.click_row(page.tables, "Kunden")
    driver.wait(lambda: page.list is not None and bool(page.list.model.rows), "the rows", LONG_S)
    tour.settle()
    tour.shot("table")
    tour.expect(
        page.list is not None and page.list.model.total == len(_house(tour).data["Kunden"]), "rows missing"
    )
    tour.expect(_house(tour).counters.sessions_opened == 1, "browsing opened a session")
    driver.keys("Ctrl+W")
    tour.settle()


def past(tour: Tour) -> None:
    """Sales look up a document of the first year, as it was written then, and the customer it belongs to."""
    driver = tour.driver
    tour.open_workspace("legacy.documents")
    tour.shot("past-documents")
    number = tour.ask_database(
        "SELECT number FROM legacy.document WHERE kind = 'invoice' AND partner_id IS NOT NULL "
        "AND currency <> 'EUR' AND date < %s ORDER BY date LIMIT 1",
        date(1996, 1, 1),
    )
    page = tour.page
    assert isinstance(page, ListPage)
    _filter(tour, page, "number", str(number))
    view = tour.list_view()
    driver.click_row(view, str(number), double=True)
    driver.wait(lambda: tour.page.objectName() == "page.legacy_document", "the document")
    tour.settle()
    tour.shot("past-document")
    driver.click("action.open_customer")
    tour.wait_form()
    driver.click("action.show_past")
    tour.settle()
    tour.shot("customer-and-past")
    tour.close_tabs()


def live(tour: Tour) -> None:
    """Somebody changes a customer over there; the list that is open here shows it by itself."""
    driver = tour.driver
    tour.open_workspace("partners.customers")
    page = tour.page
    assert isinstance(page, ListPage)
    key, number, city = _customer(tour)
    _filter(tour, page, "number", number)
    tour.expect(len(page.model.rows) == 1, f"{len(page.model.rows)} customers {number}")
    new = f"{city} am Berg"
    _house(tour).change("Adressen", key, Name2=new)
    _run(tour, "incremental")
    tour.open_workspace("partners.customers")

    def there() -> bool:
        return any(new in str(getattr(row, "name", "")) for row in page.model.rows)

    driver.wait(there, "the change in the open list", LONG_S)
    tour.settle()
    tour.shot("live-change")
    name = tour.ask_database("SELECT name FROM partners.partner WHERE number = %s", number)
    tour.expect(name == new, f"the customer is called {name}")
    tour.expect(_house(tour).counters.sessions_opened == 1, "the whole day took more than one session")
    tour.open_workspace("legacy.overview")
    _wait_for_the_end(tour)
    tour.shot("up-to-date")


def _customer(tour: Tour) -> tuple[str, str, str]:
    """A customer with a company's name: key of its address, number, name."""
    house = _house(tour)
    known = {row["AdrNr"]: row for row in house.data["Adressen"].rows() if row.get("Name2")}
    for customer in house.data["Kunden"].rows():
        address = known.get(customer["AdrNr"])
        if address is None:
            continue
        name = tour.ask_database(
            "SELECT name FROM partners.partner WHERE number = %s", str(customer["KundenNr"])
        )
        if name == address["Name2"]:
            return str(address["__KEY"]), str(customer["KundenNr"]), str(name)
    raise AssertionError("no customer with a company's name")


def compare(tour: Tour) -> None:
    """The old system and Werkbank are compared, module by module; the report says what differs."""
    driver = tour.driver
    tour.open_workspace("legacy.cutover")
    tour.shot("cut-over")
    driver.click("action.compare")
    stored = "SELECT count(DISTINCT module) FROM legacy.reconciliation"
    driver.wait(lambda: tour.ask_database(stored) >= COMPARED, "the comparison of every module", LONG_S)
    driver.wait(lambda: tour.ask_database(LAST_RUN) in ("done", "warnings"), "the run to end", LONG_S)
    driver.wait(lambda: driver.find("action.report.sales") is not None, "the report of sales")
    tour.settle()
    tour.shot("compared")
    driver.click("action.report.sales")
    driver.wait(lambda: tour.page.objectName() == "page.reconciliation", "the report")
    tour.settle()
    tour.shot("reconciliation")
    counted = "SELECT count(*) FROM legacy.reconciliation_line WHERE NOT ok AND kind = 'count'"
    tour.fact(differences_in_counts=tour.ask_database(counted))


STEPS = (
    Step("legacy_server", ADMINISTRATOR, set_up, signs_in=True),
    Step("legacy_full", ADMINISTRATOR, full),
    Step("legacy_quarantine", ADMINISTRATOR, quarantine),
    Step("legacy_tables", ADMINISTRATOR, tables),
    Step("legacy_compare", ADMINISTRATOR, compare),
    Step("legacy_past", MANAGER, past),
    Step("legacy_live", ADMINISTRATOR, live),
)
