"""Administration of people: every function is one call of its namesake in the database."""

from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result
from app.core.db import call_api
from app.services.security.commands import SetPassword


def set_password(session: Session, command: SetPassword) -> Result[None]:
    """Reset a forgotten password; the person's open sessions end."""
    call_api(session, "sec.user_set_password", p_login=command.login, p_password=command.password)
    return Result(None, NO_CHANGES)
