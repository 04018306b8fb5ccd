"""Where a webhook may lead: the reading of its URL, and the present settings' rules for it.

The URL that is sent to is built from the parts read here, never from the text that was typed, so
that nothing else reads that text differently.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import quote

import idna
from django.conf import settings
from django.core.exceptions import ValidationError

from webhooks import private_names
from webhooks.address_policy import AddressPolicy, Network, effective

MAX_URL_LENGTH = 2000
DEFAULT_PORTS = {"http": 80, "https": 443}

_SHAPE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>.*)")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_DOTTED = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}")
# The last label decides whether a parser takes the whole for a number (WHATWG URL, "ends in a
# number"): 127.1, 2130706433, 0x7f.0.0.1, 0177.0.0.1.
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)")


@dataclass(frozen=True)
class Destination:
    """The parts of an endpoint URL. `host` is lower-case ASCII; an IPv6 one without brackets."""

    scheme: str
    host: str
    port: int
    target: str

    @cached_property
    def is_address(self) -> bool:
        return ":" in self.host or _DOTTED.fullmatch(self.host) is not None

    @cached_property
    def url_host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @cached_property
    def host_header(self) -> str:
        default = DEFAULT_PORTS[self.scheme] == self.port
        return self.url_host if default else f"{self.url_host}:{self.port}"

    @cached_property
    def origin(self) -> str:
        return f"{self.scheme}://{self.url_host}:{self.port}"

    @cached_property
    def url(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.target}"


def _can_be_decoded(label: str) -> bool:
    """Whether a label that says it is punycode is. (Emoji are: idna refuses them, browsers not.)"""
    if not label.startswith("xn--"):
        return True
    try:
        return not label[4:].encode().decode("punycode").isascii()
    except UnicodeError:
        return False


def _host(text: str) -> str:
    if text.startswith("["):
        if not text.endswith("]"):
            raise ValidationError("The IPv6 address in the URL has no closing bracket.")
        try:
            address = ip_address(text[1:-1])
        except ValueError:
            raise ValidationError(f"{text} is not an IPv6 address.") from None
        if not isinstance(address, IPv6Address) or address.scope_id is not None:
            raise ValidationError(f"{text} is not an IPv6 address that can be reached from here.")
        return address.compressed
    if text.endswith("."):
        raise ValidationError("The host name ends with a dot; leave the dot out.")
    if _NUMERIC_END.fullmatch(text):
        if not _DOTTED.fullmatch(text) or any(int(part) > 255 for part in text.split(".")):
            raise ValidationError(
                f"{text} is not an address. Write it as four decimal numbers, such as 203.0.113.7."
            )
        return text
    try:
        host = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        raise ValidationError(f"{text} is not a host name.") from None
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise ValidationError(f"{text!r} is not a host name.")
    if _NUMERIC_END.fullmatch(host) or not all(map(_can_be_decoded, host.split("."))):
        raise ValidationError(f"{text} is not a host name.")
    return host


@lru_cache(maxsize=2048)
def parse(url: str) -> Destination:
    """The parts of `url`. Raises ValidationError with a sentence for what is no endpoint URL.

    This is about form alone; `check_url` adds what the present settings allow.
    """
    if not url:
        raise ValidationError("Enter the URL of your endpoint.")
    if len(url) > MAX_URL_LENGTH:
        raise ValidationError(f"The URL is longer than {MAX_URL_LENGTH} characters.")
    if any(character <= " " or character == "\x7f" for character in url) or url != url.strip():
        raise ValidationError("The URL contains a space or a control character; remove it.")
    if "\\" in url:
        raise ValidationError("The URL contains a backslash; use / instead.")
    shape = _SHAPE.fullmatch(url)
    if shape is None:
        raise ValidationError("Enter a full URL, such as https://example.com/webhooks.")
    scheme = shape["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise ValidationError(f"A webhook is sent by HTTP: {scheme}:// is not possible.")
    authority = shape["authority"]
    if "@" in authority:
        raise ValidationError(
            "The URL contains a user name or password (…@). Remove it, and verify the signature "
            "at your endpoint instead."
        )
    name, colon, port_text = authority.rpartition(":")
    if not colon or port_text.endswith("]"):
        name, port_text = authority, ""
    elif not port_text:
        raise ValidationError("The URL has a colon but no port after the host.")
    if not name:
        raise ValidationError("The URL has no host.")
    port = DEFAULT_PORTS[scheme]
    if port_text:
        if not (port_text.isascii() and port_text.isdigit()) or not 1 <= int(port_text) <= 65535:
            raise ValidationError("The port in the URL must be a number from 1 to 65535.")
        port = int(port_text)
    host = _host(name)
    rest = shape["rest"]
    if "#" in rest:
        raise ValidationError("The URL contains a fragment (#…), which is never sent; remove it.")
    try:
        target = quote(rest, safe="/?:@!$&'()*+,;=%[]~-._|^`{}\"<>")
    except UnicodeEncodeError:
        raise ValidationError("The URL contains half of a surrogate pair; remove it.") from None
    target = re.sub(r"[\"<>`{}|^\[\]]", lambda found: f"%{ord(found[0]):02X}", target)
    return Destination(scheme, host, port, target if target.startswith("/") else "/" + target)


def key(url: str) -> str:
    """What all spellings of one URL have in common. Two with the same key get the same request.

    Scheme and host in capitals, a host as people write it or in punycode, the default port, and no
    path for "/" are spellings (RFC 3986, section 6.2). Path and query are compared as they are
    sent: /~a and /%7Ea are two, though by 6.2.2.2 the same, for two request lines are sent. Keys
    are stored, and no two webhooks of a chatbot may have one event and one key: what counts as a
    spelling cannot grow without a migration of the rows that are two by now.

    Raises as `parse` does.
    """
    return digest(parse(url).url)


def digest(text: str) -> str:
    """64 characters for a text of any length: an index takes no column as long as a URL may be."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def present_policy() -> AddressPolicy:
    """The address policy of the present settings, for look-ups and sockets, tests and all."""
    return _policy(settings.SANDBOX, tuple(settings.ENDPOINT_ALLOW_NETWORKS))


