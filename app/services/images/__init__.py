"""Pictures of the image service: reading it, choosing formats, the run that keeps the database in step with it."""

from typing import Any

ENTITY: dict[str, Any] = {
    "code": "picture",
    "module": "images",
    "source": "all-files-and-articles",
    "title": {"de": "Bilder", "en": "Pictures"},
}
