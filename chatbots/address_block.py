"""Whom an address is counted for: one visitor has one IPv4 address, or a whole /64 of IPv6.

A household or a rented server gets 2^64 addresses and takes a new one for each request (RFC 6177:
an end site gets a /64 at the least).
"""

from __future__ import annotations

import ipaddress
import re

IPV6_PREFIX = 64
# Some proxies put the port behind the address, which is another one for each connection.
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+")


def block_of(address: str) -> str:
    """What requests from `address` are counted as; what is no address, as it is."""
    found = _WITH_PORT.fullmatch(address)
    bare = (found[1] or found[2]) if found else address
    try:
        parsed = ipaddress.ip_address(bare)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
