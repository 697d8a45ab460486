"""``werkbank simulate 4d|images``: peers to test, train and show against."""

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from app.commands import MISSING, USAGE, CommandError, Commands, add_command, say

if TYPE_CHECKING:
    from app.simulate.peer import Peer

PORTS = {"4d": 8090, "images": 8091}


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    group = commands.add_parser(
        "simulate", help="run a made-up legacy server to test, train and show against"
    )
    peers = group.add_subparsers(title="peers", metavar="PEER", required=True)
    fourd = add_command(peers, "4d", "a 4D REST server with thirty years of invented business", _simulate)
    images = add_command(peers, "images", "a service of product pictures", _simulate)
    for kind, parser in (("4d", fourd), ("images", images)):
        parser.set_defaults(peer=kind)
        parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen")
        parser.add_argument(
            "--port",
            type=int,
            default=PORTS[kind],
            metavar="N",
            help=f"default {PORTS[kind]}; 0 for a free one",
        )
        parser.add_argument(
            "--size", choices=("small", "full"), default="full", help="a few hundred rows, or a whole house"
        )
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same number, the same data")
        parser.add_argument(
            "--quirk",
            action="append",
            default=[],
            metavar="NAME[=VALUE]",
            help="a bad habit; may be repeated",
        )
        parser.add_argument("--json", action="store_true", help="say address and counters as JSON")
    fourd.add_argument(
        "--bustle", type=float, default=0, metavar="SECONDS", help="somebody changes something every so often"
    )
    images.add_argument("--user", default="pictures", help="name to sign in with")
    images.add_argument("--password", default="pictures", help="password to sign in with")
    images.add_argument(
        "--tls",
        type=Path,
        metavar="FILE",
        help="speak TLS; the authority's certificate is written to this file",
    )


def _simulate(arguments: argparse.Namespace) -> int:
    from app.simulate.bustle import bustle
    from app.simulate.fourd import FourDServer

    if not 0 <= arguments.port <= 65_535:
        raise CommandError(f"there is no port {arguments.port}", USAGE)
    if getattr(arguments, "bustle", 0) < 0:
        raise CommandError("--bustle is a number of seconds, 0 or more", USAGE)
    peer, told = _make(arguments)
    try:
        peer.start()
    except OSError as error:
        raise CommandError(
            f"port {arguments.port} of {arguments.host} cannot be used: {error.strerror}", MISSING
        ) from error
    told = {"url": peer.url, **told}
    if arguments.json:
        print(json.dumps(told), flush=True)
    else:
        print("\n".join(f"{name}: {value}" for name, value in told.items()), flush=True)
        say("Orders are read from here (help shows them); Ctrl+C ends.")
    chance = Random(arguments.seed)  # noqa: S311  (repeatable on purpose)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    threading.Thread(target=_listen, args=(peer, chance, ended), daemon=True).start()
    pause = getattr(arguments, "bustle", 0)
    due = time.monotonic() + pause
    try:
        while not ended.wait(0.2):
            if pause and isinstance(peer, FourDServer) and time.monotonic() >= due:
                say(bustle(peer, chance))
                due += pause
    except KeyboardInterrupt:
        pass
    peer.stop()
    if arguments.json:
        print(json.dumps({"counters": peer.counters.as_dict()}), flush=True)
    return 0


def _make(arguments: argparse.Namespace) -> "tuple[Peer, dict[str, str | int]]":
    from app.simulate.data import make
    from app.simulate.fourd import FourDServer
    from app.simulate.images import LIST, ImageServer
    from app.simulate.quirks import Quirks

    quirks = Quirks(seed=arguments.seed)
    try:
        for one in arguments.quirk:
            quirks.set(one)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from error
    house = make(arguments.size, arguments.seed)
    if arguments.peer == "4d":
        rows = sum(len(table) for table in house.tables.tables.values())
        return FourDServer(house, quirks, host=arguments.host, port=arguments.port), {
            "tables": len(house.tables.tables),
            "rows": rows,
        }
    certificate = None
    told: dict[str, str | int] = {"list": LIST, "user": arguments.user, "password": arguments.password}
    if arguments.tls:
        from app.simulate.tls import make_certificate

        certificate = make_certificate((arguments.host, "127.0.0.1", "localhost"))
        try:
            arguments.tls.write_text(certificate.authority, encoding="ascii")
        except OSError as error:
            raise CommandError(f"{arguments.tls} cannot be written: {error.strerror}", MISSING) from error
        told["authority"] = str(arguments.tls)
    server = ImageServer(
        house,
        quirks,
        host=arguments.host,
        port=arguments.port,
        username=arguments.user,
        password=arguments.password,
        certificate=certificate,
    )
    return server, told | {"records": len(server.records)}


def _listen(peer: "Peer", chance: Random, ended: threading.Event) -> None:
    """Orders typed at the terminal, or sent by the process that started this one."""
    from app.simulate.console import UnknownOrderError, obey

    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            print(obey(peer, line, chance), flush=True)
        except UnknownOrderError as error:
            print(f"error: {error}", flush=True)
        except KeyboardInterrupt:
            ended.set()
            return
