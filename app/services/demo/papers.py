"""The PDFs of everything that was issued, put into the archive by the people whose job it is."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.services.demo.house import House
from app.services.documents.archive import archive as keep
from app.services.documents.commands import DocumentType
from app.services.documents.templates import SaveTemplate, all_changes, save_template
from app.services.einvoice import outgoing
from app.services.images.printed import Paper
from app.services.sales.documents import archive_command, document_for

ACCENT = "#7A2E1F"  # of the price list
_CLERKS: dict[DocumentType, str] = {
    "quote": "u_miriam",
    "sales_order": "u_miriam",
    "delivery": "u_karin",
    "invoice": "u_franziska",
}


def archive(house: House) -> None:
    """Archive what has a number and no PDF yet; the price list has a look of its own."""
    mia = house.person("u_mia")
    if not mia.read(all_changes):
        look = {"kind": "price_list", "changes": {"accent": ACCENT}}
        house.post("u_mia", save_template, SaveTemplate(None, None, look))
    paper = Paper()
    for kind, login in _CLERKS.items():
        person = house.person(login)
        for document in person.read(_without_paper, kind):
            data = person.read(paper.add, person.read(document_for, kind, document))
            command = archive_command(document, data)
            if kind == "invoice":
                command = outgoing.packed(person.read(outgoing.load, document), command)
            house.post(login, keep, command)


def _without_paper(session: Session, kind: DocumentType) -> list[int]:
    statement = f"""SELECT d.id FROM sales.{kind} d
                     WHERE d.number IS NOT NULL AND (:kind <> 'sales_order' OR d.state <> 'cancelled') AND NOT EXISTS (
                           SELECT FROM documents.issued i WHERE i.topic = 'sales.' || :kind AND i.record_id = d.id)
                     ORDER BY d.id"""  # noqa: S608  (names of four tables)
    return list(session.execute(text(statement), {"kind": kind}).scalars())
