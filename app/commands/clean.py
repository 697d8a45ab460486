"""``werkbank clean``: removes everything the program wrote on this machine."""

import argparse
import shutil

from app.commands import Commands, add_command, say
from app.commands.db import confirm


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    clean = add_command(commands, "clean", "stop the embedded servers and remove the user's folder", _clean)
    clean.add_argument("--yes", action="store_true", help="do not ask")


def _clean(arguments: argparse.Namespace) -> int:
    from app.core import paths
    from app.core.embedded import Instance

    home = paths.home()
    outside = paths.server_side()
    if not home.exists() and not outside.exists():
        print(f"There is nothing to remove: {home} does not exist.")
        return 0
    if not arguments.yes:
        confirm(f"Remove {home} with all embedded databases, logs, drafts and settings?")
    if paths.instances().is_dir():
        for folder in sorted(paths.instances().iterdir()):
            if folder.is_dir():
                say(f"Removing the embedded server {folder.name!r} …")
                Instance(folder.name).remove()
    if outside.exists() and paths.is_root() and not outside.is_symlink():
        shutil.rmtree(outside)
    for entry in paths.entries():
        if entry == paths.venvs():
            continue  # this very process runs from it; the launcher removes it when the command has ended
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
    print(f"What Werkbank kept in {home} has been removed.")
    return 0
