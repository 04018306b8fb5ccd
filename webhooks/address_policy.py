"""Which network addresses a webhook may reach. Pure: knows no Django and asks no name server.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries and the multicast registries. IPv6 is
the other way round: only global unicast (2000::/3) is public, less the special ranges in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What a sandbox, which runs beside the receiver it tests, may reach in addition.
OWN_NETWORKS: tuple[tuple[str, str], ...] = (
    ("127.0.0.0/8", "loopback"),
    ("::1/128", "loopback"),
    ("10.0.0.0/8", "private"),
    ("172.16.0.0/12", "private"),
    ("192.168.0.0/16", "private"),
    ("100.64.0.0/10", "shared by a carrier (private)"),
    ("fc00::/7", "private"),
)

# Also where they lie in one of these: who reads them has the rights of the machine.
NEVER: tuple[tuple[str, str], ...] = (
    ("100.100.100.200/32", "where a cloud keeps its metadata"),
    ("fd00:ec2::254/128", "where a cloud keeps its metadata"),
    ("fd20:ce::254/128", "where a cloud keeps its metadata"),
    ("0.0.0.0/8", "this network"),
    ("169.254.0.0/16", "link-local (where clouds keep their metadata)"),
    ("168.63.129.16/32", "a cloud's own service address"),
    ("192.0.0.0/24", "reserved for protocols"),
    ("192.0.2.0/24", "for documentation"),
    ("192.31.196.0/24", "reserved for AS112"),
    ("192.52.193.0/24", "reserved for AMT"),
    ("192.88.99.0/24", "a 6to4 relay"),
    ("192.175.48.0/24", "reserved for AS112"),
    ("198.18.0.0/15", "for benchmarks"),
    ("198.51.100.0/24", "for documentation"),
    ("203.0.113.0/24", "for documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved or broadcast"),
    ("2001::/23", "reserved for protocols"),
    ("2001:db8::/32", "for documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "reserved for AS112"),
    ("3fff::/20", "for documentation"),
)

_OWN = tuple((ip_network(network), name) for network, name in OWN_NETWORKS)
_NEVER = tuple((ip_network(network), name) for network, name in NEVER)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


def effective(address: Address) -> Address:
    """The address that packets to `address` end at: the IPv4 one inside a mapped or NAT64 form."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


@lru_cache(maxsize=4096)
def special(address: Address) -> tuple[str, bool]:
    """What `address` is, and whether it is of one's own network: ("loopback", True).

    ("", False) for a public address.
    """
    address = effective(address)
    for network, name in _NEVER:
        if address.version == network.version and address in network:
            return name, False
    for network, name in _OWN:
        if address.version == network.version and address in network:
            return name, True
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "not global unicast", False
    return "", False


@dataclass(frozen=True)
class AddressPolicy:
    """`own_networks`: loopback and private addresses are allowed; `allowed`: these are, always."""

    own_networks: bool = False
    allowed: tuple[Network, ...] = ()

    def refusal(self, address: str | Address) -> str:
        """Why `address` may not be reached, as the end of "… is"; "" when it may."""
        return _refusal(self, address) if isinstance(address, str) else self._refusal(address)

    def _refusal(self, address: Address) -> str:
        if isinstance(address, IPv6Address) and address.scope_id is not None:
            return "an address with a zone"
        target = effective(address)
        for network in self.allowed:
            if target.version == network.version and target in network:
                return ""
        name, own = special(address)
        return "" if own and self.own_networks else name

    def first_refusal(self, addresses: Sequence[str]) -> tuple[str, str] | None:
        """The first of `addresses` that may not be reached, with the reason; None if all may."""
        for address in addresses:
            reason = self.refusal(address)
            if reason:
                return address, reason
        return None


@lru_cache(maxsize=4096)
def _refusal(policy: AddressPolicy, text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return "not an address"
    return policy._refusal(address)
