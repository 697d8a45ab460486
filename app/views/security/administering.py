"""What administrators of people and rights have, and the directory everybody has."""

from app.services.security.people import USERS
from app.services.security.policy import POLICY
from app.services.security.registration import REGISTRATIONS
from app.services.security.shelf import count_registrations, search_people
from app.views.core.workspace import RecordType, Search, Tile, Workspace
from app.views.security import (
    assignment_list,
    checklist_list,
    colleagues,
    directory,
    matrix_list,
    my_roles,
    people_list,
    policy_page,
    rights_grid,
    role_list,
    session_list,
)
from app.views.security.person_page import PersonPage

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
    Workspace(rights_grid.KEY, "grid.title", "layers", RAIL, "permission_matrix", rights_grid.page),
    Workspace(matrix_list.KEY, "matrix.title", "table", RAIL, "permission_matrix", matrix_list.page),
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
    Workspace(
        checklist_list.KEY, "checklists.title", "clipboard-list", RAIL, "checklist_list", checklist_list.page
    ),
    Workspace(policy_page.KEY, "policy.title", "sliders-horizontal", RAIL, "policy_get", policy_page.page),
    Workspace(session_list.KEY, "sessions.title", "server", RAIL, "session_list_all", session_list.page),
    Workspace(colleagues.KEY, "directory.title", "contact", RAIL, "", colleagues.page),
    Workspace(my_roles.KEY, "my_roles.title", "badge-check", RAIL, "", my_roles.page),
)
RECORDS = (
    RecordType(USERS, "user", PersonPage, "people.one", "user_card", rail=RAIL),
    RecordType(POLICY, "sliders-horizontal", policy_page.PolicyPage, "policy.title", "policy_get", rail=RAIL),
)
SEARCHES = (Search(USERS, "people.title", "user", search_people, "user_card"),)
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
