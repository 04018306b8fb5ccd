"""The variables of the environment, each read and checked by one small function.

A value that is missing or wrong stops the start with one line that names the variable and says
what to put there. The line never shows a secret, nor the password of a URL.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import math
import os
import re
import ssl
import sys
from email.utils import parseaddr
from typing import Final, NoReturn
from urllib.parse import urlsplit

from chatbots.printable import line

# One address, and not a list of them, nor half of a name.
_ADDRESS: Final = re.compile(r"[^\s@,;:<>()\[\]\"'\\]+@[^\s@,;:<>()\[\]\"'\\]+")
_SENDER: Final = re.compile(rf"[^<>@]*<{_ADDRESS.pattern}>|{_ADDRESS.pattern}")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# IPv4 addresses in IPv6: mapped, and by NAT64 (webhooks/address_policy.py).
_COATS: Final = tuple(map(ipaddress.IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96")))

# A name, an IPv4 address, or an IPv6 address in brackets; in front of a name a dot for all below.
_HOST: Final = re.compile(
    r"\*|\.?(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?|\[[0-9a-f:.]+\]", re.IGNORECASE
)


def refuse(sentence: str) -> NoReturn:
    """Stop the start with one plain line."""
    sys.exit(f"emitter: {line(sentence, 600)}")


def text(name: str, default: str = "") -> str:
    """The variable without white space around it; `default` where it is not set, or empty."""
    given = os.environ.get(name, "").strip()
    # What is no UTF-8 the system gives us as halves of surrogate pairs, which nothing can write.
    if any("\ud800" <= character <= "\udfff" for character in given):
        refuse(f"{name} is not UTF-8 text.")
    # A shell takes quotes away; `docker run --env-file` and others keep them.
    if len(given) > 1 and given[0] == given[-1] and given[0] in "\"'":
        refuse(f"{name} has quotes around its value; leave them out.")
    return given or default


def settings_module() -> None:
    """Have Django read this project's settings, or those that DJANGO_SETTINGS_MODULE names."""
    named = text("DJANGO_SETTINGS_MODULE", "emitter.settings")
    try:
        found = importlib.util.find_spec(named)
    except (ImportError, ValueError):
        found = None
    if found is None:
        refuse(
            f"DJANGO_SETTINGS_MODULE names {named!r}, and there is no such module here. Leave it "
            "out: the settings are emitter.settings."
        )
    os.environ["DJANGO_SETTINGS_MODULE"] = named


def words(name: str) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def flag(name: str) -> bool:
    """1 or 0, or what people write for them; not set is 0."""
    given = text(name).lower()
    if given in {"1", "true", "yes", "on"}:
        return True
    if given in {"", "0", "false", "no", "off"}:
        return False
    refuse(f"{name} must be 1 or 0, not {given!r}.")


def whole_number(name: str, default: int, least: int, most: int) -> int:
    """A whole number from `least` to `most`, in plain digits."""
    given = text(name, str(default))
    if not re.fullmatch(r"[0-9]{1,15}", given) or not least <= int(given) <= most:
        refuse(f"{name} must be a whole number from {least} to {most}, not {given!r}.")
    return int(given)


def seconds(name: str, default: float, most: float) -> float:
    """A number of seconds, above 0."""
    given = text(name, str(default))
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not 0 < number <= most or not re.fullmatch(r"[0-9.]+", given):
        refuse(f"{name} must be a number of seconds, above 0 and at most {most:g}, not {given!r}.")
    return number


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """One of a few words, in capitals."""
    given = text(name, default).upper()
    if given not in choices:
        refuse(f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}, not {given!r}.")
    return given


def secret(name: str) -> str:
    """What goes into a header: printable ASCII without spaces."""
    given = text(name)
    if not re.fullmatch(r"[!-~]*", given):
        refuse(f"{name} must be printable ASCII without spaces.")
    return given


