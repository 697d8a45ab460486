"""T-18: on a server that demands it, nothing travels in the clear, and nobody is taken for a server he is not."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.core import paths
from app.core.db import Target
from app.core.embedded import dsn
from app.core.server_programs import give, run, server_account
from tests.conftest import Cluster

# The server that comes with the program is for one machine and cannot encrypt; Debian's can.
PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), None)
pytestmark = pytest.mark.skipif(
    PROGRAMS is None or shutil.which("openssl") is None, reason="needs Debian's PostgreSQL and openssl"
)
PASSWORD = "a long phrase for tests"


def certificate(folder: Path, name: str, host: str, signer: str = "") -> None:
    """An authority of its own, or a server's certificate signed by one."""
    key, made = folder / f"{name}.key", folder / f"{name}.crt"
    new = [
        "openssl",
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        str(key),
        "-subj",
        f"/CN={host}",
    ]
    if not signer:
        subprocess.run([*new, "-x509", "-days", "2", "-out", str(made)], check=True, capture_output=True)
        return
    request, names = folder / f"{name}.csr", folder / f"{name}.ext"
    names.write_text(f"subjectAltName=DNS:{host}\n")
    subprocess.run([*new, "-out", str(request)], check=True, capture_output=True)
    sign = [
        "openssl",
        "x509",
        "-req",
        "-days",
        "2",
        "-in",
        str(request),
        "-out",
        str(made),
        "-extfile",
        str(names),
    ]
    by = ["-CA", str(folder / f"{signer}.crt"), "-CAkey", str(folder / f"{signer}.key"), "-CAcreateserial"]
    subprocess.run([*sign, *by], check=True, capture_output=True)


@pytest.fixture(scope="module")
def folder(cluster: Cluster) -> Iterator[Path]:
    """Where a server's account may look, with two authorities and a certificate for `localhost`."""
    assert cluster.template
    found = (paths.server_side() if server_account() else paths.home()) / "encrypted"
    found.mkdir(parents=True)
    found.chmod(0o711)
    certificate(found, "ours", "Our House")
    certificate(found, "theirs", "Somebody Else")
    certificate(found, "server", "localhost", "ours")
    yield found
    shutil.rmtree(found)


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """A server that lets people in by TLS only, as docs/admin/server.md has it."""
    assert PROGRAMS is not None
    from app.core.embedded import _free_port

    account, data, port = server_account(), folder / "data", _free_port()
    data.mkdir(mode=0o700)
    give(data, account)
    secret = folder / "password"
    secret.write_text(PASSWORD)
    give(secret, account)
    run(
        [
            str(PROGRAMS / "initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            f"--pwfile={secret}",
        ],
        account,
        keep_output=True,
    )
    for name in ("server.key", "server.crt"):
        shutil.copy(folder / name, data / name)
        (data / name).chmod(0o600)
        give(data / name, account)
    settings = data / "postgresql.conf"
    settings.write_text(
        settings.read_text("utf-8")
        + f"\nport = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nssl = on\n"
        "ssl_min_protocol_version = 'TLSv1.2'\n",
        "utf-8",
    )
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n", "utf-8")
    pg_ctl = [str(PROGRAMS / "pg_ctl"), "-D", str(data), "-w"]
    run([*pg_ctl, "-l", str(data / "start.log"), "start"], account, keep_output=False)
    yield port
    run([*pg_ctl, "-m", "immediate", "stop"], account, keep_output=False)


def connect(port: int, settings: str, host: str = "localhost") -> str:
    """How the connection is encrypted, or why there is none."""
    address = dsn(port, "postgres", "postgres", PASSWORD, host=host, settings=settings)
    try:
        with psycopg.connect(address, connect_timeout=10) as connection:
            row = connection.execute(
                "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            ).fetchone()
    except psycopg.OperationalError as error:
        return str(error)
    return str(row and row[0])


def test_the_right_server_is_reached_encrypted(port: int, folder: Path) -> None:
    asked = f"sslmode=verify-full&sslrootcert={folder}/ours.crt&channel_binding=require&require_auth=scram-sha-256"
    assert connect(port, asked).startswith("TLSv1.")


@pytest.mark.parametrize(
    ("settings", "host", "reason"),
    [
        ("sslmode=disable", "localhost", "no encryption"),
        ("sslmode=verify-full&sslrootcert={folder}/theirs.crt", "localhost", "certificate verify failed"),
        ("sslmode=verify-full&sslrootcert={folder}/ours.crt", "127.0.0.1", "does not match host name"),
        ("sslmode=require&ssl_max_protocol_version=TLSv1.1&ssl_min_protocol_version=TLSv1", "localhost", ""),
        (
            "sslmode=verify-full&sslrootcert={folder}/ours.crt&require_auth=password",
            "localhost",
            "authentication",
        ),
    ],
    ids=["plain", "wrong authority", "wrong host", "old protocol", "password in the clear"],
)
def test_every_other_way_ends_before_a_password_is_sent(
    port: int, folder: Path, settings: str, host: str, reason: str
) -> None:
    said = connect(port, settings.format(folder=folder), host)
    assert "connection" in said
    assert reason in said
    assert not said.startswith("TLS")


def test_the_program_asks_for_the_right_server_unless_told_otherwise() -> None:
    arguments = Target("db.example.org", 5432, "werkbank", "u_x").connect_args()
    assert (arguments["sslmode"], arguments["channel_binding"]) == ("verify-full", "require")
