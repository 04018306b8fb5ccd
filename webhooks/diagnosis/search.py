"""Goes through the ways, the likeliest and cheapest first, until one gives the caller's digest."""

from __future__ import annotations

import contextlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from webhooks.diagnosis import bodies, keys, renderings, schemes, serialisers, styles
from webhooks.diagnosis.budget import Budget, Spent
from webhooks.diagnosis.moments import Moment, moments
from webhooks.diagnosis.reading import Loose, Reading
from webhooks.diagnosis.style import JAVASCRIPT, Style
from webhooks.diagnosis.way import Known, Way
from webhooks.diagnosis.writer import Unwritable, Writer

_SHA256_BYTES: Final = 32
# Other secrets that are tried with changed bodies as well.
_MAX_KNOWN_AGAIN: Final = 20
# Ways that are put together with others, of the secret and of the body.
_MAX_KEYS: Final = 60
_MAX_BODIES: Final = 120
# From so many bytes on, the time is looked at after each way.
_LARGE: Final = 4096


@dataclass(frozen=True, slots=True)
class Found:
    """Ways that together give the caller's signature. `scheme` and `form` are as Way.said."""

    key: Way
    body: Way
    scheme: str = ""
    recipe: str = ""
    form: str = ""

    @property
    def changes(self) -> int:
        """How much is not as it should be."""
        return sum(map(bool, (self.key.said, self.body.said or self.body.style, self.scheme)))


@dataclass(frozen=True)
class Request:
    """What is known of the request that was signed."""

    timestamp: str = ""
    message_id: str = ""
    url: str = ""


Tried = tuple[Way, Way, bytes, str, str]  # Key, body, digest, scheme, its recipe.


