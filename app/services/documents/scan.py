"""The house's own virus scanner, asked about every file before it is attached.

The command stands in `scan.json` in the program's folder at the workplace, as a list of words in which ``{file}`` is
the file to look at: ``{"command": ["clamdscan", "--no-summary", "--fdpass", "{file}"]}``.  Exit code 0 means clean.
Without that file nothing is asked.
"""

import json
import subprocess
import tempfile
from pathlib import Path

from app.core import paths
from app.core.errors import Invalid

SECONDS = 120
REPORT = 200


def command() -> list[str] | None:
    """The command of this workplace, None when none is set.

    Raises Invalid `attachment_scan_failed` for settings nobody can read: a scanner that was wanted is never left out.
    """
    try:
        text = paths.scan_file().read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Invalid("attachment_scan_failed", name="scan.json", report=str(error)) from error
    try:
        words = json.loads(text)["command"]
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid("attachment_scan_failed", name="scan.json", report=str(error)) from error
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise Invalid("attachment_scan_failed", name="scan.json", report="")
    return words


def check(name: str, content: bytes) -> None:
    """Have a file looked at; takes as long as the scanner does.

    Raises Invalid `attachment_infected` when the scanner refuses it, `attachment_scan_failed` when it does not run.
    """
    words = command()
    if words is None:
        return
    with tempfile.TemporaryDirectory(prefix="werkbank-scan-") as folder:
        file = Path(folder) / "file"
        file.write_bytes(content)
        asked = [word.replace("{file}", str(file)) for word in words]
        if asked == words:
            asked.append(str(file))
        try:
            done = subprocess.run(asked, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            raise Invalid("attachment_scan_failed", name=name, report=str(error)[:REPORT]) from error
    if done.returncode:
        said = (done.stdout or done.stderr).decode("utf-8", "replace").replace(str(file), name)
        raise Invalid("attachment_infected", name=name, report=" ".join(said.split())[:REPORT])
