"""What PostgreSQL's library can be told behind the ? of a URL, and by variables of its own.

It tells of a wrong value with each connection, or leaves it to the server; here it is asked before.
"""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Final

import psycopg
from psycopg import conninfo, pq

from emitter import environment

# A server that is gone without a word is noticed within 25 s, also by who asks nothing.
TCP: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

# Said by the URL itself, or by nobody.
NOT_BY_OPTION: Final = frozenset(
    {"dbname", "host", "port", "user", "password", "service", "replication"}
)
SWITCHES: Final = frozenset({"keepalives", "sslsni", "sslcompression", "gssdelegation"})
FILES: Final = frozenset({"sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir", "passfile"})
# What libpq hands to the server unread.
SERVER_OPTIONS: Final = re.compile(r"\s*((-c\s*|--)[A-Za-z_][\w.-]*=(\\.|[^\s\\])*(\s+|$))*")
# No folder of sockets.
NOWHERE: Final = "/dev/null"


def wrong(pairs: list[tuple[str, str]]) -> str:
    """What is wrong with the options; "" if nothing."""
    given = dict(pairs)
    if len(given) < len(pairs):
        return "one of them is given twice"
    if taken := NOT_BY_OPTION & set(given):
        return f"{min(taken)} is set otherwise"
    kept_seconds = given.pop("CONN_MAX_AGE", "0")
    numbers = {each: given[each] for each in TCP if each in given} | {"CONN_MAX_AGE": kept_seconds}
    for each, number in numbers.items():
        if not re.fullmatch(r"[0-9]{1,9}", number):
            return f"{each} is a whole number"
    for each in SWITCHES & set(given):
        if given[each] not in {"0", "1"}:
            return f"{each} is 0 or 1"
    for each in FILES & set(given):
        if not Path(given[each]).exists() and (each, given[each]) != ("sslrootcert", "system"):
            return f"{each} names no file that is there"
    if given.get("sslrootcert", "system") != "system" and (
        why := environment.why_no_certificates(given["sslrootcert"])
    ):
        return f"sslrootcert cannot be used: {why}"
    if given.get("client_encoding", "UTF8").upper() not in {"UTF8", "UTF-8"}:
        return "client_encoding is UTF8"
    if not SERVER_OPTIONS.fullmatch(given.get("options", "")):
        return "options are written -c name=value"
    try:
        for address in given.pop("hostaddr", "::").split(","):
            ipaddress.ip_address(address)
    except ValueError:
        return "hostaddr is an IP address"
    return refused(given)


def refused(given: dict[str, str]) -> str:
    """What libpq itself has against the options, without asking any server; "" if nothing."""
    try:
        spelled = conninfo.make_conninfo(**{"host": NOWHERE, "hostaddr": "", "user": "u"} | given)
    except psycopg.Error:
        return "there is none of that name"  # Which may be a part of the password.
    # It looks at all of them before it looks for the host, which cannot be there.
    connection = pq.PGconn.connect_start(spelled.encode())
    said = connection.error_message.decode(errors="replace").strip()
    connection.finish()
    return "" if NOWHERE in said or "over a local socket" in said else said


def variables() -> list[str]:
    """Those of the environment that libpq reads, and that are set."""
    read = [each.envvar.decode() for each in pq.Conninfo.get_defaults() if each.envvar]
    return [each for each in read if each in os.environ]
