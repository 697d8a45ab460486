"""Server profiles: what may be stored, and what is refused."""

from pathlib import Path

import pytest

from app.core import config, paths
from app.core.config import ProfileError, ServerProfile


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WERKBANK_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("sslmode", ["disable", "allow", "prefer", "require", "verify-ca"])
@pytest.mark.parametrize("host", ["db.example", "10.0.0.7", "fe80::1", "localhost.example", "128.0.0.1"])
def test_another_machine_is_reached_with_a_verified_certificate_only(host: str, sslmode: str) -> None:
    with pytest.raises(ProfileError, match="profile_needs_tls"):
        ServerProfile("Werk", host, sslmode=sslmode)


@pytest.mark.parametrize("host", ["db.example", "10.0.0.7", "fe80::1"])
def test_another_machine_gets_verification_by_default(host: str) -> None:
    assert ServerProfile("Werk", host).sslmode == "verify-full"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1"])
def test_loopback_needs_no_certificate(host: str) -> None:
    assert ServerProfile("Hier", host).sslmode == "disable"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost,db.example",
        "/var/run/postgresql",
        "db.example sslmode=disable",
        "host=db.example",
        "postgresql://db.example",
        "u@db.example",
    ],
)
def test_a_host_is_one_host_and_nothing_that_libpq_reads_as_more(host: str) -> None:
    with pytest.raises(ProfileError, match="profile_host_invalid"):
        ServerProfile("Werk", host)


def test_an_edited_file_cannot_weaken_the_connection() -> None:
    config.save_profile(ServerProfile("Werk", "db.example"))
    file = paths.profiles_file()
    file.write_text(file.read_text("utf-8").replace("verify-full", "prefer"), "utf-8")
    with pytest.raises(ProfileError, match="profile_needs_tls"):
        config.load_profiles()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"profiles": [{"nonsense": 1}]}', '{"profiles": 7}'])
def test_a_damaged_file_is_named(content: str) -> None:
    paths.ensure_home()
    paths.profiles_file().write_text(content, "utf-8")
    with pytest.raises(ProfileError, match="profiles_file_damaged") as damaged:
        config.load_profiles()
    assert damaged.value.params["file"] == str(paths.profiles_file())


def test_profiles_come_back_with_the_last_used_one_first() -> None:
    hall = ServerProfile("Halle Süd", "db.example", 6543, "werk", sslrootcert="C:\\ca.pem", login="u_tom")
    demo = ServerProfile("Demo", "127.0.0.1", 5555)
    config.save_profile(hall)
    config.save_profile(demo)
    assert config.load_profiles() == (demo, hall)
    config.use_profile("Halle Süd", "u_karin")
    assert [(p.name, p.login) for p in config.load_profiles()] == [("Halle Süd", "u_karin"), ("Demo", None)]
    config.remove_profile("Halle Süd")
    assert config.load_profiles() == (demo,)
    assert config.find_profile("Halle Süd") is None


def test_saving_leaves_no_other_file_behind() -> None:
    config.save_profile(ServerProfile("Demo", "127.0.0.1"))
    assert [entry.name for entry in paths.home().iterdir()] == ["profiles.json"]
