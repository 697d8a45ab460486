"""Orders to a running simulator, one a line: what tests do by calling, a person or another process does by typing."""

import json
from random import Random
from typing import get_args

from app.simulate.bustle import bustle
from app.simulate.fourd import FourDServer
from app.simulate.peer import Peer
from app.simulate.quirks import Fault

HELP = """\
NAME or NAME=VALUE            switch a quirk
fail FAULT… [at PART]         let the next answers go wrong (500 503 html cut hang close empty), those of an address
counters                      what has been seen so far
advance SECONDS               jump the simulator's clock
restart                       start the server again: sessions are forgotten
stop | start                  close the door, open it again
occupy COUNT [SECONDS]        4d: people take licences
leave                         4d: they go home
bustle [COUNT]                4d: somebody changes, adds or deletes something
quit                          end"""


class UnknownOrderError(Exception):
    """Nobody knows what was meant."""


def obey(peer: Peer, line: str, chance: Random) -> str:
    """Carry out one order; the answer is one line.  ``quit`` raises KeyboardInterrupt, as Ctrl+C does."""
    word, *rest = line.split()
    try:
        if word in {"quit", "exit"}:
            raise KeyboardInterrupt
        if word == "help":
            return HELP
        if word == "counters":
            if isinstance(peer, FourDServer):
                peer.sessions.alive()  # those that have ended meanwhile are gone
            return json.dumps(peer.counters.as_dict(), sort_keys=True)
        if word == "advance":
            peer.clock.advance(float(rest[0]))
        elif word == "fail":
            _fail(peer, rest)
        elif word in {"stop", "start"}:
            (peer.stop if word == "stop" else peer.start)()
        elif isinstance(peer, FourDServer) and word in _LEGACY:
            return _legacy(peer, word, rest, chance)
        else:
            peer.quirks.set(line.strip())
    except (ValueError, IndexError) as error:
        raise UnknownOrderError(
            str(error) if isinstance(error, ValueError) else f"{word} needs more"
        ) from error
    return "ok"


_LEGACY = {"restart", "occupy", "leave", "bustle"}


def _fail(peer: Peer, rest: list[str]) -> None:
    where = ""
    if "at" in rest:
        place = rest.index("at")
        rest, where = rest[:place], rest[place + 1]
    known: dict[str, Fault] = {str(one): one for one in get_args(Fault)}
    if not rest or any(one not in known for one in rest):
        raise ValueError(f"faults are: {', '.join(known)}")
    peer.fail(*(known[one] for one in rest), where=where)


def _legacy(peer: FourDServer, word: str, rest: list[str], chance: Random) -> str:
    if word == "restart":
        peer.restart()
    elif word == "leave":
        peer.leave()
    elif word == "occupy":
        peer.occupy(int(rest[0]), float(rest[1]) if len(rest) > 1 else 10**9)
    else:
        return "; ".join(bustle(peer, chance) for _ in range(int(rest[0]) if rest else 1))
    return "ok"
