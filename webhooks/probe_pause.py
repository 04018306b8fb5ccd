"""How long what is held back is left alone between two probes. Pure: knows no Django."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from webhooks import address_policy, private_names


class Pauses(NamedTuple):
    """Seconds before the first probe, and before each later one at most."""

    first: int
    longest: int


USUAL: Final = Pauses(10, 600)
# Whoever tries something out on their own machine starts their receiver anew, and looks.
NEAR: Final = Pauses(1, 2)


def pauses(address: str, *, in_sandbox: bool) -> Pauses:
    """The pauses for what leads to `address`, the URL of a webhook or the origin of a server: short
    in the sandbox for this machine and its private network."""
    return NEAR if in_sandbox and _is_near(urlsplit(address).hostname or "") else USUAL


def _is_near(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return private_names.is_private(host)
    _, is_own = address_policy.special(address)
    return is_own
