"""What administrators of people and rights have, and the directory everybody has."""

from app.services.security.registration import REGISTRATIONS
from app.services.security.shelf import count_registrations
from app.views.core.workspace import Tile, Workspace
from app.views.security import assignment_list, directory, my_roles, people_list, role_list, session_list

RAIL = "system"


WORKSPACES = (
    Workspace(people_list.KEY, "people.title", "users", RAIL, "user_list", people_list.page),
    Workspace(
        directory.REGISTRATIONS,
        "registrations.title",
        "user-plus",
        RAIL,
        "registration_list",
        directory.registrations_page,
    ),
    Workspace(role_list.KEY, "roles.title", "key-round", RAIL, "role_list", role_list.page),
    Workspace(role_list.MATRIX, "matrix.title", "table", RAIL, "permission_matrix", role_list.matrix_page),
    Workspace(
        assignment_list.KEY, "assign.title", "calendar-clock", RAIL, "assignment_list", assignment_list.page
    ),
    Workspace(
        role_list.CONFLICTS, "conflicts.title", "split", RAIL, "conflict_list", role_list.conflicts_page
    ),
    Workspace(
        assignment_list.REVIEWS,
        "review.title",
        "clipboard-check",
        RAIL,
        "review_list",
        assignment_list.reviews_page,
    ),
    Workspace(session_list.KEY, "sessions.title", "server", RAIL, "session_list_all", session_list.page),
    Workspace(directory.KEY, "directory.title", "contact", RAIL, "", directory.page),
    Workspace(my_roles.KEY, "my_roles.title", "badge-check", RAIL, "", my_roles.page),
)
TILES = (
    Tile(
        "security.registrations",
        "registrations.tile",
        "user-plus",
        directory.REGISTRATIONS,
        count_registrations,
        {},
        "registration_list",
        "warn",
        topics=(REGISTRATIONS,),
    ),
)
