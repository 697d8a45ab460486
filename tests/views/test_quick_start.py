"""Whoever signs in faster than the program can import what comes after the login gets a whole window."""

import subprocess
import sys

QUICK = """
import sys, threading
from app import bootstrap

sys.setswitchinterval(1e-4)  # the two take turns often enough to meet
warming = threading.Thread(target=bootstrap._warm_up)
warming.start()
while "app.views" not in sys.modules and warming.is_alive():
    pass
try:
    bootstrap.Program.open_window(None, object())  # what comes after the imports needs a session
except AttributeError as ended:
    print(ended.name)
warming.join()
print("app.views.sales" in sys.modules)
"""


def test_signing_in_while_the_rest_is_still_being_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUICK], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["db", "True"]