class Search:
    """One search. `value` is the body's parsed JSON and `writer` writes it, if it is JSON. `views`
    are bytes that the body may be a view of, with what it is instead of them."""

    def __init__(
        self,
        secret: str,
        body: bytes,
        known: Iterable[Known],
        readings: Iterable[Reading | Loose],
        request: Request,
        value: Any,
        writer: Writer | None,
        budget: Budget,
        views: Mapping[bytes, str] | None = None,
    ) -> None:
        self._secret, self._request, self._budget = secret, request, budget
        self._value, self._writer = value, writer
        self._key = Way(secret.encode())
        self._body = Way(body)
        # The body, and the bytes that it may be a view of: with these, the secret or the form may
        # be all that is wrong.
        self._bodies = [
            self._body,
            *(Way(exact, view=shown) for exact, shown in (views or {}).items()),
        ]
        self._known = known
        self._known_first: list[Way] = []
        self._known_again: list[Known] = []
        self._exact: dict[bytes, str] = {}
        self._loose: list[Loose] = []
        for reading in readings:
            if isinstance(reading, Loose):
                self._loose.append(reading)
            else:
                self._exact.setdefault(reading.digest, reading.said)
        self._lengths = {len(digest) for digest in self._exact}
        self._is_sha256 = _SHA256_BYTES in self._lengths or bool(self._loose)

    def found(self) -> list[Found]:
        """All that fit among the simplest that do; none if nothing fits or the time is over."""
        for what, tier in self._tiers():
            fitting = self._fitting(what, tier)
            if fitting:
                return fitting
            if self._budget.spent(what):
                break
        return []

    def _fitting(self, what: str, tier: Iterator[Tried]) -> list[Found]:
        fitting: dict[tuple[str, ...], Found] = {}
        try:
            self._go_through(tier, fitting)
        except Spent:
            self._budget.skip(what)
        return list(fitting.values())

    def _go_through(self, tier: Iterator[Tried], fitting: dict[tuple[str, ...], Found]) -> None:
        """Raises Spent when the time is over."""
        seldom = 8 if len(self._body.value) < _LARGE else 1
        for count, (key, body, digest, scheme, recipe) in enumerate(tier):
            form = self._exact.get(digest)
            if form is None:
                form = next((loose.said for loose in self._loose if loose.fits(digest)), None)
            if form is not None:
                one = Found(key, body, scheme, recipe, form)
                fitting.setdefault((key.said, body.said, repr(body.style), scheme), one)
            if count % seldom == 0:
                self._budget.check()

    # ------------------------------------------------------------ what is tried, in order

    def _tiers(self) -> Iterator[tuple[str, Iterator[Tried]]]:
        if self._is_sha256:
            yield from self._one_change()
        if self._lengths & schemes.HASHES.keys():
            yield "other hashes than SHA-256", self._other_hashes()
        if self._is_sha256:
            yield from self._more_changes()

    def _one_change(self) -> Iterator[tuple[str, Iterator[Tried]]]:
        yield "the form of the signature", self._hmacs([self._key], self._bodies)
        yield "the secrets of the account's other webhooks", self._with_known()
        secret, body = "mistakes with the secret", "changes to the body's text"
        yield secret, self._hmacs(keys.likely(self._secret), self._bodies)
        yield body, self._hmacs([self._key], bodies.likely(self._body.value))
        yield "JSON as serialisers write it", self._hmacs([self._key], self._written(0))
        yield "other schemes", self._without_time([self._key], self._bodies)
        yield "schemes with a timestamp", self._with_time()
        yield "serialisers with their options", self._hmacs([self._key], self._written(1))
        yield "JSON with one thing changed", self._hmacs([self._key], self._mixed(1))
        yield secret, self._hmacs(keys.other(self._secret), self._bodies)
        yield body, self._hmacs([self._key], bodies.other(self._body.value, self._budget))
        yield "the body printed in other ways", self._hmacs([self._key], self._rendered())
        yield "JSON of JSON", self._hmacs([self._key], self._written_twice())

    def _more_changes(self) -> Iterator[tuple[str, Iterator[Tried]]]:
        two = "two mistakes together"
        yield "serialisers with two options", self._hmacs([self._key], self._written(2))
        other_keys = [*self._known_first, *keys.likely(self._secret)][:_MAX_KEYS]
        known = chain.from_iterable(map(keys.with_ends, self._known_again))
        yield two, self._hmacs(known, self._bodies)
        yield two, self._hmacs(other_keys, self._other_bodies())
        yield two, self._schemes(other_keys, [self._body])
        yield two, self._schemes([self._key], self._other_bodies())
        yield "serialisers with three options", self._hmacs([self._key], self._written(3))
        yield "dates in other zones", self._hmacs([self._key], self._dated())
        yield "JSON with two things changed", self._hmacs([self._key], self._mixed(2))
        yield two, self._hmacs(other_keys, self._written(1))
        yield two, self._schemes([self._key], self._written(1))
        yield "JSON with three things changed", self._hmacs([self._key], self._mixed(3))

    def _hmacs(self, with_keys: Iterable[Way], with_bodies: Iterable[Way]) -> Iterator[Tried]:
        digest = hmac.digest
        listed = list(with_keys)
        for body in with_bodies:
            message = body.value
            for key in listed:
                yield key, body, digest(key.value, message, "sha256"), "", ""

    def _with_known(self) -> Iterator[Tried]:
        """Secrets are opened one by one: there may be very many."""
        for one in self._known:
            raw = one.secret.encode("utf-8", "replace")
            key = Way(raw, one.said, one.recipe, None, one.webhook_id)
            if len(self._known_first) < _MAX_KNOWN_AGAIN:
                self._known_first.append(key)
                self._known_again.append(one)
            for body in self._bodies:
                yield key, body, hmac.digest(key.value, body.value, "sha256"), "", ""

    # ------------------------------------------------------------ bodies

    def _written(self, options: int) -> Iterator[Way]:
        if self._writer is not None:
            yield from self._styled(serialisers.styles(self._writer, options))

    def _mixed(self, changes: int) -> Iterator[Way]:
        if self._writer is not None:
            yield from self._styled(styles.mixed(self._writer, changes))

    def _dated(self) -> Iterator[Way]:
        if self._writer is not None:
            yield from self._styled(styles.in_other_zones(self._writer))

    def _styled(self, of_styles: Iterable[Style]) -> Iterator[Way]:
        assert self._writer is not None
        for style in of_styles:
            try:
                yield Way(self._writer.write(style), "", "raw body", style)
            except Unwritable:
                continue

    def _written_twice(self) -> Iterator[Way]:
        """What was written as JSON, as a text in JSON: json.dumps(json.dumps(…))."""
        for once in chain(self._written(0), self._written(1)):
            text = once.value.decode("utf-8", "replace")
            said = "signs JSON of JSON: what was written as JSON already is made JSON again"
            for ascii_only in (True, False):
                twice = json.dumps(text, ensure_ascii=ascii_only)
                yield Way(twice.encode(), said, "raw body")
                if "/" in twice:
                    yield Way(twice.replace("/", "\\/").encode(), f"{said} (PHP)", "raw body")

    def _rendered(self) -> Iterator[Way]:
        return renderings.ways(self._value) if self._writer is not None else iter(())

    def _other_bodies(self) -> Iterator[Way]:
        """Written while they are gone through, where the end of the time is waited for."""
        return islice(chain(self._written(0), bodies.likely(self._body.value)), _MAX_BODIES)

    # ------------------------------------------------------------ schemes

    def _times(self) -> list[Moment]:
        return moments(self._request.timestamp, self._value)

    def _event(self) -> str:
        event = self._value.get("event") if isinstance(self._value, dict) else ""
        return event if isinstance(event, str) else ""

    def _without_time(
        self, with_keys: Iterable[Way], with_bodies: Iterable[Way]
    ) -> Iterator[Tried]:
        listed = list(with_keys)
        for body in with_bodies:
            for key in listed:
                for made in chain(
                    schemes.without_time(key.value, body.value),
                    schemes.rare(key.value, body.value),
                ):
                    yield key, body, *made

    def _with_time(self) -> Iterator[Tried]:
        key, body, times = self._key, self._body, self._times()
        parts = [schemes.with_time(key.value, body.value, times, self._event())]
        if self._request.url:
            parts.append(schemes.with_url(key.value, body.value, self._request.url, times))
        if self._request.message_id:
            message_id = self._request.message_id
            parts.append(schemes.standard(self._secret, body.value, message_id, times))
        for made in chain(*parts):
            yield key, body, *made

    def _schemes(self, with_keys: Iterable[Way], with_bodies: Iterable[Way]) -> Iterator[Tried]:
        listed = list(with_keys)
        times = [moment for moment in self._times() if moment.usual]
        for body in with_bodies:
            for key in listed:
                for made in chain(
                    schemes.without_time(key.value, body.value),
                    schemes.usual_with_time(key.value, body.value, times),
                ):
                    yield key, body, *made

    def _other_hashes(self) -> Iterator[Tried]:
        other_keys = [*self._known_first, *keys.likely(self._secret)]
        written = chain(self._written(0), bodies.likely(self._body.value), self._written(1))
        for with_keys, with_bodies in (
            ([self._key], [self._body]),
            (other_keys, [self._body]),
            ([self._key], written),
            ([*keys.other(self._secret)], [self._body]),
        ):
            for body in with_bodies:
                for key in with_keys:
                    for length in self._lengths:
                        for made in schemes.other_hashes(key.value, body.value, length):
                            yield key, body, *made


def same_bytes(message: bytes, body: bytes, value: Any, budget: Budget) -> list[Way]:
    """The other ways that come to just these bytes."""
    if len(body) > _LARGE:
        return []
    others = bodies.other(body, budget)
    found = []
    with contextlib.suppress(Spent):
        for way in chain(bodies.likely(body), others, renderings.ways(value)):
            budget.check()
            if way.value == message and way.value != body:
                found.append(way)
    return found


def style_of(message: bytes, writer: Writer, budget: Budget) -> Style | None:
    """The style, if any, in which a serialiser writes just these bytes."""
    for options in (0, 1):
        for style in serialisers.styles(writer, options):
            if budget.spent():
                return None
            try:
                if writer.write(style) == message:
                    return style
            except Unwritable:
                continue
    return JAVASCRIPT if writer.write(JAVASCRIPT) == message else None
