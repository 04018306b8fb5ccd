"""A c-ares channel that keeps nothing: what is kept, and for how long, is the resolver's affair.

c-ares has a cache of its own since 1.31: an answer for its TTL, a denial for the minimum in the
zone's SOA, "no address" likewise, up to an hour each. pycares 5.2 has no parameter for it, nor for
the longest wait of one try, so the channel is made here the way its constructor makes it. The
numbers are those of c-ares' ares.h, which promises not to change them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pycares
from pycares import _shutdown_manager
from pycares._cares import ffi, lib

OPT_MAX_TIMEOUT_MS = 1 << 20
OPT_QUERY_CACHE = 1 << 21
# Until it is known how quickly a name server answers.
FIRST_TRY_MS = 2000


class LookUpChannel(pycares.Channel):
    """Asks the machine's name servers, or `servers` ("127.0.0.1:5353"), each time anew.

    Of the machine: /etc/hosts, name servers, `search` and `ndots` of /etc/resolv.conf, which is
    watched for changes. `domains` stand in for its search list.
    """

    def __init__(
        self,
        *,
        servers: Sequence[str] = (),
        domains: Sequence[str] | None = None,
        ndots: int | None = None,
        longest_try_seconds: float,
        tries: int,
    ) -> None:
        self._channel = None  # What the destructor looks at, should this fail.
        self._lock = threading.RLock()
        self._flags = 0
        self._sock_state_cb_handle = None
        options = ffi.new("struct ares_options *")
        options.flags = self._flags
        options.timeout = FIRST_TRY_MS
        options.maxtimeout = int(longest_try_seconds * 1000)
        options.tries = tries
        options.qcache_max_ttl = 0
        options.evsys = lib.ARES_EVSYS_DEFAULT
        mask = lib.ARES_OPT_FLAGS | lib.ARES_OPT_TIMEOUTMS | lib.ARES_OPT_TRIES
        mask |= lib.ARES_OPT_EVENT_THREAD | OPT_MAX_TIMEOUT_MS | OPT_QUERY_CACHE
        if ndots is not None:
            options.ndots = ndots
            mask |= lib.ARES_OPT_NDOTS
        if domains is not None:
            texts = [ffi.new("char[]", domain.encode()) for domain in domains]
            listed = ffi.new("char *[]", texts)
            options.domains, options.ndomains = listed, len(texts)
            mask |= lib.ARES_OPT_DOMAINS
        channel = ffi.new("ares_channel *")
        status = lib.ares_init_options(channel, options, mask)
        if status != lib.ARES_SUCCESS:
            raise pycares.AresError(status, pycares.errno.strerror(status))
        self._channel = channel
        if servers:
            self.servers = list(servers)
        _shutdown_manager.start()
