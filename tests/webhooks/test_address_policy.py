"""Every special range of the IANA registries is refused, to its last address; the rest is public.

The ranges are copied from the registries (iana-ipv4-special-registry, iana-ipv6-special-registry,
multicast-addresses), not from the code: both have to agree.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.address_policy import AddressPolicy, effective

PUBLIC_ONLY = AddressPolicy()
SANDBOX = AddressPolicy(own_networks=True)

OWN = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
]
NEVER = [
    "0.0.0.0/8",
    "169.254.0.0/16",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "168.63.129.16/32",  # Not IANA's: Azure's metadata and DNS.
    "100.100.100.200/32",  # Alibaba Cloud's metadata, in the carriers' range.
    "fd00:ec2::254/128",  # Amazon's metadata by IPv6, in the private range.
    "fd20:ce::254/128",  # Google's.
    "::/128",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]
# One before and one after each range that has public neighbours.
NEIGHBOURS = [
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.31.195.255",
    "192.31.197.0",
    "192.52.192.255",
    "192.52.194.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "192.175.47.255",
    "192.175.49.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:200::",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2003::",
    "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
    "2620:4f:8001::",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff:1000::",
]
WELL_KNOWN = ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001::8a"]


def ends(network: str) -> list[str]:
    parsed = ip_network(network)
    return [str(parsed[0]), str(parsed[-1]), str(parsed[parsed.num_addresses // 2])]


@pytest.mark.parametrize("network", [*OWN, *NEVER])
def test_a_special_range_is_refused_from_first_to_last(network: str) -> None:
    for address in ends(network):
        assert PUBLIC_ONLY.refusal(address), address


@pytest.mark.parametrize("address", [*NEIGHBOURS, *WELL_KNOWN])
def test_the_neighbours_of_special_ranges_are_public(address: str) -> None:
    assert PUBLIC_ONLY.refusal(address) == ""
    assert SANDBOX.refusal(address) == ""


@pytest.mark.parametrize("network", OWN)
def test_the_sandbox_reaches_loopback_and_private_addresses(network: str) -> None:
    assert [SANDBOX.refusal(address) for address in ends(network)] == [""] * 3


@pytest.mark.parametrize("network", NEVER)
def test_the_sandbox_opens_nothing_else(network: str) -> None:
    for address in ends(network):
        assert SANDBOX.refusal(address), address


def in_networks(networks: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(networks).flatmap(
        lambda network: st.ip_addresses(network=ip_network(network)).map(str)
    )


@given(in_networks([*OWN, *NEVER]))
def test_nothing_within_a_special_range_is_public(address: str) -> None:
    assert PUBLIC_ONLY.refusal(address)


SPECIAL_V4 = [ip_network(network) for network in [*OWN, *NEVER] if ":" not in network]
SPECIAL_V6 = [ip_network(network) for network in [*OWN, *NEVER] if ":" in network]


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_public_if_and_only_if_no_registry_has_it(address: IPv4Address) -> None:
    expected = not any(address in network for network in SPECIAL_V4)
    assert (PUBLIC_ONLY.refusal(address) == "") is expected


@given(st.ip_addresses(network="2000::/3"))
def test_a_global_unicast_address_is_public_unless_a_registry_has_it(address: IPv6Address) -> None:
    expected = not any(address in network for network in SPECIAL_V6)
    assert (PUBLIC_ONLY.refusal(address) == "") is expected


@given(st.ip_addresses(v=6))
def test_what_is_not_global_unicast_and_carries_no_ipv4_address_is_refused(
    address: IPv6Address,
) -> None:
    if address not in IPv6Network("2000::/3") and effective(address) is address:
        assert PUBLIC_ONLY.refusal(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_the_same_in_an_ipv6_coat(address: IPv4Address) -> None:
    mapped = IPv6Address(0xFFFF << 32 | int(address))
    nat64 = IPv6Address(int(IPv6Address("64:ff9b::")) | int(address))
    for policy in (PUBLIC_ONLY, SANDBOX):
        assert policy.refusal(mapped) == policy.refusal(nat64) == policy.refusal(address)


@given(st.ip_addresses(v=4))
def test_tunnels_and_old_coats_of_ipv4_addresses_are_always_refused(address: IPv4Address) -> None:
    inside = int(address)
    coats = [
        IPv6Address(0x2002 << 112 | inside << 80 | 1),  # 6to4
        IPv6Address(0x20010000 << 96 | (inside ^ 0xFFFFFFFF)),  # Teredo, the client's address
        IPv6Address(0x20010000 << 96 | inside << 64),  # Teredo, the server's address
        IPv6Address(0xFFFF << 48 | inside),  # IPv4-translated (SIIT)
        IPv6Address(int(IPv6Address("64:ff9b:1::")) | inside),  # local-use NAT64
    ]
    if inside > 1:  # ::1 is loopback, not 0.0.0.1 in an IPv4-compatible coat.
        coats.append(IPv6Address(inside))
    for coat in coats:
        assert PUBLIC_ONLY.refusal(coat), coat
        assert SANDBOX.refusal(coat), coat


@pytest.mark.parametrize(
    "address", ["fe80::1%eth0", "fe80::1%1", "::1%lo", "2606:4700:4700::1111%eth0"]
)
def test_an_address_with_a_zone_is_refused(address: str) -> None:
    for policy in (PUBLIC_ONLY, SANDBOX, AddressPolicy(allowed=(IPv6Network("::/0"),))):
        assert "zone" in policy.refusal(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "::1 "]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert PUBLIC_ONLY.refusal(text) == SANDBOX.refusal(text) == "not an address"


def test_an_allowed_network_is_reached_and_its_neighbours_are_not() -> None:
    policy = AddressPolicy(allowed=(ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")))
    for address in ("10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3", "fd00:1::", "fd00:1:ffff::1"):
        assert policy.refusal(address) == "", address
    for address in ("10.0.255.255", "10.2.0.0", "127.0.0.1", "::ffff:10.2.0.0", "fd00:2::", "::1"):
        assert policy.refusal(address), address


def test_an_allowed_network_may_be_one_that_is_never_public_otherwise() -> None:
    policy = AddressPolicy(allowed=(ip_network("169.254.169.254/32"),))
    assert policy.refusal("169.254.169.254") == ""
    assert policy.refusal("169.254.169.253")


def test_one_bad_address_among_good_ones_is_found() -> None:
    found = PUBLIC_ONLY.first_refusal(["8.8.8.8", "2606:4700::1", "127.0.0.1", "10.0.0.1"])
    assert found == ("127.0.0.1", "loopback")
    assert PUBLIC_ONLY.first_refusal(["8.8.8.8", "2606:4700::1"]) is None


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("192.168.1.1", "private"),
        ("169.254.169.254", "metadata"),
        ("224.0.0.1", "multicast"),
        ("203.0.113.9", "documentation"),
        ("fe80::1", "global unicast"),
    ],
)
def test_the_reason_says_what_the_address_is(address: str, word: str) -> None:
    assert word in PUBLIC_ONLY.refusal(ip_address(address))
