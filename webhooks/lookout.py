"""Where a worker looks for ready work next. Pure: knows no Django.

A sweep goes from account to account, and from webhook to webhook in each: it finds whatever is
there, and costs what is ready. But PostgreSQL steps over the dead entries of an index, too, and
while a transaction is open elsewhere (a dump, a report) nobody may clear those away: after 100,000
deliveries a sweep takes 30 ms. So sweeps have a twentieth of the time. In between a look asks for
what has a larger id than the last that was seen, and for the webhooks that are known to have more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from webhooks.queue import (
    LEASE_SECONDS,
    LOST_SECONDS,
    MOST_FRESH,
    MOST_LANES,
    MOST_RIPE,
    Due,
    Look,
    Ripe,
)

# A sweep that took a millisecond is made again after 20.
SWEEP_SHARE = 20
# What a sweep alone finds (a person's resend, a commit that was overtaken) waits no longer.
LONGEST_PAUSE_SECONDS = 5.0
# Commits may overtake each other for so long: what is larger than the largest id of that time is
# looked at again.
OVERTAKEN_SECONDS = 0.1
# Deliveries whose time has come may be committed with a due time so long ago.
LATE_SECONDS = 2.0
# What somebody held when it was looked for as lost is not there for a look that goes on from the
# last one. All that is in hand is looked at again as often as a lease runs out.
ALL_LOST_SECONDS = float(LEASE_SECONDS)
MOST_KNOWN = 1000
# Where more is ready than can be remembered, a sweep is made so long after the last one.
OVERFULL_SECONDS = 0.1
# Webhooks that are looked for in each look, also while a sweep is under way.
MOST_KEPT = 64


@dataclass(slots=True)
class Lookout:
    """What one worker knows of where ready work is. Moments are its own monotonic seconds."""

    # The sweep under way, which may take several looks: where it goes on, by account; and the
    # accounts that it has been through.
    _after_account: int = 0
    _cursors: dict[int, int] = field(default_factory=dict)
    _been_through: set[int] = field(default_factory=set)
    _swept_seconds: float = 0.0
    _next_sweep_at: float = 0.0
    _swept_at: float = 0.0
    _forgot_at: float = 0.0
    # The largest ids, and when they were seen.
    _last_ids: deque[tuple[float, int]] = field(default_factory=deque)
    # By account, webhooks that may have more ready than was taken. What was looked at last comes
    # last.
    _known: dict[int, dict[int, None]] = field(default_factory=dict)
    _number_known: int = 0
    # Those of them that are looked for each time, with their accounts.
    _kept: dict[int, int] = field(default_factory=dict)
    # Nothing of a webhook that was due before is there any more.
    _since: dict[int, datetime] = field(default_factory=dict)
    _ripe_after: datetime | None = None
    _lost_after: datetime | None = None
    _next_lost_at: float = 0.0
    _all_lost_at: float = 0.0

    @property
    def is_sweeping(self) -> bool:
        """A sweep is under way."""
        return bool(self._after_account or self._cursors)

    def may_find_more(self, crowded: Collection[int]) -> bool:
        """Whether the sweep under way goes on to other accounts, or to more webhooks of one that
        is not `crowded`: for what it would find of those there is no place now."""
        return bool(self._after_account) or not self._cursors.keys() <= set(crowded)

    def hurry(self) -> None:
        """Sweep as soon as may be."""
        self._next_sweep_at = self._next_lost_at = 0.0

    def start_over(self) -> None:
        """Nothing is known: sweep now."""
        self._after_account = 0
        self.hurry()
        self._lost_after = None
        self._cursors, self._known, self._number_known = {}, {}, 0
        self._been_through, self._kept = set(), {}
        self._forget()

    def next_look(self, now: float, most: int = MOST_LANES) -> Look:
        """What to look for at this moment; `most` webhooks are enough."""
        is_due = self.is_sweeping or now >= self._next_sweep_at
        if is_due and (not self.is_sweeping or now >= self._forgot_at + LONGEST_PAUSE_SECONDS):
            # A sweep that waits for places, too, does not hide for longer what was due before.
            self._forgot_at = now
            self._forget()
        fresh_after = None
        if self._last_ids and (not is_due or self.is_sweeping):
            fresh_after = self._last_ids[0][1]
        return Look(
            sweep=is_due,
            after_account=self._after_account,
            cursors=dict(self._cursors),
            fresh_after=fresh_after,
            known=self._kept | ({} if is_due else self._some_known(most)),
            ripe_after=self._ripe_after,
            most=most,
        )

    def _some_known(self, most: int) -> dict[int, int]:
        """Up to `most` that are known, of each account in turn; these accounts come last the next
        time."""
        some: dict[int, int] = {}
        turns = [(account, iter(webhooks)) for account, webhooks in self._known.items()]
        del turns[most:]
        for account, _ in turns:
            self._known[account] = self._known.pop(account)
        while turns and len(some) < most:
            left = []
            for account, webhooks in turns:
                if len(some) < most and (webhook := next(webhooks, None)) is not None:
                    some[webhook] = account
                    left.append((account, webhooks))
            turns = left
        return some

    def _forget(self) -> None:
        """A sweep sees all there is."""
        self._since, self._ripe_after = {}, None

    def seen(self, look: Look, due: Due, began: float, now: float) -> None:
        """Remember what a look found that took from `began` to `now`."""
        self._note_ids(due, now)
        if look.sweep:
            self._note_sweep(look, due, began, now)
        elif due.fresh >= MOST_FRESH:
            self._next_sweep_at = now  # There is more than these.
        for webhook_id, account_id in look.known.items():
            self._forget_known(webhook_id, account_id)  # Unless it is found again.
        for lane in (*due.lanes, *due.probes, *due.later):
            self.add(lane.webhook_id, lane.account_id)

    def _note_ids(self, due: Due, now: float) -> None:
        self._last_ids.append((now, due.last_id))
        while len(self._last_ids) > 1 and self._last_ids[1][0] < now - OVERTAKEN_SECONDS:
            self._last_ids.popleft()

    def _note_sweep(self, look: Look, due: Due, began: float, now: float) -> None:
        self._swept_seconds += now - began
        last = max(due.swept) if due.more_accounts else None
        for account in self._cursors.keys() - due.swept.keys():
            # It was come by, and has nothing ready any more.
            if account > look.after_account and (last is None or account <= last):
                del self._cursors[account]
                self._been_through.add(account)
        for account, webhooks in due.swept.items():
            if len(webhooks) >= due.most_each:
                self._cursors[account] = webhooks[-1]
            else:
                self._cursors.pop(account, None)
                self._been_through.add(account)
        self._after_account = last or 0
        # An account may have more by now; but it had its turn.
        if not self._after_account and self._cursors.keys() <= self._been_through:
            self._cursors = {}
        if not self.is_sweeping:
            pause = min(SWEEP_SHARE * self._swept_seconds, LONGEST_PAUSE_SECONDS)
            self._next_sweep_at, self._swept_at = now + pause, now
            self._swept_seconds, self._been_through = 0.0, set()

    def add(self, webhook_id: int, account_id: int) -> None:
        """A webhook has ready work."""
        known = self._known.get(account_id, {})
        if webhook_id in known:
            return
        if self._number_known >= MOST_KNOWN:
            # A sweep remembers for us.
            self._next_sweep_at = min(self._next_sweep_at, self._swept_at + OVERFULL_SECONDS)
            return
        known[webhook_id] = None
        self._known[account_id] = known
        self._number_known += 1

    def _forget_known(self, webhook_id: int, account_id: int) -> None:
        known = self._known.get(account_id, {})
        if webhook_id in known:
            del known[webhook_id]
            self._number_known -= 1
            if not known:
                del self._known[account_id]

    def taken(self, drained: Mapping[int, int], until: Mapping[int, datetime]) -> None:
        """Nothing more of the `drained` is ready, each with its account. Of the webhooks in `until`
        nothing is left that was due before."""
        for webhook_id, account_id in drained.items():
            self._forget_known(webhook_id, account_id)
            self._kept.pop(webhook_id, None)
        self._since.update(until)

    def keep(self, more: Mapping[int, int], accounts: Collection[int]) -> None:
        """Look each time for these webhooks that have `more` ready, each with its account, and for
        those that were kept before and are of these `accounts`: there are too many others of them
        for a sweep to come round soon. The last MOST_KEPT, until they are drained."""
        left = {one: of for one, of in self._kept.items() if of in accounts and one not in more}
        self._kept = dict([*left.items(), *more.items()][-MOST_KEPT:])

    def since(self, webhook_id: int) -> datetime | None:
        """From when on ready work of a webhook is to be looked for; None: all of it."""
        return self._since.get(webhook_id)

    @property
    def ripe_after(self) -> datetime | None:
        """What waits for a time and was due before is ready; None: all is to be looked at."""
        return self._ripe_after

    def ripened(self, ripe: Ripe, now: datetime) -> None:
        """What waited for a time has been made ready: all of it by `now`, the database's time, or
        the first MOST_RIPE."""
        self._ripe_after = _after(ripe, now)
        self._add_all(ripe)

    def looks_for_lost(self, now: float) -> bool:
        """Whether it is time to look for what lost workers had in hand."""
        if now >= self._all_lost_at:
            self._lost_after, self._all_lost_at = None, now + ALL_LOST_SECONDS
        return now >= self._next_lost_at

    @property
    def lost_after(self) -> datetime | None:
        """What was lost and whose lease ran out before is ready; None: all is to be looked at."""
        return self._lost_after

    def found_lost(self, ripe: Ripe, now: datetime, at: float) -> None:
        """What was lost has been made ready, all of it by `now`, or the first MOST_RIPE."""
        self._lost_after = _after(ripe, now)
        self._next_lost_at = at if ripe.number >= MOST_RIPE else at + LOST_SECONDS
        self._add_all(ripe)

    def _add_all(self, ripe: Ripe) -> None:
        for webhook_id, account_id in ripe.webhooks.items():
            self.add(webhook_id, account_id)


def _after(ripe: Ripe, now: datetime) -> datetime:
    """Whence to look the next time."""
    moment = ripe.until if ripe.number >= MOST_RIPE and ripe.until else now
    return moment - timedelta(seconds=LATE_SECONDS)
