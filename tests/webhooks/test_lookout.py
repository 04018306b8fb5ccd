"""Where a worker looks next: sweeps by account, what is new, and what is known to have more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.lookout import (
    ALL_LOST_SECONDS,
    LATE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    MOST_KEPT,
    MOST_KNOWN,
    OVERTAKEN_SECONDS,
    SWEEP_SHARE,
    Lookout,
)
from webhooks.queue import LOST_SECONDS, MOST_FRESH, MOST_LANES, MOST_RIPE, Due, Lane, Look, Ripe

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Table:
    """Ready work by account, as a look of the databases finds it."""

    def __init__(self, ready: dict[int, list[int]]) -> None:
        self.ready = {account: sorted(webhooks) for account, webhooks in ready.items()}
        self.last_id = 0

    def look(self, look: Look) -> Due:
        due = Due([], [], last_id=self.last_id)
        if look.sweep:
            accounts = sorted(one for one in self.ready if one > look.after_account)[:MOST_LANES]
            due.more_accounts = len(accounts) >= MOST_LANES
            due.most_each = max(1, look.most // max(1, len(accounts)))
            for account in accounts:
                after = look.cursors.get(account, 0)
                found = [webhook for webhook in self.ready[account] if webhook > after]
                due.swept[account] = found[: due.most_each]
        swept = {w: account for account, webhooks in due.swept.items() for w in webhooks}
        due.lanes = [Lane(w, account, w) for w, account in (swept | dict(look.known)).items()]
        return due


def step(
    lookout: Lookout, table: Table, now: float, took: float = 0.001, most: int = MOST_LANES
) -> tuple[Look, Due]:
    look = lookout.next_look(now, most)
    due = table.look(look)
    lookout.seen(look, due, now, now + took)
    return look, due


@given(
    st.dictionaries(
        st.integers(1, 1000),
        st.lists(st.integers(1, 10**6), min_size=1, max_size=700, unique=True),
        max_size=5,
    )
)
def test_a_sweep_finds_all_there_is_and_comes_to_an_end(ready: dict[int, list[int]]) -> None:
    lookout, table = Lookout(), Table(ready)
    found: set[tuple[int, int]] = set()
    for number in range(100):
        _, due = step(lookout, table, number / 100)
        found |= {(account, w) for account, webhooks in due.swept.items() for w in webhooks}
        if not lookout.is_sweeping:
            break
    assert not lookout.is_sweeping
    assert found == {(account, w) for account, webhooks in ready.items() for w in webhooks}


def test_each_look_of_a_sweep_comes_by_each_account() -> None:
    lookout, table = Lookout(), Table({1: list(range(1, 5001)), 2: [9000], 3: [9001]})
    looks = 0
    while looks == 0 or lookout.is_sweeping:
        _, due = step(lookout, table, looks / 100)
        assert due.swept[2] == [9000]
        assert due.swept[3] == [9001]
        looks += 1
    assert looks == 5000 // (MOST_LANES // 3) + 1


def test_more_accounts_than_one_look_goes_over_are_all_come_by() -> None:
    lookout, table = Lookout(), Table({account: [account] for account in range(1, 1000)})
    seen: list[int] = []
    while not seen or lookout.is_sweeping:
        seen += step(lookout, table, len(seen))[1].swept
    assert seen[:999] == list(range(1, 1000))


@pytest.mark.parametrize(("accounts", "each"), [(160, 1), (300, 1), (100, 3), (2, 150), (4, 75)])
def test_a_sweep_ends_where_all_it_found_is_gone_by_the_next_look(accounts: int, each: int) -> None:
    ready = {n: list(range(1000 * n, 1000 * n + each)) for n in range(1, accounts + 1)}
    lookout = Lookout()
    step(lookout, Table(ready), 0.0)
    looks = 0
    while lookout.is_sweeping:
        step(lookout, Table({}), 0.1)
        looks += 1
        assert looks < 3


def test_sweeps_have_a_twentieth_of_the_time() -> None:
    lookout, table = Lookout(), Table({1: [1]})
    step(lookout, table, 10.0, took=0.03)
    assert not lookout.next_look(10.03 + 0.9 * SWEEP_SHARE * 0.03).sweep
    assert lookout.next_look(10.03 + 1.1 * SWEEP_SHARE * 0.03).sweep


def test_what_a_sweep_alone_finds_waits_no_longer_than_seconds() -> None:
    lookout, table = Lookout(), Table({1: [1]})
    step(lookout, table, 0.0, took=100.0)
    assert not lookout.next_look(100.0 + LONGEST_PAUSE_SECONDS - 0.1).sweep
    assert lookout.next_look(100.0 + LONGEST_PAUSE_SECONDS).sweep
    lookout.hurry()
    assert lookout.next_look(100.1).sweep


def test_between_sweeps_it_asks_for_what_is_new_and_for_what_may_have_more() -> None:
    lookout, table = Lookout(), Table({1: [5, 6], 2: [7]})
    table.last_id = 41
    step(lookout, table, 0.0, took=0.1)
    lookout.taken({6: 1}, {})
    table.last_id = 50
    look, _ = step(lookout, table, 0.2)
    assert (look.sweep, look.fresh_after, look.known) == (False, 41, {5: 1, 7: 2})
    # Commits may overtake each other: what lies behind the largest id is looked at once more.
    look, _ = step(lookout, table, 0.2 + OVERTAKEN_SECONDS / 2)
    assert look.fresh_after == 41
    step(lookout, table, 0.3 + OVERTAKEN_SECONDS)
    look, _ = step(lookout, table, 0.3 + OVERTAKEN_SECONDS)
    assert look.fresh_after == 50


def test_what_is_known_goes_round_and_what_has_nothing_is_forgotten() -> None:
    lookout = Lookout()
    step(lookout, Table({}), 0.0, took=0.1)
    for webhook in range(1, 2 * MOST_LANES + 1):
        lookout.add(webhook, 1)
    asked = [step(lookout, Table({}), 0.2)[0].known for _ in range(3)]
    assert len(asked[0].keys() | asked[1].keys()) == 2 * MOST_LANES
    assert asked[2].keys() == asked[0].keys()
    look = lookout.next_look(0.2)
    lookout.seen(look, Due([], []), 0.2, 0.2)
    assert not lookout.next_look(0.2).known.keys() & look.known.keys()


def test_where_few_are_wanted_each_account_has_its_turn() -> None:
    lookout = Lookout()
    step(lookout, Table({}), 0.0, took=0.1)
    for webhook in range(1, 501):
        lookout.add(webhook, 1)
    lookout.add(1001, 2)
    lookout.add(1002, 3)
    asked = step(lookout, Table({}), 0.2, most=10)[0].known
    assert asked == {**dict.fromkeys(range(1, 9), 1), 1001: 2, 1002: 3}
    lookout.add(1001, 2)
    lookout.add(1002, 3)
    # Where not even each account can have one, those that had none before come first.
    some = [step(lookout, Table({}), 0.2, most=2)[0].known for _ in range(2)]
    assert [set(known.values()) for known in some] == [{1, 2}, {3, 1}]


@given(
    st.dictionaries(
        st.integers(1, 1000),
        st.lists(st.integers(1, 10**6), min_size=1, max_size=50, unique=True),
        max_size=20,
    ),
    st.integers(1, MOST_LANES),
)
def test_a_sweep_that_wants_few_at_a_time_sees_all_too(
    ready: dict[int, list[int]], most: int
) -> None:
    lookout, table = Lookout(), Table(ready)
    seen = {lane.webhook_id for lane in step(lookout, table, 0.0, most=most)[1].lanes}
    while lookout.is_sweeping:
        seen |= {lane.webhook_id for lane in step(lookout, table, 0.0, most=most)[1].lanes}
    assert seen == {webhook for webhooks in ready.values() for webhook in webhooks}


def test_a_sweep_waits_where_only_crowded_accounts_have_more() -> None:
    lookout = Lookout()
    step(lookout, Table({1: list(range(1, 1000)), 2: list(range(2001, 3000))}), 0.0)
    assert lookout.may_find_more({1})
    assert not lookout.may_find_more({1, 2})
    # There may be accounts of which nothing is known yet.
    lookout = Lookout()
    step(lookout, Table({account: [account] for account in range(1, MOST_LANES + 5)}), 0.0)
    assert lookout.may_find_more(range(1, MOST_LANES + 5))


def test_what_is_kept_is_looked_for_each_time_until_it_is_drained() -> None:
    lookout, table = Lookout(), Table({1: list(range(1, 2000))})
    lookout.keep({1: 1, 1500: 1, 5000: 2}, {1, 2})
    for _ in range(3):
        step(lookout, table, 0.0, most=10)
        assert lookout.is_sweeping
        lookout.keep({}, {1})  # The other account's is not kept any more.
    assert lookout.next_look(0.0, 10).known == {1: 1, 1500: 1}
    lookout.taken({1: 1}, {})
    assert lookout.next_look(0.0, 10).known == {1500: 1}
    lookout.keep(dict.fromkeys(range(MOST_KEPT), 1), {1})
    assert lookout.next_look(0.0, 10).known == dict.fromkeys(range(MOST_KEPT), 1)
    lookout.keep({1500: 1}, {1})
    assert lookout.next_look(0.0, 10).known == {**dict.fromkeys(range(1, MOST_KEPT), 1), 1500: 1}
    lookout.start_over()
    assert lookout.next_look(0.0, 10).known == {}


def test_more_than_it_remembers_is_left_to_a_sweep() -> None:
    lookout = Lookout()
    step(lookout, Table({}), 0.0, took=0.1)
    for webhook in range(MOST_KNOWN + 1):
        lookout.add(webhook, 1)
    assert not lookout.next_look(0.15).sweep
    assert lookout.next_look(0.2).sweep


def test_a_sweep_that_waits_for_places_hides_nothing_for_long() -> None:
    lookout, table = Lookout(), Table({1: list(range(1, 5000))})
    step(lookout, table, 0.0)
    lookout.taken({}, {5: NOON})
    step(lookout, table, 1.0)
    assert lookout.is_sweeping
    assert lookout.since(5) == NOON
    step(lookout, table, LONGEST_PAUSE_SECONDS + 0.1)
    assert lookout.is_sweeping
    assert lookout.since(5) is None


def test_more_that_is_new_than_one_look_goes_over_is_left_to_a_sweep() -> None:
    lookout = Lookout()
    step(lookout, Table({}), 0.0, took=0.1)
    look = lookout.next_look(0.2)
    lookout.seen(look, Due([], [], fresh=MOST_FRESH), 0.2, 0.2)
    assert lookout.next_look(0.2).sweep


def test_a_claim_begins_behind_what_it_took_until_the_next_sweep() -> None:
    lookout, table = Lookout(), Table({1: [5]})
    step(lookout, table, 0.0, took=0.1)
    lookout.taken({}, {5: NOON})
    assert (lookout.since(5), lookout.since(6)) == (NOON, None)
    step(lookout, table, 10.0)
    assert lookout.since(5) is None


def test_what_waited_is_looked_for_from_the_last_time_on_until_the_next_sweep() -> None:
    lookout, table = Lookout(), Table({1: [5]})
    step(lookout, table, 0.0, took=0.1)
    assert lookout.ripe_after is None
    lookout.ripened(Ripe({9: 1}, 3, NOON - timedelta(hours=1)), NOON)
    assert lookout.ripe_after == NOON - timedelta(seconds=LATE_SECONDS)
    assert 9 in lookout.next_look(0.2).known
    # There was more than that.
    lookout.ripened(Ripe({}, MOST_RIPE, NOON - timedelta(hours=1)), NOON)
    assert lookout.ripe_after == NOON - timedelta(hours=1, seconds=LATE_SECONDS)
    step(lookout, table, 10.0)
    assert lookout.ripe_after is None


def test_what_is_lost_is_looked_for_from_the_last_time_on_and_now_and_then_among_all() -> None:
    lookout = Lookout()
    assert lookout.looks_for_lost(0)
    assert lookout.lost_after is None
    lookout.found_lost(Ripe({}, 0, None), NOON, 0)
    assert not lookout.looks_for_lost(LOST_SECONDS / 2)
    assert lookout.looks_for_lost(LOST_SECONDS)
    assert lookout.lost_after == NOON - timedelta(seconds=LATE_SECONDS)
    # Somebody may have held it when it was looked for, or set the database's clock back.
    assert lookout.looks_for_lost(ALL_LOST_SECONDS)
    assert lookout.lost_after is None
