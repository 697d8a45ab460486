"""The tax adviser of the demo company: chart of accounts, numbers, the first debtors."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.services.accounting import lists, writes
from app.services.accounting.commands import AdoptChart, SavePersonalAccount, SaveSetting
from app.services.demo.house import House

CLERK = "u_franziska"
DEBTORS = 5


def accounts(house: House) -> None:
    """SKR03, the adviser's numbers, accounts of the oldest customers; everybody else's come with the first export."""
    house.post(CLERK, writes.adopt_chart, AdoptChart("03"))
    person = house.person(CLERK)
    setting = person.read(lists.get_setting)
    numbers = {"consultant_no": 29098, "client_no": 55003, "initials": "FA"}
    house.post(CLERK, writes.save_setting, SaveSetting(setting.row_version, numbers))
    for place, partner in enumerate(person.read(_customers)):
        values = {"partner_id": partner, "side": "debtor", "number": setting.debtor_first + place}
        house.post(CLERK, writes.save_personal_account, SavePersonalAccount(None, None, values))


def _customers(session: Session) -> list[int]:
    asked = text("SELECT p.id FROM partners.partner p WHERE p.is_customer ORDER BY p.id LIMIT :most")
    return list(session.execute(asked, {"most": DEBTORS}).scalars())
