"""What the user wants with documents."""

import uuid
from dataclasses import dataclass, field
from typing import Literal

from app.services.documents.data import Language

DocumentType = Literal["quote", "sales_order", "delivery", "invoice"]


@dataclass(frozen=True, slots=True)
class ArchiveDocument:
    """Keep the PDF of an issued record (`document_type` is its table in schema sales) once and for good."""

    document_type: DocumentType
    document_id: int
    language: Language
    file_name: str
    content: bytes
    command: uuid.UUID = field(default_factory=uuid.uuid4)
