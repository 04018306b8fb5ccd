"""The rules of a conversation: each act in each state, with its event."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbots.chat_state import (
    LIVE_STATES,
    STEPS,
    Act,
    Fires,
    Move,
    NotPossible,
    Place,
    State,
    Way,
    answer_is_an_event,
    chatbot_answers,
    move,
    way_to_a_person,
)

VISITOR = (Act.MESSAGE, Act.START_LIVE_CHAT, Act.HAND_OVER)
AGENT = (Act.TAKE, Act.REPLY, Act.HAND_BACK, Act.END)


def walk(*acts: Act, begin: Place | None = None) -> tuple[Place, list[Fires]]:
    place, fired = begin or Place(), []
    for act in acts:
        moved = move(place, act)
        place = moved.to
        fired.append(moved.fires)
    return place, fired


def test_a_live_chat_fires_when_it_starts_and_for_the_first_message_after_that() -> None:
    place, fired = walk(
        Act.START_LIVE_CHAT, Act.MESSAGE, Act.MESSAGE, Act.REPLY, Act.MESSAGE, Act.END, Act.MESSAGE
    )
    assert fired == [Fires.LIVE_CHAT, Fires.LIVE_CHAT, *[Fires.NOTHING] * 5]
    assert place == Place(State.BOT)


def test_the_first_message_may_come_after_the_agents_reply() -> None:
    place, fired = walk(Act.START_LIVE_CHAT, Act.TAKE, Act.REPLY, Act.MESSAGE, Act.MESSAGE)
    assert fired == [
        Fires.LIVE_CHAT,
        Fires.NOTHING,
        Fires.NOTHING,
        Fires.LIVE_CHAT,
        Fires.NOTHING,
    ]
    assert place == Place(State.LIVE)


@pytest.mark.parametrize("end", [Act.HAND_BACK, Act.END])
def test_a_live_chat_that_ended_before_the_first_message_awaits_none(end: Act) -> None:
    place, fired = walk(Act.START_LIVE_CHAT, end, Act.MESSAGE)
    assert fired == [Fires.LIVE_CHAT, Fires.NOTHING, Fires.NOTHING]
    assert place == Place(State.BOT)


def test_a_handover_fires_in_every_state_and_leaves_a_person_who_talks() -> None:
    for state in State:
        moved = move(Place(state, state in LIVE_STATES), Act.HAND_OVER)
        assert moved.fires is Fires.HANDOVER
        kept = state is State.LIVE
        assert moved.to == Place(State.LIVE if kept else State.HANDED_OVER, kept)


def test_asking_again_while_waiting_is_a_message() -> None:
    for state in LIVE_STATES:
        assert STEPS[Act.START_LIVE_CHAT][state] == STEPS[Act.MESSAGE][state]


@pytest.mark.parametrize("act", AGENT)
def test_an_agent_acts_in_a_live_chat_only_and_fires_nothing(act: Act) -> None:
    for state in State:
        if state in LIVE_STATES:
            assert move(Place(state), act).fires is Fires.NOTHING
        else:
            with pytest.raises(NotPossible, match=state.value):
                move(Place(state), act)


def test_a_visitor_may_do_anything_in_every_state() -> None:
    for act in VISITOR:
        assert set(STEPS[act]) == set(State)


@given(st.lists(st.sampled_from(list(Act)), max_size=30))
def test_no_walk_fires_a_live_chat_more_than_twice_for_each_start(acts: list[Act]) -> None:
    place, starts, fired = Place(), 0, 0
    for act in acts:
        if act in AGENT and place.state not in LIVE_STATES:
            continue
        moved: Move = move(place, act)
        starts += act is Act.START_LIVE_CHAT and place.state not in LIVE_STATES
        fired += moved.fires is Fires.LIVE_CHAT
        place = moved.to
        assert not place.awaits_first or place.state in LIVE_STATES
        assert starts <= fired <= 2 * starts


def test_live_chat_is_the_first_way_to_a_person_and_on_whatsapp_the_only_one() -> None:
    def way(*, state: State = State.BOT, whatsapp: bool = False, live: bool, email: bool) -> Way:
        return way_to_a_person(state, whatsapp=whatsapp, live_chat=live, email=email)

    assert way(live=True, email=True) is Way.LIVE_CHAT
    assert way(live=False, email=True) is Way.EMAIL
    assert way(live=False, email=False) is Way.NO_WAY
    assert way(live=True, email=True, whatsapp=True) is Way.LIVE_CHAT
    assert way(live=False, email=True, whatsapp=True) is Way.NO_WAY
    for state in LIVE_STATES:
        assert way(state=state, live=False, email=True) is Way.ON_ALREADY


def test_the_chatbot_is_silent_in_a_live_chat_unless_a_program_asks_it() -> None:
    for state in State:
        assert chatbot_answers(state, through_api=True)
        assert chatbot_answers(state, through_api=False) == (state not in LIVE_STATES)


def test_whatsapp_is_neither_the_api_nor_the_main_chat() -> None:
    assert answer_is_an_event(whatsapp=False, through_api=False)
    assert answer_is_an_event(whatsapp=True, through_api=True)
    assert not answer_is_an_event(whatsapp=True, through_api=False)
