"""Prepares the machine and then becomes ``python -m app``: environment, pinned packages, Qt's libraries.

Runs on a bare Python before anything is installed, so it uses the standard library only.  A prepared machine
costs a few file look-ups.  The virtual environment lies below the user's folder and is named after the
interpreter and the pinned requirements, so that a change of either builds a new one.  An environment whose
installation was interrupted is recognised and built again.
"""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path[0] = str(REPOSITORY)  # Python put this file's own folder there

from app.core import paths  # noqa: E402  (needs the line above)
from app.core.file_lock import LockTimeoutError, file_lock  # noqa: E402

SUPPORTED = ((3, 11), (3, 14))
MISSING = 3
NEEDS_QT = {"run", "demo", "tour", "test", "bench"}
NEEDS_TOOLS = {"test"}

# Library and Debian/Ubuntu package: what PySide6-Essentials loads, on a screen or without one.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
}
X11_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


class LaunchError(Exception):
    """The machine cannot be prepared; the text says what to do."""


def main(argv: list[str]) -> int:
    """Prepare what the command needs and run it; returns only where a process cannot replace itself."""
    if not SUPPORTED[0] <= sys.version_info[:2] < SUPPORTED[1]:
        return _fail(f"Python 3.11, 3.12 or 3.13 is needed; this is {sys.version.split()[0]}.")
    command = next((word for word in argv if not word.startswith("-")), "")
    try:
        if command == "clean":
            return _clean(argv)
        if command in NEEDS_QT and not {"-h", "--help"} & set(argv):
            ensure_libraries()  # first, because it may need the person's help and the rest takes a while
        python = prepare(argv, tools=command in NEEDS_TOOLS)
    except (LaunchError, LockTimeoutError, OSError) as failed:
        return _fail(str(failed))
    call = [str(python), "-m", "app", *argv]
    # Windows has no exec: its "exec" starts a second process and lets the terminal go on without it.
    return (
        subprocess.call(call, env=_environment())
        if os.name == "nt"
        else os.execve(python, call, _environment())
    )


def prepare(argv: list[str], *, tools: bool) -> Path:
    """The interpreter of a complete environment, made now if need be; ``tools`` adds what the checks need."""
    kinds = ("run", "dev") if tools else ("run",)
    environment = environment_folder()
    if all((environment / f"{kind}.done").exists() for kind in kinds) and interpreter(environment).exists():
        return interpreter(environment)
    _check_usage(argv)
    paths.ensure_home()
    paths.venvs().mkdir(mode=0o700, exist_ok=True)
    with file_lock(paths.venvs() / "lock", seconds=1800):
        if (environment / "installing").exists() or not interpreter(environment).exists():
            shutil.rmtree(environment, ignore_errors=True)
        for kind in kinds:
            if not (environment / f"{kind}.done").exists():
                if not environment.exists():
                    _create(environment)
                _install(environment, kind)
    return interpreter(environment)


def _check_usage(argv: list[str]) -> None:
    """Answer ``--help`` and mistyped commands at once instead of after a long installation."""
    from app import cli

    if not argv or argv[0] not in cli.PASSED_ON:
        arguments = cli.build_parser().parse_args(argv)
        if not hasattr(arguments, "handler"):
            sys.exit(cli.main(argv))


def environment_folder() -> Path:
    """Where the environment of this interpreter and these requirements belongs."""
    mark = hashlib.sha256(sys.base_prefix.encode())
    for kind in ("run", "dev"):
        mark.update((REPOSITORY / "requirements" / f"{kind}.txt").read_bytes())
    return paths.venvs() / f"python{sys.version_info[0]}.{sys.version_info[1]}-{mark.hexdigest()[:12]}"


