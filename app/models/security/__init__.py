"""Who may work, as what, and whether the session still holds.

Nobody has a grant on these tables. They are read and written through `sec.*` functions only.
"""

from app.models.security import access, people, roles, sessions, vault

__all__ = ["access", "people", "roles", "sessions", "vault"]
