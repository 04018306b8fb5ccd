"""Reading a request's fields by hand: every mistake is found, each with its field's name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from webhooks.api.problem import Problem

_MISSING: Final = object()
_FIRST_YEAR: Final = 1970
# A "+" in a query string arrives as a space.
_SPACE_OFFSET: Final = re.compile(r"(T[0-9:.,]+) ([0-9]{2}:?[0-9]{2})$")


def moment(text: str) -> datetime:
    """ISO 8601 as a moment; without an offset it is UTC. Raises ValueError with a sentence."""
    try:
        # RFC 3339 takes t and z, too.
        parsed = datetime.fromisoformat(_SPACE_OFFSET.sub(r"\1+\2", text.strip().upper()))
    except ValueError:
        raise ValueError(
            "must be a moment in ISO 8601, such as 2023-10-15T14:30:00.000Z."
        ) from None
    try:
        utc = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError:
        utc = None
    if utc is None or utc.year < _FIRST_YEAR:
        raise ValueError(f"must be a moment from {_FIRST_YEAR} to 9999, in UTC.")
    return utc


def object_of(data: object) -> dict[str, Any]:
    """The JSON object a request's body is. An empty body is an empty object."""
    if not isinstance(data, Mapping):
        raise Problem(400, "The body must be a JSON object: {…}.")
    return dict(data)


class Fields:
    """The fields of one JSON object. Read each, then `finish()`, which raises what is wrong.

    `prefix` is put before the names in errors: `events[3].`.
    """

    def __init__(self, values: Mapping[str, Any], prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix
        self._read = {"apiKey"}
        # What may be given and changes nothing: it is no choice to offer.
        self._put_back: set[str] = {"apiKey"}
        self.errors: list[tuple[str, str]] = []

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def wrong(self, name: str, sentence: str) -> None:
        self.errors.append((f"{self._prefix}{name}", sentence))

    def raw(self, name: str) -> Any:
        self._read.add(name)
        return self._values.get(name)

    def put_back(self, name: str) -> Any:
        """What is given of a field that was read before and cannot be written."""
        self._put_back.add(name)
        return self.raw(name)

    def _take(self, name: str, kinds: type | tuple[type, ...], what: str, required: bool) -> Any:
        self._read.add(name)
        value = self._values.get(name, _MISSING)
        if value is _MISSING:
            if required:
                self.wrong(name, f"is missing; it must be {what}.")
            return None
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            self.wrong(name, f"must be {what}.")
            return None
        return value

    def text(self, name: str, *, required: bool = False) -> str | None:
        """A string that a database can hold."""
        value: str | None = self._take(name, str, "a string", required)
        if value is not None and ("\0" in value or not _encodes(value)):
            self.wrong(name, "holds a NUL or half of a surrogate pair; leave it out.")
            return None
        return value

    def boolean(self, name: str) -> bool | None:
        value: bool | None = self._take(name, bool, "true or false", False)
        return value

    def integer(self, name: str) -> int | None:
        """A whole number; null is none."""
        if self._values.get(name, _MISSING) is None:
            self._read.add(name)
            return None
        value: int | None = self._take(name, int, "a whole number or null", False)
        return value

    def mapping(self, name: str) -> dict[str, Any] | None:
        value: dict[str, Any] | None = self._take(name, dict, "an object", False)
        return value

    def sequence(self, name: str, *, required: bool = False) -> list[Any] | None:
        value: list[Any] | None = self._take(name, list, "an array", required)
        return value

    def names(self, name: str) -> list[str]:
        value = self._take(name, list, "an array of strings", False) or []
        if not all(isinstance(item, str) for item in value):
            self.wrong(name, "must be an array of strings.")
            return []
        return list(value)

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        text = self._take(name, str, "a moment in ISO 8601", required)
        if text is None:
            return None
        try:
            return moment(text)
        except ValueError as error:
            self.wrong(name, str(error))
            return None

    def finish(self) -> None:
        """Raise a Problem (400) with everything that is wrong, unknown fields included."""
        for name in self._values:
            if name not in self._read:
                known = ", ".join(sorted(self._read - self._put_back))
                self.wrong(name, f"is not a field here. There are: {known}.")
        if self.errors:
            raise Problem(400, errors=self.errors)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
