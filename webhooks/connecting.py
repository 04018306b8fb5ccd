"""What libcurl is told of where to connect to, as it wants to hear it. Pure: knows no libcurl.

libcurl begins with the first address, and every fraction of a second with the next one while the
others are still trying (RFC 8305); the first that accepts is taken. It begins with IPv6, always,
and goes on in turn, in the order given within each family.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

# After so long the next address is tried beside the others (RFC 8305, 8: 250 ms or less).
NEXT_ADDRESS_MS = 200
# All of them have been begun with after so long, however many there are.
ALL_BEGUN_MS = 2500
# With several addresses, a connection is given so long, TLS and all; then others have their turn.
FIRST_ROUND_SECONDS = 3.0
# The discard prefix's first (RFC 6666): no name may lead to it. What stands first and is refused a
# socket leaves IPv4 the first turn.
NOWHERE = "100::"


def bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@lru_cache(maxsize=4096)
def stand_in(addresses: tuple[str, ...]) -> str:
    """A name for these addresses, in whatever order: connections to them are kept under it.

    A name of its own, so that what libcurl keeps is true for every webhook, and a connection is not
    used any more once the host leads elsewhere.
    """
    digest = hashlib.sha256(",".join(sorted(addresses)).encode()).hexdigest()
    return f"{digest[:32]}.invalid"


def listed(addresses: Sequence[str]) -> str:
    """The addresses in the order in which libcurl is to try them, as CURLOPT_RESOLVE has them."""
    first_is_four = ":" not in addresses[0] and any(":" in one for one in addresses)
    return ",".join(map(bracketed, [NOWHERE, *addresses] if first_is_four else addresses))


def pace_ms(addresses: Sequence[str]) -> int:
    """How long until the next of these is tried beside the others."""
    return max(1, min(NEXT_ADDRESS_MS, ALL_BEGUN_MS // len(addresses)))
