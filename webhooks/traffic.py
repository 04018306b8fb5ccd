"""What one worker has in flight, by endpoint: who may have more, who is held back, who is probed.

It decides what a claim offers to each lane, and learns from every answer. The engine's thread alone
uses it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Final

from webhooks import breaker
from webhooks.dealing import FIRST_APPETITE, Ask, next_appetite
from webhooks.models import ErrorKind
from webhooks.outcome import Outcome
from webhooks.queue import MOST_BYTES, Claimed, Due, Lane, Taken
from webhooks.room import QUICK_MS, Room, offer

# Requests open at a time. An idle socket costs little; what bounds the work is the database.
SLOTS: Final = 512
# Of those to servers that have not answered yet, so many come on top: where ten servers hang, the
# others' claims are as large as ever.
EXTRA: Final = SLOTS // 4
# What a body is thought to have before any was seen: a first claim must not be too large.
FIRST_BYTES: Final = 256 * 1024
# How long a lane that had nothing for its endpoint's probe leaves the next ones to others.
BARREN_SECONDS: Final = 5.0
MOST_ROOMS: Final = 20_000


class Traffic:
    """The requests of one worker that are open, and the room of each endpoint."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._rooms: dict[int, Room] = {}
        # By lane: how much of a claim is worth offering to it.
        self._appetites: dict[int, int] = {}
        # Of those in flight, how many go to endpoints that have not answered yet.
        self._unanswered = 0
        # How many of them find out whether an endpoint that is held back answers again.
        self._probing = 0
        # Lanes that gave less than they were asked for although more was due: it waits for earlier
        # deliveries of its conversations.
        self._stuck: set[int] = set()
        # The bodies of those in flight, and what a body had in the last claim.
        self._bytes = 0
        self._typical = FIRST_BYTES
        # By lane that was asked for a probe and had nothing to send, for all that is due waits for
        # earlier deliveries: until when (monotonic) it is not asked again.
        self._barren: dict[int, float] = {}

    @property
    def free(self) -> int:
        """How many more requests may be open; none at all is zero or less."""
        slots = SLOTS - self.in_flight + min(self._unanswered, EXTRA)
        return min(slots, (MOST_BYTES - self._bytes) // self._typical)

    @property
    def free_bytes(self) -> int:
        """How much more the bodies of open requests may come to."""
        return MOST_BYTES - self._bytes

    def asks(self, lanes: Sequence[Lane], workers: int) -> list[Ask]:
        """What each lane with due work could take now. Those of one endpoint share its room, which
        is for all `workers` together."""
        asks = []
        unanswered = self._unanswered
        offered: dict[int, int] = {}
        for lane in lanes:
            room = self._room(lane.endpoint_id)
            if room.unreached >= breaker.RUN:
                room.unreached = 0  # It was held back, and is no more: another worker's probe.
            before = offered.get(lane.endpoint_id, 0)
            most = offer(room, workers=workers, free=self.free, slots=SLOTS, unanswered=unanswered)
            most -= before
            if most > 0:
                appetite = self._appetites.get(lane.id, FIRST_APPETITE)
                asks.append(Ask(lane.id, most, room.in_flight + before, appetite))
                offered[lane.endpoint_id] = before + min(most, appetite)
                unanswered += 0 if room.answered else min(most, appetite)
        return asks

    def begin_probes(self, lanes: Sequence[Lane], most: int) -> list[Lane]:
        """Those of the lanes held back whose endpoints are probed now.

        A probe may hang: all of them together have a quarter of the slots.
        """
        most = min(most, SLOTS // 4 - self._probing)
        now = time.monotonic()
        self._barren = {id: until for id, until in self._barren.items() if until > now}
        idle = [
            lane
            for lane in lanes
            if lane.id not in self._barren and not self._room(lane.endpoint_id).in_flight
        ]
        probed: list[Lane] = []
        for lane in idle:
            if len(probed) >= most:
                break
            if breaker.begin_probe(lane.endpoint_id):
                probed.append(lane)
        return probed

    def stuck(self, due: Due) -> list[int]:
        """Of the lanes with due work those where some of it must be put out of the way."""
        return [lane.id for lane in chain(due.lanes, due.probes) if lane.id in self._stuck]

    def give_back(self, probed: Sequence[Lane], taken: Taken, sent: Collection[int]) -> bool:
        """Give back the probes of lanes of which nothing is under way, not being among `sent`; True
        when there were any, for the next to have them at once. Lanes that had nothing to send leave
        them to others for a while."""
        gave = {one.lane for one in taken.claimed}
        unused = [lane for lane in probed if lane.id not in sent]
        for lane in unused:
            if lane.id not in gave:
                self._barren[lane.id] = time.monotonic() + BARREN_SECONDS
            breaker.probe_now(lane.endpoint_id)
        return bool(unused)

    def note_appetites(
        self, asks: Sequence[Ask], rooms: Sequence[tuple[int, int]], taken: Taken
    ) -> bool:
        """Remember what each lane took of its offer. True when lanes are to be asked again at once:
        one took all of its offer and has room for more, what was put aside left its room free, or
        one seems to be stuck.
        """
        if len(self._appetites) >= MOST_ROOMS:
            self._appetites, self._stuck = {}, set()
        in_order = {one.lane for one in taken.claimed if one.conversation}
        # More was there, perhaps, and its bodies would have been too much.
        is_cut = sum(len(one.body) for one in taken.claimed) >= self.free_bytes
        took = Counter(chain((one.lane for one in taken.claimed), taken.put_aside))
        most = {ask.lane: ask.most for ask in asks}
        more = bool(taken.put_aside)
        for lane, offered in rooms:
            if is_cut and took[lane] < offered:
                more = True
                continue
            self._appetites[lane] = next_appetite(offered, took[lane])
            more = more or offered <= took[lane] < most.get(lane, 0)
            if took[lane] < offered and (not took[lane] or lane in in_order):
                more = more or lane not in self._stuck
                self._stuck.add(lane)
            else:
                self._stuck.discard(lane)
        return more

    def note_sizes(self, claimed: Sequence[Claimed]) -> None:
        """Remember what the bodies of a claim have, for the size of the next."""
        if claimed:
            self._typical = sum(len(one.body) for one in claimed) // len(claimed) + 1

    def began(self, claimed: Claimed, *, is_probe: bool) -> None:
        """The request of a delivery is under way."""
        room = self._room(claimed.endpoint_id)
        room.began()
        self.in_flight += 1
        self._bytes += len(claimed.body)
        self._unanswered += 0 if room.answered else 1
        if is_probe:
            # It stays one, whatever is sent beside it once a person let the endpoint go.
            room.probing = True
            self._probing += 1

    def ended(self, claimed: Claimed, outcome: Outcome) -> None:
        """It is over. Its endpoint has more room or less, and is held back if it was out of reach
        too often, or no more if it answered."""
        endpoint_id = claimed.endpoint_id
        room = self._room(endpoint_id)
        self.in_flight -= 1
        self._bytes -= len(claimed.body)
        self._unanswered -= 0 if room.answered else 1
        room.ended(
            quickly=outcome.succeeded and outcome.duration_ms <= QUICK_MS,
            timed_out=outcome.error_kind == ErrorKind.TIMEOUT,
        )
        probing, room.probing = room.probing, False
        self._probing -= probing
        if outcome.error_kind in breaker.UNREACHED:
            room.missed(outcome.error_kind)
            if probing:
                breaker.probe_failed(endpoint_id)
            elif room.unreached == breaker.RUN:
                breaker.hold(endpoint_id, *room.unreached_kinds)
        elif outcome.status_code is not None:
            if not room.answered:
                room.answered = True
                self._unanswered -= room.in_flight
            unreached, room.unreached = room.unreached, 0
            if probing or unreached >= breaker.RUN:
                breaker.release(endpoint_id)
        elif probing:
            breaker.probe_failed(endpoint_id)

    def _room(self, endpoint_id: int) -> Room:
        room = self._rooms.get(endpoint_id)
        if room is None:
            if len(self._rooms) >= MOST_ROOMS:
                self._rooms = {id: kept for id, kept in self._rooms.items() if kept.in_flight}
            room = self._rooms[endpoint_id] = Room()
        return room
