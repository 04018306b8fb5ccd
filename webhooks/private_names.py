"""Host names that are no public server's, by their spelling. Pure: knows no Django."""

from __future__ import annotations

from typing import Final

# RFC 6761 (but "example", which leads nowhere), RFC 6762, RFC 7686, RFC 8375, and ICANN's
# "internal".
RESERVED: Final = ("localhost", "local", "internal", "home.arpa", "onion", "test", "invalid")
# Nobody reserved these, and nobody can register them: RFC 6762, appendix G, and Kubernetes.
CUSTOMARY: Final = ("lan", "home", "corp", "intranet", "private", "svc")


def is_reserved(host: str) -> bool:
    """`host`, in small letters, has no dot or is under a name that is never public."""
    return "." not in host or _is_under(host, RESERVED)


def is_private(host: str) -> bool:
    """The same, or it is under a name that private networks use."""
    return is_reserved(host) or _is_under(host, CUSTOMARY)


def _is_under(host: str, suffixes: tuple[str, ...]) -> bool:
    return f".{host}".endswith(tuple(f".{suffix}" for suffix in suffixes))
