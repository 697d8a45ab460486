"""How the program starts: who imports what, since Qt looks up classes without asking Python's lock."""

import json
import os
import subprocess
import sys
from pathlib import Path

# Every import is noted with its thread, until the last screens are there and one turn has passed.
SCRIPT = """
import json, sys, threading
made = []
class Listening:
    @staticmethod
    def find_spec(name, path=None, target=None):
        made.append((name, threading.current_thread() is threading.main_thread()))
from app.bootstrap import Program, make_application
application = make_application()
sys.meta_path.insert(0, Listening)
program = Program()
program.show_login()
turns = {}
def there(name):
    return hasattr(sys.modules.get(f"app.views.{name}"), "WORKSPACES")
while not (there("catalog") and there("templates")):  # the first and the last of the screens
    before = len(made)
    application.processEvents()
    names = [name for name, main in made[before:] if main and name.startswith("app.views.")]
    if names:
        turns[names[0]] = names
program.login.close()
program.end()
print(json.dumps({"made": made, "turns": turns}))
"""


def test_screens_are_imported_in_the_windows_own_thread_a_part_in_each_turn(
    repository: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=repository,
        env={**os.environ, "WERKBANK_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    beside = {name for name, main in found["made"] if not main}
    assert not {name for name in beside if name.startswith(("PySide6", "shiboken6", "app.views"))}
    # What the screens stand on is most of it, and does not hold the window.
    assert {"app.services.sales.reads", "app.sync.printing", "app.core.qr"} <= beside
    in_one_turn = [len(names) for names in found["turns"].values()]
    assert sum(in_one_turn) > 200
    assert max(in_one_turn) < 120
