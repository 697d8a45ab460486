"""The roles in force as the window names them: the program's own in words, the house's by their title."""

from app.core.i18n import has_text, language, t
from app.core.profile import Profile
from app.views.core.errors import role_in_words


def title(profile: Profile, role: str) -> str:
    """What one of the person's roles is called."""
    if has_text(f"role.{role}"):
        return role_in_words(role)
    titles = profile.role_titles.get(role, {})
    return titles.get(language()) or titles.get("de") or role


def in_force(profile: Profile) -> list[tuple[str, str]]:
    """Role and words of each; what is held for some hours only says so."""
    found = []
    for role in profile.roles:
        words = title(profile, role)
        found.append((role, t("mine.role_for_hours", role=words) if role in profile.elevated else words))
    return found
