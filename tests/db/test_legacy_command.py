"""The sync and the old system from the command line, with a service's login."""

import json
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import cli
from app.commands.sync import Teller
from app.core.db import Database
from app.simulate.data import House, make
from app.simulate.fourd import FourDServer
from app.simulate.peer import Request
from app.simulate.quirks import Quirks
from app.sync.legacy import LegacyStatus
from tests.conftest import PASSWORD, Cluster, Raw
from tests.legacy_world import add_server, expire, give_keys, leader_of, opened

SERVICE = "s_sync_command"


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture
def server(house: House) -> Iterator[FourDServer]:
    with FourDServer(house, Quirks(sessions=2)) as found:
        yield found
    assert found.counters.sessions_alive_max <= 1


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals and log files belong to the test run."""
    monkeypatch.setattr("app.core.log.setup_logging", lambda _name: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.fixture
def service(
    as_role: Callable[[str], Database], role_dsn: Callable[[str], str], admin: Raw, server: FourDServer
) -> str:
    """The address of a service that may lead and has the key."""
    expire(admin)
    add_server(admin, server.url)
    if admin.execute("SELECT FROM sec.app_user WHERE login = %s", (SERVICE,)).fetchone() is None:
        admin.execute("SELECT sec.user_create(%s, 'Sync', %s, ARRAY['sync'])", (SERVICE, PASSWORD))
    give_keys(as_role("administrator"), as_role(SERVICE))
    return role_dsn(SERVICE)


def test_a_run_from_the_command_line(
    service: str, admin: Raw, server: FourDServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        cli.main(["sync", "--full", "--entity", "category", "--entity", "family", "--json", "--dsn", service])
        == 0
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    result = lines[-1]["result"]
    assert result["state"] in ("done", "warnings")
    families = len(server.data["Artikel_Familie"])
    assert result["entities"]["family"]["read"] == families
    assert any(line.get("status", {}).get("progress", {}).get("entity") == "family" for line in lines)
    row = admin.execute("SELECT count(*) FROM catalog.family").fetchone()
    assert row is not None
    assert families >= row[0] > 0
    assert cli.main(["sync", "--full", "--entity", "family", "--dsn", service]) == 0
    told = capsys.readouterr()
    out = told.out.splitlines()
    line = next(one for one in out if one.startswith("family")).split()
    assert line[2:5] == [f"{families:,}", "0", "0"]
    assert "idle" not in told.err
    assert server.counters.sessions_opened == 1


def test_a_dry_run_writes_nothing(service: str, admin: Raw, capsys: pytest.CaptureFixture[str]) -> None:
    def places() -> object:
        return admin.execute("SELECT count(*) FROM inventory.place").fetchone()

    before = places()
    assert (
        cli.main(
            ["sync", "--full", "--entity", "warehouse", "--entity", "place", "--dry-run", "--dsn", service]
        )
        == 0
    )
    assert "Nothing was written" in capsys.readouterr().out
    assert places() == before


def test_what_does_not_fit_together_is_refused(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sync", "--watch", "--full", "--dsn", service]) == 2
    assert cli.main(["sync", "--full", "--since", "2026-01-01", "--dsn", service]) == 2
    assert cli.main(["sync", "--once", "--entity", "nonsense", "--dsn", service]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_without_a_server_nothing_is_asked_for(
    service: str, admin: Raw, capsys: pytest.CaptureFixture[str]
) -> None:
    """A request left behind would read everything as soon as somebody enters a server."""
    admin.execute("UPDATE legacy.server SET is_active = false")
    before = admin.execute("SELECT count(*) FROM legacy.run").fetchone()
    try:
        assert cli.main(["sync", "--dsn", service]) == 3
        assert "no server" in capsys.readouterr().err
        assert admin.execute("SELECT count(*) FROM legacy.run").fetchone() == before
        assert cli.main(["legacy", "tables", "--dsn", service]) == 3
        assert cli.main(["legacy", "tables", "--server", "nowhere", "--dsn", service]) == 3
    finally:
        admin.execute("UPDATE legacy.server SET is_active = true")
    assert "'nowhere'" in capsys.readouterr().err


def test_numbers_of_rows_are_not_negative(service: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["legacy", "browse", "Belege", "--top", "-1", "--dsn", service])
    assert ended.value.code == 2


def test_a_server_that_is_away_is_told(
    service: str, server: FourDServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.legacy.client.PAUSES_S", (0.01,))
    server.stop()
    assert cli.main(["sync", "--full", "--entity", "category", "--entity", "family", "--dsn", service]) == 1
    assert capsys.readouterr().err.rstrip().splitlines()[-1].count("cannot be reached") == 1


def test_without_the_key_it_says_who_can_help(
    as_role: Callable[[str], Database],
    role_dsn: Callable[[str], str],
    admin: Raw,
    service: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    admin.execute("SELECT sec.user_create('s_keyless', 'Sync', %s, ARRAY['sync'])", (PASSWORD,))
    assert cli.main(["sync", "--once", "--dsn", role_dsn("s_keyless")]) == 3
    assert sum("key" in line for line in capsys.readouterr().err.splitlines()) == 1  # said once
    assert cli.main(["legacy", "key", "--dsn", role_dsn("s_keyless")]) == 1
    assert "fingerprint" in capsys.readouterr().err
    assert cli.main(["legacy", "key", "--give", "--dsn", service]) == 0
    assert "Given to s_keyless" in capsys.readouterr().out
    assert cli.main(["legacy", "tables", "Kunden", "--dsn", role_dsn("s_keyless")]) == 0
    assert "KundenNr" in capsys.readouterr().out


def test_looking_into_the_old_system(
    service: str, admin: Raw, server: FourDServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = add_server(admin, server.url)
    assert cli.main(["legacy", "tables", "--json", "--dsn", service]) == 0
    tables = {one["name"]: one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    assert tables["Belege"]["rows"] == len(server.data["Belege"])
    browse = ["legacy", "browse", "Belege", "--json", "--dsn", service]
    assert cli.main([*browse, "--where", "Papierart=R", "--where", "Datum>=1993-01-01", "--top", "5"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 5
    assert all(row["Papierart"] == "R" and row["Datum"] >= "1993" for row in rows)
    assert cli.main([*browse, "--where", "Papierart=x' or 'a' = 'a"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main([*browse, "--where", "Gibtsnicht=1"]) == 2
    assert cli.main([*browse, "--where", "Datum>=gestern"]) == 2
    file = tmp_path / "pos.csv"
    assert cli.main(["legacy", "export", "Belege_Pos", str(file), "--dsn", service]) == 0
    assert len(file.read_text("utf-8").splitlines()) > len(server.data["Belege_Pos"])
    assert cli.main(["legacy", "export", "Belege_Pos", str(tmp_path / "pos.doc"), "--dsn", service]) == 2
    words = tmp_path / "dictionary.md"
    asked = [
        "legacy",
        "dictionary",
        str(words),
        "--tables",
        "Belege,Kunden",
        "--lang",
        "en",
        "--dsn",
        service,
    ]
    assert cli.main(asked) == 0
    assert "## Kunden" in words.read_text("utf-8")
    assert server.counters.sessions_opened == opened(admin, number) == 1


def test_whoever_leads_and_does_not_answer_is_named(
    service: str,
    as_role: Callable[[str], Database],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.services.legacy.browse.PATIENCE_S", 0.5)
    leads = leader_of(as_role("administrator"), "the-old-laptop")
    assert cli.main(["legacy", "tables", "--dsn", service]) == 1
    assert "the-old-laptop" in capsys.readouterr().err
    leads.release()


def test_while_somebody_else_leads_no_other_server_is_read_and_what_had_not_begun_is_taken_back(
    service: str,
    as_role: Callable[[str], Database],
    admin: Raw,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handlers: dict[int, Callable[..., object]] = {}
    monkeypatch.setattr(signal, "signal", lambda which, handler: handlers.update({which: handler}))
    before = admin.execute("SELECT max(id) FROM legacy.run").fetchone()
    leads = leader_of(as_role("administrator"), "the-old-laptop")
    assert cli.main(["sync", "--server", "live", "--dsn", service]) == 1
    assert "the-old-laptop" in capsys.readouterr().err
    assert cli.main(["sync", "--server", "nonsense", "--dsn", service]) == 3
    assert admin.execute("SELECT max(id) FROM legacy.run").fetchone() == before
    monkeypatch.setattr(Teller, "next", lambda _self: handlers[signal.SIGTERM]())
    assert cli.main(["sync", "--entity", "category", "--dsn", service]) == 130
    assert "asked for no more" in capsys.readouterr().err
    assert admin.execute("SELECT state FROM legacy.run ORDER BY id DESC LIMIT 1").fetchone() == ("cancelled",)
    leads.release()


@pytest.mark.parametrize("where", ["database", "environment", "store"])
def test_the_password_of_a_server_that_asks_for_one(
    service: str,
    role_dsn: Callable[[str], str],
    server: FourDServer,
    admin: Raw,
    where: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.quirks.login = "leser:geheim"
    kept: dict[tuple[str, str], str] = {}
    monkeypatch.setattr("app.commands.legacy.ask_password", lambda *_user: "geheim")
    monkeypatch.setattr("app.core.credentials._memory", kept)
    admin.execute("UPDATE legacy.server SET username = 'leser'")
    try:
        assert cli.main(["legacy", "tables", "Kunden", "--dsn", service]) == 1
        assert "sign-in" in capsys.readouterr().err
        if where == "environment":
            monkeypatch.setenv("WERKBANK_LEGACY_PASSWORD", "geheim")
        elif where == "store":
            kept[server.url, "leser"] = "geheim"
        else:
            assert cli.main(["legacy", "password", "--dsn", role_dsn("administrator")]) == 0
            stored = admin.execute("SELECT password_sealed FROM legacy.server_secret").fetchone()
            assert stored is not None
            assert b"geheim" not in stored[0]
        assert cli.main(["legacy", "tables", "Kunden", "--dsn", service]) == 0
    finally:
        admin.execute("UPDATE legacy.server SET username = ''")


@pytest.mark.usefixtures("service")  # who has made the key of the house already
def test_a_login_for_the_service(
    cluster: Cluster, admin_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cluster.template
    made = ["db", "sync-user", "--login", "s_made", "--admin-dsn", admin_dsn]
    assert cli.main(made) == 0
    address = capsys.readouterr().out.strip()
    assert cli.main(["legacy", "key", "--dsn", address]) == 1
    assert "waits to be given the key" in capsys.readouterr().err
    assert cli.main(made) == 0
    renewed = capsys.readouterr().out.strip()
    assert renewed != address
    assert cli.main(["legacy", "key", "--dsn", address]) == 1
    assert cli.main(["legacy", "key", "--dsn", renewed]) == 1
    assert "--fresh" in capsys.readouterr().err
    assert cli.main(["legacy", "key", "--fresh", "--dsn", renewed]) == 1
    assert "waits to be given the key" in capsys.readouterr().err
    assert cli.main([*made[:2], "--login", "u_made", *made[4:]]) == 2


def test_the_service_signs_in_again_by_itself_and_ends_when_told(
    service: str, server: FourDServer, admin: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its session is ended at the server, somebody asks for a run, it is told to stop: nothing is left behind."""
    number = add_server(admin, server.url)
    handlers: dict[int, Callable[..., object]] = {}
    monkeypatch.setattr(signal, "signal", lambda which, handler: handlers.update({which: handler}))
    monkeypatch.setattr("app.services.legacy.engine.ASK_S", 10_000.0)
    said: queue.Queue[LegacyStatus] = queue.Queue()
    tell = Teller.told

    def told(teller: Teller, status: LegacyStatus) -> None:
        said.put(status)
        tell(teller, status)

    monkeypatch.setattr(Teller, "told", told)

    def until(state: str) -> LegacyStatus:
        while (status := said.get(timeout=60)).state != state:
            pass
        return status

    codes: list[int] = []
    running = threading.Thread(target=lambda: codes.append(cli.main(["sync", "--watch", "--dsn", service])))
    running.start()
    try:
        assert until("idle").leading
        admin.execute("SELECT sec.sessions_end(%s, 'test')", (SERVICE,))
        until("off")
        expire(admin)
        assert until("idle").leading
    finally:
        handlers[signal.SIGTERM]()
        running.join(60)
    assert codes == [0]
    assert server.counters.sessions_opened == opened(admin, number) == 1
    free = admin.execute(
        "SELECT until_at <= clock_timestamp() FROM legacy.lease WHERE name = 'sync'"
    ).fetchone()
    assert free == (True,)


def test_a_run_stopped_by_hand_is_gone_on_with_by_the_next(
    service: str,
    server: FourDServer,
    admin: Raw,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handlers: dict[int, Callable[..., object]] = {}
    monkeypatch.setattr(signal, "signal", lambda which, handler: handlers.update({which: handler}))
    stopped = threading.Event()

    def stop(request: Request) -> None:
        if "/Stamm_Lagerorte" in request.path and "$orderby" in request.target and not stopped.is_set():
            stopped.set()
            handlers[signal.SIGINT]()

    server.before = stop
    asked = ["sync", "--full", "--entity", "warehouse", "--entity", "place", "--dsn", service]
    assert cli.main(asked) == 130
    assert stopped.is_set()
    assert "goes on with it" in capsys.readouterr().err
    assert cli.main(["sync", "--entity", "category", "--dsn", service]) == 0
    states = admin.execute("SELECT DISTINCT state FROM legacy.run").fetchall()
    assert not {("running",), ("interrupted",), ("waiting",)} & set(states)
    places = admin.execute(
        """SELECT count(*) FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id WHERE e.code = 'place'"""
    ).fetchone()
    assert places == (len(server.data["Stamm_Lagerorte"]),)
