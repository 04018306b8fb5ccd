"""Whom an address is counted for."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbots.address_block import block_of


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("8.8.8.8:51234", "8.8.8.8"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("2a01:4f8:1:2:3:4:5:6", "2a01:4f8:1:2::/64"),
        ("2A01:04F8:0001:0002::", "2a01:4f8:1:2::/64"),
        ("[2a01:4f8:1:2::6]:443", "2a01:4f8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", "unknown"),
        ("[x", "[x"),
        ("9999.1.1.1:80", "9999.1.1.1:80"),
    ],
)
def test_an_address_is_counted_as_its_block(address: str, block: str) -> None:
    assert block_of(address) == block


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_all_addresses_of_a_64_are_one(address: ipaddress.IPv6Address, host: int) -> None:
    if address.ipv4_mapped is None:
        other = ipaddress.IPv6Address((int(address) >> 64 << 64) + host)
        if other.ipv4_mapped is None:
            assert block_of(str(address)) == block_of(str(other))


@given(st.text())
def test_whatever_a_header_holds_has_a_block(text: str) -> None:
    assert isinstance(block_of(text), str)
