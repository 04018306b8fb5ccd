"""A claim is dealt evenly: no place is wasted, and nobody gets more than there is room for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.dealing import Ask, Demand, deal, next_appetite, share

ASKS = st.lists(
    st.builds(
        Ask,
        webhook_id=st.just(0),
        wanted=st.integers(1, 300),
        in_flight=st.integers(0, 300),
    ),
    max_size=60,
).map(lambda asks: [Ask(n, a.wanted, a.in_flight) for n, a in enumerate(asks)])


@given(ASKS, st.integers(0, 300))
def test_no_place_is_wasted_and_no_lane_gets_more_than_it_could_take(
    asks: list[Ask], places: int
) -> None:
    dealt = dict(deal(asks, places))
    could = {ask.webhook_id: ask.wanted for ask in asks}
    assert all(0 < share <= could[lane] for lane, share in dealt.items())
    assert sum(dealt.values()) == min(places, sum(could.values()))


@given(ASKS, st.integers(0, 300))
def test_nobody_could_be_given_more_by_taking_it_from_who_has_more(
    asks: list[Ask], places: int
) -> None:
    dealt = dict(deal(asks, places))
    for poor in asks:
        share = dealt.get(poor.webhook_id, 0)
        if share < poor.wanted:
            for rich in asks:
                if dealt.get(rich.webhook_id, 0):
                    opened = rich.in_flight + dealt[rich.webhook_id]
                    assert opened <= poor.in_flight + share + 1


def test_fifty_endpoints_with_a_backlog_each_get_as_much() -> None:
    asks = [Ask(lane, 8, 0) for lane in range(50)]
    assert {share for _, share in deal(asks, 250)} == {5}


def test_a_backlog_gets_what_those_with_little_leave() -> None:
    asks = [Ask(0, 200, 0), *(Ask(lane, 1, 0) for lane in range(1, 50))]
    assert dict(deal(asks, 149))[0] == 100


def test_with_more_lanes_than_places_the_first_have_their_turn() -> None:
    asks = [Ask(lane, 8, 0) for lane in range(1000)]
    assert deal(asks, 256) == [(lane, 1) for lane in range(256)]


@pytest.mark.parametrize(("offered", "taken", "expected"), [(8, 8, 16), (8, 3, 3), (8, 0, 1)])
def test_a_lane_that_took_all_is_offered_more(offered: int, taken: int, expected: int) -> None:
    assert next_appetite(offered, taken) == expected


# ---------------------------------------------------------------- among accounts

DEMANDS = st.lists(
    st.builds(
        lambda asks, most, held, size: Demand(
            asks, most, held / 512, max(1 / 512, size / (8 << 20)), size
        ),
        ASKS,
        st.integers(0, 400),
        st.integers(0, 500),
        st.integers(1, 256 * 1024),
    ),
    max_size=12,
)


@given(DEMANDS, st.integers(0, 256), st.integers(0, 8 << 20))
def test_no_account_gets_more_than_it_could_take_and_all_of_it_fits(
    demands: list[Demand], places: int, most_bytes: int
) -> None:
    dealt = share(demands, places, most_bytes)
    assert all(0 <= count <= demand.wanted for count, demand in zip(dealt, demands, strict=True))
    assert sum(dealt) <= places
    assert sum(n * demand.size for n, demand in zip(dealt, demands, strict=True)) <= most_bytes


@given(DEMANDS, st.integers(0, 256))
def test_where_bytes_do_not_matter_no_place_is_wasted(demands: list[Demand], places: int) -> None:
    dealt = share(demands, places, 1 << 40)
    assert sum(dealt) == min(places, sum(demand.wanted for demand in demands))


@given(DEMANDS, st.integers(0, 256), st.integers(0, 8 << 20))
def test_nobody_with_a_smaller_share_could_have_what_another_got(
    demands: list[Demand], places: int, most_bytes: int
) -> None:
    dealt = share(demands, places, most_bytes)
    for poor, has in zip(demands, dealt, strict=True):
        for rich, got in zip(demands, dealt, strict=True):
            if has < poor.wanted and got and poor.size <= rich.size:
                before_its_last = rich.share + rich.unit * (got - 1)
                assert before_its_last <= poor.share + poor.unit * (has + 1) + 1e-6


def test_one_request_with_a_large_body_counts_as_many_small_ones() -> None:
    asks = [Ask(1, 300, 0)]
    small = Demand(asks, 300, 0.0, 1 / 512, 1000)
    large = Demand(asks, 300, 0.0, 16 / 512, 256 * 1024)
    few, many = share([large, small], 170, 8 << 20)
    assert (few, many) == (10, 160)
