"""What one worker has in flight, by webhook, account and server: who may have more, who is held
back, who is probed.

It decides what a claim takes of each webhook, and learns from every answer. The engine's thread
alone uses it.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Final

from webhooks import breaker, probes
from webhooks.breaker import Change, To
from webhooks.dealing import FIRST_APPETITE, Ask, Demand, deal, next_appetite, share
from webhooks.limits import EXTRA, MOST_BYTES, RESERVE, SHARED_BYTES, SLOTS, Server, Usage
from webhooks.models import Endpoint, ErrorKind, HeldBack, Webhook
from webhooks.outcome import Outcome
from webhooks.queue import MOST_LANES, Claimed, Lane, Offer, Taken
from webhooks.room import FIRST, FORGOTTEN_SECONDS, QUICK_MS, RUN, Room

# Of a webhook in order of which much waits for its turn, so many are looked at in one claim.
LONG_WINDOW: Final = 256
# How long a webhook that had nothing for a probe leaves the next ones to others.
BARREN_SECONDS: Final = 1.0
MOST_ROOMS: Final = 20_000
# Servers with nothing open and no failure: nothing is known of them that another look would not
# tell.
MOST_IDLE_SERVERS: Final = 1000
# Webhooks that are looked for at least: some of those that are found may have no room.
FEW_LANES: Final = 32
# For so long after an account that has little due had a place beside one that has more than places,
# the next such event is thought to be near.
SHARED_SECONDS: Final = 10.0


class Traffic:
    """The requests of one worker that are open, and the room of each webhook."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._bytes = 0
        self._unanswered = 0
        self._probing = 0
        self._rooms: dict[int, Room] = {}
        self._servers: defaultdict[int, Server] = defaultdict(Server)
        self._accounts: defaultdict[int, Usage] = defaultdict(Usage)
        # Where the places of the last claim did not do for all: the webhook of each account, and
        # the account, that had the last ones. The next ones have theirs first.
        self._last_webhook: dict[int, int] = {}
        self._last_account = 0
        # Webhooks for which the last claim had no place; and those that were asked since a claim
        # last changed anything.
        self._left_out: set[int] = set()
        self._asked: set[int] = set()
        # Accounts with a webhook that could have had more, and for which there was no place; and
        # those of them that have places for webhooks that answer, but none for others.
        self.crowded: set[int] = set()
        self._hindered: set[int] = set()
        # So many webhooks with due work are worth looking for: where each account is crowded or all
        # of it is seen, about as many as had a place the last time.
        self.wanted_lanes = MOST_LANES
        self._offered = 0
        self._shared_until = 0.0
        self._workers = 1
        # By webhook: how much of a claim is worth offering to it.
        self._appetites: dict[int, int] = {}
        # Webhooks in order of which much waits for its turn.
        self._waiting_turn: set[int] = set()
        # By webhook that was asked for a probe and had nothing to send, or whose probe could not be
        # taken: until when (monotonic) it is not asked again.
        self._barren: dict[int, float] = {}
        # Not written down yet: see settle().
        self._changes: list[Change] = []

    @property
    def free(self) -> int:
        """How many more requests may be open now; zero or less where not even an account with few
        may have one."""
        return self._shared_slots + RESERVE

    @property
    def free_bytes(self) -> int:
        """How many bytes more the bodies of open requests may have; never none: an account with
        few open may have one more in any case."""
        return max(1, MOST_BYTES - self._bytes)

    @property
    def _shared_slots(self) -> int:
        return SLOTS - self.in_flight + min(self._unanswered, EXTRA)

    def offers(self, lanes: Sequence[Lane], workers: int, most: int) -> list[Offer]:
        """What a claim of `most` deliveries may take of each webhook with due work."""
        self._workers = workers
        by_account: dict[int, list[Lane]] = {}
        for lane in lanes:
            by_account.setdefault(lane.account_id, []).append(lane)
        self.crowded, self._hindered = set(), set()
        accounts = sorted(by_account, key=lambda account: (account <= self._last_account, account))
        demands = [self._demand(one, by_account[one], workers) for one in accounts]
        shared = min(most, max(0, self._shared_slots))
        shared_bytes = max(0, SHARED_BYTES - self._bytes)
        dealt = share(demands, shared, shared_bytes)
        reserve = min(most - sum(dealt), self._shared_slots + RESERVE - sum(dealt))
        offers: dict[int, int] = {}
        for account_id, demand, count in zip(accounts, demands, dealt, strict=True):
            usage, extra = self._accounts[account_id], 0
            if demand.wanted > count and reserve > 0:
                extra = min(reserve, demand.wanted - count, usage.few - count)
                if extra > 0:
                    reserve -= extra
            dealt_out = deal(demand.asks, count + max(0, extra))
            offers |= dict(dealt_out)
            if len(dealt_out) < len(demand.asks):
                self.crowded.add(account_id)
                self._hindered.discard(account_id)
            if dealt_out:
                self._last_account = account_id
                if len(dealt_out) < len(demand.asks):
                    self._last_webhook[account_id] = dealt_out[-1][0]
                else:
                    self._last_webhook.pop(account_id, None)
        # Of an account that may have nothing more, there is none to ask again.
        asks = chain.from_iterable(demand.asks for demand in demands if demand.wanted)
        self._left_out = {ask.webhook_id for ask in asks} - offers.keys()
        self._note_crowd(by_account, len(offers))
        return [
            self._offer(lane, offers[lane.webhook_id])
            for lane in lanes
            if lane.webhook_id in offers
        ]

    def _note_crowd(self, lanes: Mapping[int, Sequence[Lane]], offers: int) -> None:
        """How many webhooks are worth looking for, after a look that found these `lanes` of each
        account; and whether one with little due is served beside one with much."""
        others = lanes.keys() - self.crowded
        if self.crowded and others:
            self._shared_until = time.monotonic() + SHARED_SECONDS
        # What had a place a moment ago: now and then there are few.
        self._offered = max(offers, self._offered // 2)
        # A look asks for as many of each account: of one with fewer, there are no more.
        each = self.wanted_lanes // max(1, len(lanes))
        if self.crowded and all(len(lanes[account]) < each for account in others):
            self.wanted_lanes = min(MOST_LANES, max(FEW_LANES, self._offered * 17 // 16))
        elif lanes and not self.crowded and all(len(found) >= each for found in lanes.values()):
            # Each had a place, and there may be more of each account.
            self.wanted_lanes = min(MOST_LANES, max(FEW_LANES, 2 * self.wanted_lanes))
        else:
            self.wanted_lanes = MOST_LANES

    @property
    def is_shared(self) -> bool:
        """An account with little due was served a moment ago beside one with much."""
        return time.monotonic() < self._shared_until

    @property
    def hindered(self) -> frozenset[int]:
        """Accounts that have places for webhooks that answer, and none for others: there may be
        many of those, and a sweep takes long to come round."""
        return frozenset(self._hindered)

    def answers(self, webhook_id: int) -> bool:
        """A webhook that has answered this process."""
        room = self._rooms.get(webhook_id)
        return room is not None and room.answered

    def offer_of_one(self, lane: Lane) -> Offer:
        """A probe."""
        return self._offer(lane, 1)

    def _offer(self, lane: Lane, room: int) -> Offer:
        window = max(room, LONG_WINDOW) if lane.webhook_id in self._waiting_turn else room
        return Offer(lane.webhook_id, lane.account_id, room, window, lane.has_limit)

    def _demand(self, account_id: int, lanes: Sequence[Lane], workers: int) -> Demand:
        usage = self._accounts[account_id]
        asks = []
        unanswered = 0
        left_at_server: dict[int, int] = {}
        last, now = self._last_webhook.get(account_id, 0), time.monotonic()
        for lane in sorted(lanes, key=lambda lane: (lane.webhook_id <= last, lane.webhook_id)):
            room = self._room(lane, now)
            at_server = left_at_server.get(lane.endpoint_id)
            if at_server is None:
                server = self._servers[lane.endpoint_id]
                if server.run.length >= RUN:
                    server.run.end()  # It was held back, and is no more: another worker's probe.
                at_server = server.left(account_id)
            most = min(room.left(workers), at_server)
            if lane.was_asked:
                most = min(most, 1)
            if most > 0 and not room.answered:
                everybody = self._unanswered + unanswered
                most = min(most, usage.left_unanswered(room, unanswered, everybody))
                if most <= 0:
                    self.crowded.add(account_id)
                    self._hindered.add(account_id)
            if most > 0:
                wanted = min(most, self._appetites.get(lane.webhook_id, FIRST_APPETITE))
                asks.append(Ask(lane.webhook_id, wanted, room.in_flight))
                at_server -= wanted
                unanswered += 0 if room.answered else wanted
            left_at_server[lane.endpoint_id] = at_server
        return Demand(asks, usage.most, usage.share, usage.unit, usage.typical)

    # -- probes

    def begin_probes(self, lanes: Sequence[Lane], most: int) -> list[Lane]:
        """Those of the webhooks held back that are probed now: one of each server that is held.

        A probe may hang: all of them together have a quarter of the slots.
        """
        most = min(most, SLOTS // 4 - self._probing)
        now = time.monotonic()
        self._barren = {id: until for id, until in self._barren.items() if until > now}
        chosen: list[Lane] = []
        servers: set[int] = set()
        for lane in lanes:
            if len(chosen) >= most:
                break
            if lane.webhook_id in self._barren or self._room(lane, now).in_flight:
                continue
            if lane.is_server_held:
                if lane.endpoint_id in servers or self._servers[lane.endpoint_id].probing:
                    continue
                servers.add(lane.endpoint_id)
            chosen.append(lane)
        probed = probes.take(chosen)
        # Another worker was quicker, or somebody holds a row: the next one's turn.
        missed = {lane.webhook_id for lane in chosen} - {lane.webhook_id for lane in probed}
        self._barren |= dict.fromkeys(missed, now + BARREN_SECONDS)
        return probed

    def give_back(self, probed: Sequence[Lane], taken: Taken, sent: Collection[int]) -> bool:
        """Give back the probes of webhooks of which nothing is under way, not being among `sent`;
        True when there were any, for the next to have them at once. Those that sent nothing leave
        them to others for a moment."""
        moved = set(taken.put_off)
        unused = [lane for lane in probed if lane.webhook_id not in sent]
        for lane in unused:
            if lane.webhook_id not in moved:
                self._barren[lane.webhook_id] = time.monotonic() + BARREN_SECONDS
        probes.give_back(unused)
        return bool(unused)

    # -- what a claim took

    def note(
        self, offers: Sequence[Offer], asked: Sequence[Lane], taken: Taken, *, is_cut: bool
    ) -> bool:
        """Remember what each webhook took of its offer. True when webhooks are to be asked again at
        once: one took all of its offer and has room for more, what was put aside or off left its
        room free, there was no place for one, or the claim was cut (`is_cut`) where it had enough.
        """
        if len(self._appetites) >= MOST_ROOMS:
            self._appetites, self._waiting_turn = {}, set()
        took = Counter(chain((one.webhook_id for one in taken.claimed), taken.put_aside))
        waits = set(taken.put_off)
        lanes, now = {lane.webhook_id: lane for lane in asked}, time.monotonic()
        more = is_cut or bool(taken.put_aside or taken.put_off)
        if more or taken.claimed:
            self._asked.clear()
        self._asked |= {offer.webhook_id for offer in offers}
        # Whoever was asked in vain may be so again, and there need not be an end.
        more = more or not self._left_out <= self._asked
        for offer in offers:
            webhook_id = offer.webhook_id
            if webhook_id in waits:
                self._waiting_turn.add(webhook_id)
                continue
            self._waiting_turn.discard(webhook_id)
            taken_of = took.get(webhook_id, 0)
            if is_cut and taken_of < offer.room:
                continue
            self._appetites[webhook_id] = next_appetite(offer.room, taken_of)
            if not more and offer.room <= taken_of and webhook_id in lanes:
                more = self._room(lanes[webhook_id], now).left(self._workers) > 0
        self._note_sizes(taken.claimed)
        return more

    def _note_sizes(self, claimed: Sequence[Claimed]) -> None:
        sizes: defaultdict[int, list[int]] = defaultdict(list)
        for one in claimed:
            sizes[one.account_id].append(len(one.body))
        for account_id, found in sizes.items():
            self._accounts[account_id].typical = sum(found) // len(found) + 1

    def began(self, claimed: Claimed, *, is_probe: bool) -> None:
        """The request of a delivery is under way."""
        room = self._rooms.get(claimed.webhook_id) or self._new_room(
            claimed.webhook_id, claimed.generation
        )
        room.began()
        usage, server = self._accounts[claimed.account_id], self._servers[claimed.endpoint_id]
        size, unanswered = len(claimed.body), 0 if room.answered else 1
        self.in_flight += 1
        self._bytes += size
        self._unanswered += unanswered
        usage.in_flight += 1
        usage.bytes += size
        usage.unanswered += unanswered
        server.began(claimed.account_id)
        if is_probe:
            # It stays one, whatever is sent beside it once a person let the webhook go.
            room.probing = server.probing = True
            self._probing += 1

    def ended(self, claimed: Claimed, outcome: Outcome) -> None:
        """It is over. Its webhook has more room or less; it or its server is held back if nothing
        got through too often, or no more if something did."""
        room = self._rooms[claimed.webhook_id]
        usage, server = self._accounts[claimed.account_id], self._servers[claimed.endpoint_id]
        size, unanswered = len(claimed.body), 0 if room.answered else 1
        self.in_flight -= 1
        self._bytes -= size
        self._unanswered -= unanswered
        usage.in_flight -= 1
        usage.bytes -= size
        usage.unanswered -= unanswered
        server.ended(claimed.account_id)
        room.heard_at = time.monotonic()
        # What a test or a forged request comes to says little of what others would.
        counts, succeeded = not claimed.is_experiment, outcome.succeeded
        may_grow = counts and room.heard_at >= room.grows_from
        room.ended(
            succeeded=may_grow and succeeded,
            quickly=may_grow and succeeded and outcome.duration_ms <= QUICK_MS,
            timed_out=counts and not succeeded and outcome.error_kind == ErrorKind.TIMEOUT,
        )
        if outcome.status_code is not None and not room.answered:
            room.answered = True
            self._unanswered -= room.in_flight
            usage.unanswered -= room.in_flight
        probing, room.probing = room.probing, False
        self._probing -= probing
        if probing:
            server.probing = False
        if counts or probing or outcome.status_code is not None:
            self._judge(claimed, outcome, room, server, probing=probing)
        if not server.in_flight and len(self._servers) > (
            MOST_ROOMS if server.run.length else MOST_IDLE_SERVERS
        ):
            del self._servers[claimed.endpoint_id]
        if not usage.in_flight and len(self._accounts) > MOST_ROOMS:
            del self._accounts[claimed.account_id]

    def _judge(
        self, claimed: Claimed, outcome: Outcome, room: Room, server: Server, *, probing: bool
    ) -> None:
        """Hold back what nothing gets through to, and let go of what answered."""
        endpoint_id, webhook_id = claimed.endpoint_id, claimed.webhook_id
        if outcome.succeeded:
            self._got_through(claimed, room, server, probing=probing)
        elif breaker.is_of_server(outcome):
            if server.run.add(outcome.error_kind):
                self._change(Endpoint, endpoint_id, To.HOLD, *server.run.kinds)
            elif probing:
                self._change(Endpoint, endpoint_id, To.WAIT_LONGER)
                # Nothing is known of the webhook: it has the next probe of its own.
                self._change(Webhook, webhook_id, To.PROBE_NOW)
        elif breaker.is_of_webhook(outcome):
            if server.run.end() or probing:
                self._change(Endpoint, endpoint_id, To.RELEASE)
            if room.run.add(outcome.error_kind):
                self._change(Webhook, webhook_id, To.HOLD, *room.run.kinds)
            elif probing:
                self._change(Webhook, webhook_id, To.WAIT_LONGER)
        elif outcome.status_code is not None:
            self._got_through(claimed, room, server, probing=probing)
        elif probing:
            # It did not leave, or nobody knows.
            self._change(Endpoint, endpoint_id, To.WAIT_LONGER)
            self._change(Webhook, webhook_id, To.WAIT_LONGER)

    def _got_through(self, claimed: Claimed, room: Room, server: Server, *, probing: bool) -> None:
        """It was answered in HTTP, whatever the answer was."""
        if server.run.end() or probing:
            self._change(Endpoint, claimed.endpoint_id, To.RELEASE)
        if room.run.end() or probing:
            self._change(Webhook, claimed.webhook_id, To.RELEASE)
            room.limit = 1

    def _change(self, what: type[HeldBack], pk: int, to: To, *kinds: str) -> None:
        self._changes.append(Change(what, pk, to, kinds))

    def settle(self) -> None:
        """Write down what is held back and what is let go by the answers since the last time. Kept
        where that fails."""
        if self._changes:
            breaker.apply(self._changes)
            self._changes = []

    def _room(self, lane: Lane, now: float) -> Room:
        """A webhook's room, as far as what was learnt still holds."""
        room = self._rooms.get(lane.webhook_id) or self._new_room(lane.webhook_id, lane.generation)
        if room.generation != lane.generation:
            # What this worker learnt is of another URL, or of the time before a stop.
            room.generation = lane.generation
            if room.answered:
                self._unanswered += room.in_flight
                self._accounts[lane.account_id].unanswered += room.in_flight
            room.start_over()
        elif not room.in_flight and room.heard_at < now - FORGOTTEN_SECONDS:
            room.forget()
        if room.run.length >= RUN and not lane.is_held:
            room.run.end()  # It is held no more: another worker's probe.
            room.limit = 1
        if lane.asked_until is not None and not lane.was_asked:
            room.was_left_alone(lane.asked_until, now)
        return room

    def _new_room(self, webhook_id: int, generation: int) -> Room:
        if len(self._rooms) >= MOST_ROOMS:
            self._rooms = {id: kept for id, kept in self._rooms.items() if kept.in_flight}
        # One that was stopped before begins with one.
        limit = 1 if generation else FIRST
        room = self._rooms[webhook_id] = Room(limit, generation=generation)
        room.heard_at = time.monotonic()
        return room
