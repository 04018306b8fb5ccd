"""A column of many rows as one of PostgreSQL's binary arrays, made whole.

psycopg makes them value by value, in Python: an eighth of what a delivery took of the engine's
thread, for the eighteen that a recording sends. The format is that of array_send in PostgreSQL's
arrayfuncs.c.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from psycopg import postgres
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format

# Dimensions, whether there are nulls, the items' type; then the dimension's size and first index.
_HEAD: Final = struct.Struct(">iiIii")
_LENGTH: Final = struct.Struct(">i").pack
_NULL: Final = _LENGTH(-1)
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Array(bytes):
    """Made, and ready to be sent as what its class says."""


Make = Callable[[Sequence[Any]], Array]
_KINDS: Final[dict[str, type[Array]]] = {}


def _kind(item: str) -> tuple[type[Array], int]:
    """The class of arrays of this type of PostgreSQL's, and the number of the type itself."""
    _KINDS[item] = type(f"Array_{item}", (Array,), {})
    return _KINDS[item], postgres.types[item].oid


def _head(oid: int, count: int, *, nulls: bool = False) -> bytes:
    return _HEAD.pack(1, int(nulls), oid, count, 1)


def _fixed(item: str, code: str) -> Make:
    """Of a type whose items are all as long as `code` of struct's."""
    kind, oid = _kind(item)
    size, one = struct.calcsize(f">{code}"), struct.Struct(f">i{code}").pack

    def make(values: Sequence[Any]) -> Array:
        count = len(values)
        if None in values:
            items = [_NULL if value is None else one(size, value) for value in values]
            return kind(_head(oid, count, nulls=True) + b"".join(items))
        flat = [size] * (2 * count)
        flat[1::2] = values
        return kind(_head(oid, count) + struct.pack(">" + f"i{code}" * count, *flat))

    return make


def _lengthy(item: str) -> Callable[[Sequence[bytes]], Array]:
    """Of a type whose items have lengths of their own."""
    kind, oid = _kind(item)

    def make(values: Sequence[bytes]) -> Array:
        parts = [b""] * (2 * len(values) + 1)
        parts[0] = _head(oid, len(values))
        parts[1::2] = map(_LENGTH, map(len, values))
        parts[2::2] = values
        return kind(b"".join(parts))

    return make


bigints: Final = _fixed("int8", "q")
integers: Final = _fixed("int4", "i")
smallints: Final = _fixed("int2", "h")
doubles: Final = _fixed("float8", "d")
booleans: Final = _fixed("bool", "?")
byteas: Final = _lengthy("bytea")
_texts: Final = _lengthy("text")
_moments: Final = _fixed("timestamptz", "q")


def texts(values: Sequence[str]) -> Array:
    return _texts([value.encode() for value in values])


def moments(values: Sequence[datetime]) -> Array:
    """Of moments with a time zone."""
    found = []
    for value in values:
        since = value - _EPOCH
        found.append((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
    return _moments(found)


def register(adapters: AdaptersMap) -> None:
    """Have a connection, or all, send them as they are."""
    for item, kind in _KINDS.items():
        adapters.register_dumper(kind, _dumper(postgres.types[item].array_oid))


def _dumper(array_oid: int) -> type[Dumper]:
    class ReadyMade(Dumper):
        format = Format.BINARY
        oid = array_oid

        def dump(self, obj: Array) -> Buffer:
            return obj

    return ReadyMade
