"""Points in time as people say them."""

from datetime import datetime

from app.core import format as fmt
from app.core.i18n import t


def when(at: datetime) -> str:
    """A point in time as people say it: today 09:12, yesterday 17:40, a date."""
    local = at.astimezone()
    days = (datetime.now().astimezone().date() - local.date()).days
    if days == 0:
        return t("card.today", time=f"{local:%H:%M}")
    if days == 1:
        return t("card.yesterday", time=f"{local:%H:%M}")
    return fmt.date_(local.date())