def interpreter(environment: Path) -> Path:
    """The environment's Python."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def missing_libraries() -> dict[str, str]:
    """Shared libraries Qt needs here and cannot load, with their Debian packages."""
    if not sys.platform.startswith("linux"):
        return {}
    needed = dict(QT_LIBRARIES)
    if os.environ.get("DISPLAY") and os.environ.get("QT_QPA_PLATFORM", "xcb").startswith("xcb"):
        needed |= X11_LIBRARIES
    missing = {}
    for library, package in needed.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing[library] = package
    return missing


def ensure_libraries() -> None:
    """Install the shared libraries Qt misses where we may; otherwise name the command that does."""
    missing = missing_libraries()
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise LaunchError(f"Qt needs these system libraries, please install them: {', '.join(missing)}")
    _apt_install(sorted(set(missing.values())), reason="Qt needs a few system libraries")
    still = missing_libraries()
    if still:
        raise LaunchError(f"these system libraries still cannot be loaded: {', '.join(still)}")


def _apt_install(packages: list[str], *, reason: str) -> None:
    by_hand = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
    if paths.is_root():
        prefix: list[str] = []
    elif (
        shutil.which("sudo")
        and not subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode
    ):
        prefix = ["sudo", "-n"]
    else:
        sudo = by_hand.replace("apt-get", "sudo apt-get")
        raise LaunchError(f"{reason}. Please run this once, then try again:\n  {sudo}")
    _say(f"{reason}; installing {' '.join(packages)} …")
    quiet = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [*quiet, *step], check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode:
            raise LaunchError(f"apt-get {step[0]} failed:\n{done.stderr.strip()}\nBy hand:\n  {by_hand}")


def _create(environment: Path) -> None:
    try:
        import ensurepip  # noqa: F401  (Debian packs it apart from Python)
        import venv
    except ImportError:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        if not shutil.which("apt-get"):
            raise LaunchError(
                "this Python lacks its modules venv and ensurepip; please install them"
            ) from None
        _apt_install([package], reason="This Python has no module for virtual environments")
        import venv
    _say(f"Setting Werkbank up in {environment} (about 400 MB, once) …")
    environment.mkdir(parents=True)
    (environment / "installing").touch()
    try:
        venv.EnvBuilder(with_pip=True, symlinks=sys.platform != "win32").create(environment)
    except subprocess.CalledProcessError as failed:
        raise LaunchError(f"the virtual environment could not be made: {failed}") from failed


def _install(environment: Path, kind: str) -> None:
    requirements = REPOSITORY / "requirements" / f"{kind}.txt"
    (environment / "installing").touch()
    log = environment / f"install-{kind}.log"
    command = [
        str(interpreter(environment)),
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--only-binary=:all:",
    ]
    # Byte code goes to the user's cache when a module is first used, not into the environment.
    command += ["--no-compile", "--no-input", "--disable-pip-version-check", "--progress-bar=off"]
    with (
        log.open("w", encoding="utf-8") as kept,
        subprocess.Popen(
            [*command, "-r", str(requirements)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as pip,
    ):
        assert pip.stdout is not None
        for line in pip.stdout:
            kept.write(line)
            if line.startswith(("Collecting ", "Installing ")):
                _say("  " + line.split(" (from")[0].split(" --hash")[0].strip()[:100])
    if pip.returncode:
        errors = [line for line in log.read_text("utf-8").splitlines() if line.startswith("ERROR")]
        raise LaunchError("\n".join(["installing the packages failed", *errors[:5], f"All of it: {log}"]))
    (environment / f"{kind}.done").touch()
    (environment / "installing").unlink()


def _clean(argv: list[str]) -> int:
    """Run the command as a child, because it removes the environment it would run in."""
    servers = paths.instances()
    # Stopping servers needs their programs; without any server the bare Python is enough.
    python = (
        prepare(argv, tools=False) if servers.is_dir() and any(servers.iterdir()) else Path(sys.executable)
    )
    code = subprocess.call([str(python), "-B", "-m", "app", *argv], env=_environment())
    if code == 0 and "-h" not in argv and "--help" not in argv:
        shutil.rmtree(paths.venvs(), ignore_errors=True)
        home = paths.home()
        if home.is_dir() and not any(home.iterdir()):
            home.rmdir()
    return code


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    environment["PYTHONPATH"] = str(REPOSITORY)
    environment["PYTHONPYCACHEPREFIX"] = str(paths.cache() / "pycache")
    # Byte code is kept out of the checkout and out of the environment, so nothing speaks against writing it.
    for foreign in ("PYTHONHOME", "PYTHONSTARTUP", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(foreign, None)
    return environment


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _fail(text: str) -> int:
    _say(f"werkbank: {text}")
    return MISSING


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
