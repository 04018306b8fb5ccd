"""How many connections are kept: one for each of many servers, if a process may open so many."""

from __future__ import annotations

import contextlib

# One with TLS takes some 80 KB; making it anew takes a round trip or two and a millisecond of CPU.
# What was not used for two minutes is closed.
MOST_KEPT = 2048
# For those under way, which may take three more files each, the database, and what else there is.
FOR_THE_REST = 1024


def connections_to_keep() -> int:
    """As many as the limit on open files leaves room for; it is raised to what may be had."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit.
        return MOST_KEPT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_KEPT + FOR_THE_REST
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            soft = allowed
    has = wanted if soft == resource.RLIM_INFINITY else soft
    return min(MOST_KEPT, max(has - FOR_THE_REST, has // 2))