def http_url(name: str) -> str:
    """An http or https URL, or "" where there is none."""
    given = text(name)
    if given and not _is_http_url(given):
        refuse(
            f"{name} must be an http or https URL, such as https://api.example.com/v1, without a "
            "user name or password and without #."
        )
    return given


def _is_http_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    # It is quoted in the log, where no password belongs.
    plain = plain and "@" not in parts.netloc and "#" not in url
    return plain and parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0


def hosts(name: str) -> list[str]:
    """Names as the Host header has them: no scheme, no port, no path."""
    found = words(name)
    for host in found:
        if not is_host(host):
            refuse(
                f"{name} must be names such as emitter.example.com, without https://, port or "
                f"path; an IPv6 address stands in brackets. {host!r} is none."
            )
    # As Django compares them: it drops the last dot of a Host header.
    return [host.rstrip(".") for host in found]


def is_host(host: str) -> bool:
    """Whether `host` can be the name in a Host header, or Django's pattern of some."""
    if not _HOST.fullmatch(host):
        return False
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
    return True


def origins(name: str) -> list[str]:
    """Origins as a browser sends them: scheme, name, and a port where it is not the usual one."""
    found = words(name)
    for origin in found:
        if not _is_origin(origin):
            refuse(
                f"{name} must be origins such as https://emitter.example.com, with their scheme "
                f"and without a path. {origin!r} is none."
            )
    return [_as_sent(origin) for origin in found]


def _as_sent(origin: str) -> str:
    """`origin` to the letter as a browser sends it: in small letters, without the usual port."""
    scheme, _, rest = origin.lower().partition("://")
    usual = {"http": ":80", "https": ":443"}[scheme]
    return f"{scheme}://{rest.removesuffix(usual).removesuffix(':')}"


def _is_origin(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if f"{parts.scheme}://{parts.netloc}".lower() != origin.lower() or "@" in origin or port == 0:
        return False
    # Below https://*.example.com Django takes any.
    host = f"[{host}]" if ":" in host else re.sub(r"^\*(?=\.)", "", host)
    return parts.scheme in {"http", "https"} and is_host(host) and host != "*"


def networks(name: str) -> list[Network]:
    """Networks in CIDR notation."""
    found = []
    for network in words(name):
        try:
            parsed = ipaddress.ip_network(network)
        except ValueError as error:
            refuse(f"{name} must be networks such as 10.1.0.0/16: {error}.")
        # Nothing would ever be in it: an address is looked at as the IPv4 one inside, if it has
        # one, and one with a zone is reached by nobody.
        if "%" in network or (parsed.version == 6 and any(map(parsed.subnet_of, _COATS))):
            refuse(
                f"{name} must be networks such as 10.1.0.0/16, an IPv4 one written as IPv4 and "
                f"none with a zone (%); {network!r} is none."
            )
        found.append(parsed)
    return found


def certificates(name: str) -> str:
    """The path of a PEM file with certificates, or "" where there is none."""
    path = text(name)
    if path and (why := why_no_certificates(path)):
        refuse(
            f"{name} must be a readable PEM file with certificate authorities; "
            f"{path!r} is none ({why})."
        )
    return path


def why_no_certificates(path: str) -> str:
    """Why the file at `path` is no PEM file with certificates; "" if it is one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "it holds no certificate"
    except OSError as error:
        return error.strerror or str(error)
    except ValueError as error:
        return str(error)
    # A list of those that were revoked is PEM, too.
    return "" if context.cert_store_stats()["x509"] else "it holds no certificate"


def sender(name: str, default: str) -> str:
    """An e-mail address, with a name before it or without."""
    given = text(name, default)
    address = parseaddr(given)[1]
    is_one = _SENDER.fullmatch(given) and _ADDRESS.fullmatch(address)
    if not is_one or not given.isprintable():
        refuse(
            f"{name} must be one e-mail address, such as Wonderchat <no-reply@example.com>, "
            f"not {given!r}."
        )
    return given
