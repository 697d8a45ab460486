"""Remembered passwords go to the operating system's store or stay in memory; no file ever holds one."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringError

from app.core import credentials


class FileKeyring(KeyringBackend):
    """Stands for any backend of an add-on package that keeps passwords readable in a file."""

    def __init__(self, file: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.file = file

    def set_password(self, service: str, username: str, password: str) -> None:
        self.file.write_text(password, "utf-8")

    def get_password(self, service: str, username: str) -> str | None:
        return self.file.read_text("utf-8")


class DesktopKeyring(KeyringBackend):
    """Behaves like a desktop's store; the tests give it the module name of one."""

    locked = False

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringError("locked")
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringError("locked")
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def _own_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = keyring.get_keyring()
    monkeypatch.setattr(credentials, "_memory", {})
    yield
    keyring.set_keyring(before)


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> DesktopKeyring:
    monkeypatch.setattr(DesktopKeyring, "__module__", "keyring.backends.SecretService")
    store = DesktopKeyring()
    keyring.set_keyring(store)
    return store


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
def test_without_a_store_the_password_lasts_for_this_run(backend: type[KeyringBackend]) -> None:
    keyring.set_keyring(backend())
    assert credentials.remember("werkbank/a", "u_tom", "geheim") is False
    assert credentials.recall("werkbank/a", "u_tom") == "geheim"
    assert credentials.recall("werkbank/b", "u_tom") is None
    credentials.forget("werkbank/a", "u_tom")
    assert credentials.recall("werkbank/a", "u_tom") is None


def test_a_backend_that_writes_a_file_is_never_used(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    keyring.set_keyring(FileKeyring(file))
    assert credentials.remember("werkbank/a", "u_tom", "geheim") is False
    assert credentials.recall("werkbank/a", "u_tom") == "geheim"
    assert not file.exists()


def test_of_several_backends_only_the_desktops_own_is_used(
    desktop: DesktopKeyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "passwords"
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [FileKeyring(file), desktop])
    keyring.set_keyring(chainer.ChainerBackend())  # type: ignore[no-untyped-call]
    assert credentials.remember("werkbank/a", "u_tom", "geheim") is True
    assert desktop.kept == {("werkbank/a", "u_tom"): "geheim"}
    assert not file.exists()


def test_the_store_is_asked_after_a_restart(desktop: DesktopKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials.remember("werkbank/a", "u_tom", "geheim")
    monkeypatch.setattr(credentials, "_memory", {})  # what a new process starts with
    assert credentials.recall("werkbank/a", "u_tom") == "geheim"
    credentials.forget("werkbank/a", "u_tom")
    assert desktop.kept == {}


def test_a_locked_store_is_no_error_for_the_person(
    desktop: DesktopKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    desktop.locked = True
    assert credentials.recall("werkbank/a", "u_tom") is None
    assert credentials.remember("werkbank/a", "u_tom", "geheim") is False
    assert credentials.recall("werkbank/a", "u_tom") == "geheim"
    caplog.clear()  # two warnings, as they should be


def test_no_password_reaches_the_log(desktop: DesktopKeyring, caplog: pytest.LogCaptureFixture) -> None:
    desktop.locked = True
    credentials.remember("werkbank/a", "u_tom", "geheim")
    assert caplog.records
    assert "geheim" not in caplog.text
    caplog.clear()
