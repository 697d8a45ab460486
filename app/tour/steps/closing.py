"""The end of the day: the chain, the history, two people at one record, language and look, lists."""

from PySide6.QtWidgets import QWidget

from app.core.db import ClientInfo, Database, Target
from app.core.i18n import language
from app.services.partners import reads
from app.tour.driver import TourError
from app.tour.steps.step import MANAGER, REP, Step
from app.tour.tour import Tour
from app.views.core import theme
from app.views.core.buttons import Button
from app.views.core.form_parts import ChainCard
from app.views.sales.draft_page import DraftPage


def chain(tour: Tour) -> None:
    """The order is complete: chain, note, history."""
    tour.palette(tour.memory["order_number"], "record.sales.sales_order.")
    tour.wait_form()
    form = tour.form
    assert isinstance(form, DraftPage)
    tour.expect(form.stored_state == "completed", f"the order is {form.stored_state}, not completed")
    cards = [card for card in form.findChildren(ChainCard) if card.isVisible()]
    tour.fact(chain=[card.accessibleName() for card in cards])
    tour.driver.type("note.text", tour.say("note"))
    tour.driver.keys("Ctrl+Return")
    tour.until(lambda: tour.driver.reads(tour.say("note"), tour.driver.see("card.notes")), "the note")
    tour.shot("order-chain")
    history: QWidget = tour.driver.see("card.history")
    tour.driver.reach(history, "the history")
    link = next(button for button in history.findChildren(Button) if button.isVisible())
    tour.driver.press(link)
    tour.driver.see("dialog.history")
    tour.shot("history")
    tour.driver.click("dialog.close")
    tour.driver.gone("dialog.history")


def live_switch(tour: Tour) -> None:
    """Language and look change while a form is not saved; what is typed stays."""
    driver, typed = tour.driver, tour.say("unsaved")
    other = {"de": "en", "en": "de"}[tour.language]
    other_look = {"light": "dark", "dark": "light"}[tour.look]
    tour.close_tabs()
    tour.open_workspace("sales.quotes")
    driver.keys("Ctrl+N")
    tour.wait_form()
    tour.look_up("customer_id", tour.story.dealer)
    tour.fill("customer_reference", typed)
    tour.shot("before-switch")
    tour.switch_language(other)
    tour.wait_form()
    tour.expect(tour.form.value("customer_reference") == typed, "what was typed is gone with the language")
    driver.click("top.theme")
    driver.wait(lambda: theme.current() == other_look, "the other look")
    tour.wait_form()
    tour.expect(tour.form.value("customer_reference") == typed, "what was typed is gone with the look")
    tour.expect(tour.form.dirty(), "the form is no longer marked as unsaved")
    tour.shot("after-switch")
    driver.click("top.theme")
    driver.wait(lambda: theme.current() == tour.look, "the look of the tour")
    tour.switch_language(tour.language)
    tour.wait_form()
    driver.keys("Ctrl+W")
    tour.answer("dialog.close_tab", "discard")
    tour.expect(language() == tour.language, "the language did not come back")


def conflict(tour: Tour) -> None:
    """A colleague changes a customer while one edits it: both changes are merged, the open one is asked."""
    story = tour.story
    tour.palette(story.colleague_customer, "record.partners.partner.")
    form = tour.wait_form()
    numbers = [tour.say("my_phone"), tour.say("my_other_phone")]
    mine = next(number for number in numbers if number != form.value("phone"))  # the tour may have been here
    tour.fill("phone", mine)
    tour.fill("website", tour.say("my_website"))
    assert form.record.id is not None
    _colleague_changes(tour, form.record.id)
    tour.until(lambda: tour.driver.find("notice.changed") is not None, "the banner that a colleague saved")
    tour.shot("changed-elsewhere")
    tour.driver.keys("Ctrl+S")
    tour.driver.see("dialog.merge")
    tour.shot("conflict")
    tour.driver.click("merge.mine.phone")
    tour.driver.keys("Ctrl+Return")
    tour.driver.gone("dialog.merge")
    tour.until(lambda: not tour.form.dirty(), "the merged form to be saved")
    tour.expect(tour.form.value("phone") == mine, "the chosen side was not taken")
    tour.expect(tour.form.value("email") == tour.say("her_email"), "the colleague's own change is gone")
    tour.shot("merged")


def _colleague_changes(tour: Tour, partner_id: int) -> None:
    """The sales manager, at her own desk: the program's own connection under her own login."""
    from app.services.partners import writes
    from app.services.partners.commands import SavePartner

    target, password = Target.from_dsn(tour.stage.instance.user_dsn(MANAGER))
    colleague = Database(target, password, client=ClientInfo(name="werkbank tour"))
    colleague.open()
    try:
        found = colleague.read(reads.get_partner, partner_id)
        values = {"phone": tour.say("her_phone"), "email": tour.say("her_email")}
        colleague.write(writes.save_partner, SavePartner(partner_id, found.row_version, values))
    finally:
        colleague.close()


def lists(tour: Tour) -> None:
    """A list filtered to nothing says so and offers the way back."""
    tour.close_tabs()
    tour.open_workspace("sales.orders")
    header = tour.list_view().header
    field = header.field("customer")
    if field is None:
        raise TourError("the list of orders cannot be filtered by customer")
    tour.driver.press(field, "the filter of the customer")
    tour.driver.write(tour.say("nobody"))
    tour.settle()
    tour.shot("filtered-empty")
    tour.driver.keys("Ctrl+A")
    tour.driver.write(tour.story.dealer[:8])
    tour.settle()
    tour.shot("filtered")


STEPS = (
    Step("chain", REP, chain),
    Step("live_switch", REP, live_switch),
    Step("conflict", REP, conflict),
    Step("lists", REP, lists),
)
