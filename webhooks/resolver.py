"""Name look-ups that cannot hold each other up: c-ares on its own thread, answers kept by TTL.

libcurl's own resolver is a pool of 20 threads: that many hanging names starve every other look-up.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import pycares

SHORTEST_TTL_SECONDS = 1
LONGEST_TTL_SECONDS = 300
# After quick answers c-ares gives the next a quarter of a second, and twice as long with each try.
# With its usual three tries a name that takes two seconds would count as unanswered; with so many
# a name server has the ten seconds of an attempt.
TRIES = 6
MOST_NAMES = 10_000

# What is wrong, as the end of "The name … ".
_ERRORS = {
    pycares.errno.ARES_ENOTFOUND: "does not exist.",
    pycares.errno.ARES_ENODATA: "has no address.",
    pycares.errno.ARES_ETIMEOUT: "could not be looked up: its name server did not answer.",
    pycares.errno.ARES_ESERVFAIL: "could not be looked up: its name server failed.",
    pycares.errno.ARES_EREFUSED: "could not be looked up: its name server refused to answer.",
    pycares.errno.ARES_ECONNREFUSED: "could not be looked up: no name server can be reached.",
    pycares.errno.ARES_EBADNAME: "is not a valid host name.",
}

# Called with the addresses, or with none and the end of "The name …". On any thread.
Answer = Callable[[Sequence[str], str], None]


class Resolver:
    """Looks names up. One per process; every method may be called from any thread."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        """`servers` ("127.0.0.1:5353") instead of the system's name servers."""
        self._channel = pycares.Channel(
            flags=pycares.ARES_FLAG_NOSEARCH,
            timeout=2.0,
            tries=TRIES,
            servers=list(servers) or None,
        )
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, list[str]]] = OrderedDict()
        self._waiting: dict[str, list[Answer]] = {}

    def look_up(self, name: str, answer: Answer) -> None:
        """Call `answer` with the addresses of `name`, at once when they are known still.

        Two that ask for the same name share one look-up. Failures are not kept.
        """
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and kept[0] > time.monotonic():
                addresses = kept[1]
            else:
                addresses = []
                waiting = self._waiting.get(name)
                if waiting is not None:
                    waiting.append(answer)
                    return
                self._waiting[name] = [answer]
        if addresses:
            answer(addresses, "")
            return

        def done(result: pycares.AddrInfoResult | None, error: int | None) -> None:
            self._answered(name, result, error)

        try:
            self._channel.getaddrinfo(name, None, callback=done)
        except (pycares.AresError, UnicodeError, ValueError):
            self._answered(name, None, pycares.errno.ARES_EBADNAME)

    def _answered(
        self, name: str, result: pycares.AddrInfoResult | None, error: int | None
    ) -> None:
        addresses: list[str] = []
        sentence, ttl = "", 0
        if error is None and result is not None:
            for node in result.nodes:
                address = node.addr[0]
                text = address.decode() if isinstance(address, bytes) else address
                if text not in addresses:
                    addresses.append(text)
            ttl = min((node.ttl for node in result.nodes), default=0)
        if not addresses:
            sentence = _ERRORS.get(
                error or pycares.errno.ARES_ENODATA,
                f"could not be looked up ({pycares.errno.errorcode.get(error or 0, error)}).",
            )
        with self._lock:
            waiting = self._waiting.pop(name, [])
            if addresses:
                kept_seconds = min(max(ttl, SHORTEST_TTL_SECONDS), LONGEST_TTL_SECONDS)
                self._kept[name] = (time.monotonic() + kept_seconds, addresses)
                self._kept.move_to_end(name)
                while len(self._kept) > MOST_NAMES:
                    self._kept.popitem(last=False)
        for answer in waiting:
            answer(addresses, sentence)

    def prefer(self, name: str, address: str) -> None:
        """`address` of `name` answered: give it first from now on."""
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and address in kept[1] and kept[1][0] != address:
                others = [other for other in kept[1] if other != address]
                self._kept[name] = (kept[0], [address, *others])

    def close(self) -> None:
        self._channel.close()
