"""The archive of all documents, files on records, templates

Revision: papers, after history
"""

revision = "papers"
down_revision = "history"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
