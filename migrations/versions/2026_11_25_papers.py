"""The archive of all documents, files on records, templates

Revision: papers, after media
"""

revision = "papers"
down_revision = "media"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
