"""The engine: claims what is due, has it sent, records what became of it; until nothing is left.

One run per process at a time. The thread that runs it talks to the database; the transport's
thread moves sockets; between them stand two queues, so that neither waits for the other. Free
slots are refilled while others are in flight: no request waits for the slowest of a batch.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Collection, Sequence

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from webhooks import presence, queue
from webhooks.clock import DatabaseClock
from webhooks.lookout import Lookout
from webhooks.models import ErrorKind, Webhook, WebhookStatus
from webhooks.outcome import TOTAL_SECONDS, Outcome
from webhooks.queue import MOST_LANES, Claimed, Due, Finished, Success, drained
from webhooks.recording import Recording
from webhooks.row_locks import RowHeld
from webhooks.signed_request import NotSent, Sent, Ways, request_for
from webhooks.socket_watch import SocketWatch, end_process
from webhooks.successes import Successes
from webhooks.traffic import Traffic
from webhooks.transfer import Request
from webhooks.transport import Transport
from webhooks.verdict import finished, log_failures

logger = logging.getLogger(__name__)

# Deliveries of one claim, by database. On PostgreSQL the requests of one claim are under way while
# the next is made, and a larger one waits for its answers; on SQLite all is this thread's own work.
# Measured: docs/architecture.md.
MOST_CLAIMED = {"postgresql": 128, "sqlite": 256}
# Of one claim where an account with little due is served beside one with much: an event waits for
# the claim under way and its recording, and for its own.
MOST_BESIDE_OTHERS = 64
# How long a run stays after its last work or wake-up, so that the next one finds it warm. Longer
# than a sweep's period: where there are sweeps, it never ends.
LINGER_SECONDS = 1.5
# How often a run looks by itself while requests are in flight.
LOOK_SECONDS = 0.25
# Looks that find so many deliveries are at least so far apart: each look, claim and recording costs
# about as much for one delivery as for ten, and what it costs, those who bring events would miss.
BUSY = 4
PACE_SECONDS = 0.02
# What was ready by its time, and could not be made so, is looked for again after so long.
HELD_SECONDS = 0.05
DATABASE_RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
# After the server crashed, nobody claims for so long: longer than the longest pause between two
# tries, so that by then every worker has made those of its claims stand that the crash has undone.
GRACE_SECONDS = DATABASE_RETRY_SECONDS[-1] + 1.0
# A worker that was just started cannot know whether there was a crash that others have not got over
# yet. Where the server has run for so long, there was none.
SETTLED_SECONDS = 60.0


class Engine:
    """All state of the deliveries in one process's hand."""

    def __init__(self) -> None:
        self._running = threading.Lock()
        self._bell = threading.Event()
        self._poked = False
        self._stopping = False
        self._transport: Transport | None = None
        self._watch: SocketWatch | None = None
        self._answers: deque[tuple[Request, Outcome]] = deque()
        self._recording = Recording()
        # Claimed so long ago that they must not leave any more.
        self._late: list[Claimed] = []
        # By delivery: claimed, and not recorded yet. In doubt once the database was away.
        self._in_hand: dict[int, Claimed] = {}
        self._in_doubt = True
        # The life of the database's server in which this worker claimed last; "" before the first.
        self._life = ""
        self._claims_from = 0.0
        self._traffic = Traffic()
        self._successes = Successes()
        self._clock = DatabaseClock()
        self._name = presence.name()
        self._reported_at = -presence.REPORT_SECONDS
        self._alive_at = -presence.IDLE_REPORT_SECONDS
        self._workers = 1
        self._lookout = Lookout()
        # When the last sweep that saw all began.
        self._sweep_began = self._swept_at = 0.0
        self._next_due_at: float | None = None
        self._looked_at = 0.0
        self._found = 0
        self._found_at = -PACE_SECONDS

    # -- any thread

    def run(self) -> None:
        """Deliver until nothing is due. If a run is under way here, poke it and return at once."""
        while True:
            self._poked = True
            self._bell.set()
            if not self._running.acquire(blocking=False):
                return
            try:
                self._work()
            finally:
                self._running.release()
            # A poke between the run's last look and the release found the lock taken.
            if not self._poked or self._stopping:
                return

    def stop(self) -> None:
        """Claim no more; what is in flight is finished and recorded, ten seconds at most."""
        self._stopping = True
        self._bell.set()

    def leave(self) -> None:
        """On the way out: the other workers need not wait until this one is missed."""
        if self._alive_at > 0:
            presence.leave(self._name)

    # -- the socket thread

    def _answered(self, request: Request, outcome: Outcome) -> None:
        self._answers.append((request, outcome))
        # Setting it takes a lock; while it is set, the answers have not been looked at yet.
        if not self._bell.is_set():
            self._bell.set()

    # -- the running thread

    def _work(self) -> None:
        if self._transport is None:
            self._transport = Transport(self._answered, ca_file=settings.ENDPOINT_CA_FILE)
            self._watch = SocketWatch(self._transport)
        self._in_doubt = True  # Nobody knows what happened since the last run.
        self._lookout.hurry()
        busy_until = time.monotonic() + LINGER_SECONDS
        stop_by: float | None = None
        failures = 0
        while True:
            self._bell.clear()
            poked, self._poked = self._poked, False
            saw_all, in_grace = True, False
            try:
                if self._in_doubt:
                    self._make_sure(was_away=failures > 0)
                self._record()
                in_grace = time.monotonic() < self._claims_from
                if not self._stopping and not in_grace:
                    saw_all = self._claim()
                self._tell()
                failures = 0
            except (OperationalError, InterfaceError) as error:
                pause = DATABASE_RETRY_SECONDS[min(failures, len(DATABASE_RETRY_SECONDS) - 1)]
                if failures in (0, 10, 100):
                    logger.warning("The database does not answer; deliveries wait: %s", error)
                failures += 1
                self._in_doubt = True
                connection.close()
                self._bell.wait(pause) if not self._stopping else time.sleep(pause)
            if self._watch and self._watch.is_lost(in_flight=bool(self._traffic.in_flight)):
                end_process()  # What came back before is recorded.
            now = time.monotonic()
            if self._stopping:
                stop_by = stop_by or now + TOTAL_SECONDS + 2
                if now >= stop_by:
                    return  # The database is away. The leases run out and others take over.
            is_busy = poked or self._is_at_work or bool(self._successes)
            if self._stopping and not is_busy:
                return
            if is_busy or self._is_due_soon(now):
                busy_until = now + LINGER_SECONDS
            # A loaded database may take longer than that: only a sweep made later says that all is
            # done.
            elif saw_all and not in_grace and self._swept_at >= busy_until:
                return
            if saw_all and not failures and (self._is_at_work or not self._successes):
                self._wait(busy_until - now)

    @property
    def _is_at_work(self) -> bool:
        return bool(self._traffic.in_flight or self._recording or self._late or self._answers)

    def _is_due_soon(self, now: float) -> bool:
        return self._next_due_at is not None and self._next_due_at < now + LINGER_SECONDS

    def _wait(self, linger_seconds: float) -> None:
        seconds = LOOK_SECONDS if self._traffic.in_flight else max(0.0, linger_seconds)
        now = time.monotonic()
        if now < self._claims_from:
            seconds = self._claims_from - now
        elif self._next_due_at is not None and self._traffic.free > 0:
            seconds = min(seconds, max(0.001, self._next_due_at - now))
        if now < self._found_at + PACE_SECONDS:
            # Where something came, more comes; those who bring much ring seldom (waker.py).
            seconds = min(seconds, self._found_at + PACE_SECONDS - now)
        self._bell.wait(seconds)
        ahead = self._looked_at + PACE_SECONDS - time.monotonic()
        if self._found >= BUSY and ahead > 0 and not self._stopping:
            time.sleep(ahead)

    def _make_sure(self, *, was_away: bool) -> None:
        """Make what this worker has in hand stand. If claims may have been undone, leave the other
        workers time to do the same before claiming anything."""
        present = queue.present()
        life, seconds = present.life()
        if self._in_hand:
            present.claim_again(self._in_hand.values())
        may_be_new = self._life or was_away or seconds < SETTLED_SECONDS
        if life != self._life and may_be_new:
            self._claims_from = time.monotonic() + GRACE_SECONDS
            self._lookout.start_over()
        self._life, self._in_doubt = life, False

    def _claim(self) -> bool:
        """Take what there is room for, and have it sent. False when more is to be looked at now."""
        traffic, lookout = self._traffic, self._lookout
        if traffic.free <= 0:
            self._report(idle=False)
            return True
        most_claimed = MOST_BESIDE_OTHERS if traffic.is_shared else MOST_CLAIMED[connection.vendor]
        limit = min(traffic.free, most_claimed)
        most = traffic.wanted_lanes
        if time.monotonic() >= self._looked_at + LOOK_SECONDS:
            most = MOST_LANES  # Nobody waits for what this look takes longer.
        due = self._look(most)
        more = self._ripen(due)
        self._report(idle=not due.lanes)
        probed = traffic.begin_probes(due.probes, limit)
        offers = traffic.offers(due.lanes, self._workers, limit - len(probed))
        offers += [traffic.offer_of_one(lane) for lane in probed]
        if offers:
            offers = [one._replace(since=lookout.since(one.webhook_id)) for one in offers]
            leave_by = time.monotonic() + queue.LEAVE_SECONDS
            taken = queue.present().claim(offers, limit, traffic.free_bytes)
            self._in_hand |= {one.delivery_id: one for one in taken.claimed}
            self._found = len(taken.claimed)
            if self._found:
                self._found_at = self._looked_at
            is_cut = len(taken.claimed) >= limit or taken.bytes >= traffic.free_bytes
            gone = {} if is_cut else drained(offers, taken)
            lookout.taken(gone, taken.until)
            more |= traffic.note(offers, due.lanes, taken, is_cut=is_cut)
            # When the next of a webhook with a rate limit may leave is to be found out.
            limited = {one.webhook_id for one in offers if one.has_limit}
            more |= any(one.webhook_id in limited for one in taken.claimed)
            probes = {lane.webhook_id: lane.endpoint_id for lane in probed}
            sent = self._send(taken.claimed, probes, leave_by)
            self._keep(taken.claimed, gone)
            # Only now: what is claimed is sent, whatever the database does.
            more |= traffic.give_back(probed, taken, sent)
        # It had looked for few, and there was a place for more.
        more |= most < traffic.wanted_lanes
        if not (more or lookout.may_find_more(traffic.crowded)):
            return True
        return traffic.free <= 0

    def _keep(self, claimed: Sequence[Claimed], gone: Collection[int]) -> None:
        """Look for those webhooks again the next time that have more than was `claimed`, where
        what hangs of the same account hides them from the sweep."""
        accounts = self._traffic.hindered
        more = {
            one.webhook_id: one.account_id
            for one in claimed
            if one.account_id in accounts
            and one.webhook_id not in gone
            and self._traffic.answers(one.webhook_id)
        }
        self._lookout.keep(more, accounts)

    def _look(self, most: int) -> Due:
        lookout, began = self._lookout, time.monotonic()
        is_new = not lookout.is_sweeping
        look = lookout.next_look(began, most)
        if look.sweep and is_new:
            self._sweep_began, self._next_due_at = began, None
        self._looked_at, self._found = began, 0
        due = queue.present().look(look)
        now = time.monotonic()
        lookout.seen(look, due, began, now)
        if look.sweep and not lookout.is_sweeping:
            self._swept_at = self._sweep_began
        if due.now is not None:
            self._clock.read(due.now)
        if self._next_due_at is not None and self._next_due_at <= now:
            self._next_due_at = None
        for seconds in (due.next_seconds, due.ripe_seconds):
            if seconds is not None:
                self._next_due_at = min(now + seconds, self._next_due_at or now + seconds)
        return due

    def _ripen(self, due: Due) -> bool:
        """Make ready what waited for a time that has come, and what lost workers had in hand; True
        when there was any."""
        lookout, number, at = self._lookout, 0, time.monotonic()
        if due.ripe_seconds is not None and due.ripe_seconds <= 0:
            ripe = queue.present().ripen(lookout.ripe_after)
            lookout.ripened(ripe, self._clock.now())
            number += ripe.number
            if not ripe.number:
                # Somebody holds it.
                self._next_due_at = max(self._next_due_at or 0.0, at + HELD_SECONDS)
        if lookout.looks_for_lost(at):
            lost = queue.present().ripen_lost(lookout.lost_after)
            lookout.found_lost(lost, self._clock.now(), at)
            number += lost.number
        return number > 0

    def _report(self, *, idle: bool) -> None:
        """Say that this worker runs. With work, also tell the others of it, and count them."""
        now = time.monotonic()
        if not idle and now - self._reported_at >= presence.REPORT_SECONDS:
            self._reported_at = self._alive_at = now
            self._workers = presence.report(self._name)
        elif now - self._alive_at >= presence.IDLE_REPORT_SECONDS:
            self._alive_at = now
            presence.report_idle(self._name)

    def _send(
        self, claimed: Sequence[Claimed], probes: dict[int, int], leave_by: float
    ) -> set[int]:
        """Have them sent, by `leave_by`; `probes` are the servers that are probed, by webhook.
        Returns the webhooks of which something is under way."""
        requests, sent_to = [], set()
        ways = Ways()
        for one in _few_first(claimed):
            sent = Sent(one, self._clock.now())
            try:
                request = request_for(sent, ways)
            except NotSent as problem:
                self._recording.add(
                    finished(sent, "", b"", Outcome(0, error_kind=problem.kind, error=str(problem)))
                )
                continue
            # A webhook may lead to another server since the look.
            self._traffic.began(one, is_probe=probes.get(one.webhook_id) == one.endpoint_id)
            request.leave_by = leave_by
            requests.append(request)
            sent_to.add(one.webhook_id)
        if requests and self._transport is not None:
            self._transport.submit(requests)
        if self._recording:
            self._bell.set()
        return sent_to

    def _record(self) -> None:
        """Write down what came back. What cannot be written now is kept for the next time."""
        while self._answers:
            request, outcome = self._answers.popleft()
            sent: Sent = request.key
            if outcome.is_late:
                self._late.append(sent.claimed)
                self._traffic.ended(sent.claimed, outcome)
                continue
            # A request that was refused an address never left.
            head = b"" if outcome.error_kind == ErrorKind.REFUSED_ADDRESS else request.head()
            try:
                self._recording.add(finished(sent, request.destination.url, head, outcome))
            finally:  # Whatever becomes of it, its slot is free again.
                self._traffic.ended(sent.claimed, outcome)
        self._traffic.settle()
        self._give_back()
        for chunk, were_held in self._recording.chunks():
            self._recording.wrote(chunk, self._write(chunk, were_held=were_held))

    def _write(self, finished: Sequence[Finished], *, were_held: bool) -> list[Finished]:
        """Write down what became of these; returns those that somebody else holds, for later."""
        held_gone = self._disable_gone(finished)
        left = [one for one in finished if held_gone and _gone(one) in held_gone]
        ready = [one for one in finished if one not in left] if left else finished
        if left:
            queue.present().renew([one.claimed for one in left])
        self._say(self._successes.of_failing(ready))
        held, followed = queue.present().record(ready, were_held=were_held)
        left += held
        for webhook_id, account_id in followed.items():
            self._lookout.add(webhook_id, account_id)
            self._bell.set()
        written = [one for one in ready if one not in held] if held else ready
        self._successes.note(written)
        for one in written:
            self._in_hand.pop(one.claimed.delivery_id, None)
        log_failures(written)
        return left

    def _give_back(self) -> None:
        """Make due again what was too late to leave: its lease would run out under way."""
        if self._late:
            queue.present().give_back(self._late)
            logger.warning("%s deliveries were claimed too long ago to leave", len(self._late))
            for one in self._late:
                self._in_hand.pop(one.delivery_id, None)
            self._late = []

    def _tell(self) -> None:
        """Have the webhooks' rows say that they succeed, when there is nothing else to do."""
        self._say(self._successes.to_tell(idle=not self._is_at_work))

    def _say(self, successes: Sequence[Success]) -> None:
        if successes:
            self._successes.told(successes, queue.present().tell(successes))

    def _disable_gone(self, finished: Sequence[Finished]) -> set[tuple[int, int]]:
        """Disable the webhooks that answered 410, each once; returns those whose rows somebody
        holds: their deliveries would be due again at once."""
        held = set()
        for webhook_id, generation in sorted(set(filter(None, map(_gone, finished)))):
            try:
                self._disable(webhook_id, generation)
            except RowHeld:
                held.add((webhook_id, generation))
        return held

    def _disable(self, webhook_id: int, generation: int) -> None:
        """Disable a webhook that answered 410, if it is still what it was."""
        from webhooks import subscriptions

        webhook = Webhook.objects.filter(
            pk=webhook_id, generation=generation, status=WebhookStatus.ACTIVE
        ).first()
        if webhook and subscriptions.disable_if(
            webhook,
            "Its endpoint answered 410 Gone.",
            lambda row: row.generation == generation,
        ):
            logger.warning("Webhook %s was disabled: %s", webhook.pk, webhook.status_reason)


def _few_first(claimed: Sequence[Claimed]) -> Sequence[Claimed]:
    """Those of accounts with little in this claim before those of accounts with much: they wait
    for little, and the others hardly longer."""
    number = Counter(one.account_id for one in claimed)
    if len(number) < 2:
        return claimed
    return sorted(claimed, key=lambda one: number[one.account_id])


def _gone(one: Finished) -> tuple[int, int] | None:
    """The webhook that answered 410, and the generation of which that tells; None for another
    answer, and for one to an experiment."""
    if not one.outcome.says_gone or one.claimed.is_experiment:
        return None
    return one.claimed.webhook_id, one.claimed.generation


_engine = Engine()


def run() -> None:
    """Deliver what is due in this process; return at once if a run is under way here."""
    _engine.run()


def on_worker_shutting_down(**_: object) -> None:
    _engine.stop()


def stop() -> None:
    """Let this process's run finish what is in flight, and claim no more."""
    _engine.stop()


def leave() -> None:
    """Tell the other workers that this process delivers no more."""
    _engine.leave()