@lru_cache(maxsize=16)
def _policy(own_networks: bool, allowed: tuple[Network, ...]) -> AddressPolicy:
    return AddressPolicy(own_networks, allowed)


def refused(leads: str, address: str, reason: str) -> str:
    """The sentence for an address that may not be reached; `leads` is its subject."""
    network = ip_network(effective(ip_address(address.partition("%")[0])))
    return (
        f"{leads} is not a public address ({reason}). Your endpoint must be publicly accessible; "
        f"for one that is not, whoever runs the emitter adds {network} to ENDPOINT_ALLOW_NETWORKS."
    )


def refusal(destination: Destination) -> str:
    """Why the present settings refuse `destination`, as a sentence; "" when they do not.

    What its name resolves to is another question, which is asked when a delivery is sent.
    """
    if not settings.SANDBOX:
        if destination.scheme != "https":
            return "Your endpoint must be publicly accessible via HTTPS: use an https:// URL."
        if destination.port < 1024 and destination.port not in (80, 443):
            return (
                f"Port {destination.port} belongs to another kind of service. "
                "Use 443, or a port above 1023."
            )
    if destination.is_address:
        reason = present_policy().refusal(destination.host)
        if reason:
            return refused(destination.host, destination.host, reason)
    elif (
        not settings.SANDBOX
        and not settings.ENDPOINT_ALLOW_NETWORKS
        and private_names.is_reserved(destination.host)
    ):
        return (
            f"{destination.host} is a name of a private network. Your endpoint must be publicly "
            "accessible; for one that is not, whoever runs the emitter adds its network to "
            "ENDPOINT_ALLOW_NETWORKS."
        )
    return ""


def check_url(url: str) -> None:
    """Raise ValidationError with a plain sentence for a URL that the present settings refuse."""
    sentence = refusal(parse(url))
    if sentence:
        raise ValidationError(sentence)
