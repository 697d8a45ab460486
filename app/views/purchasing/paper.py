"""PDFs of buying: made when a document is posted, kept in the archive, opened from there, as everywhere."""

from app.views.documents.issuing import archive, open_archived, open_of

__all__ = ["archive", "open_archived", "open_of"]
