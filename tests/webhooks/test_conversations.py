"""Order over all webhooks of a chatbot that lead to one URL, whatever is given up or resent."""

from __future__ import annotations

import contextlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chatbots import events
from chatbots.models import Account, Chatbot, Event, EventSource, Plan
from tests.receiver import Receiver
from tests.webhooks.due import claim_all, claim_of, finish, let_time_pass, look
from webhooks import outbox, queue, recovery, replay, subscriptions, upkeep
from webhooks.engine import Engine
from webhooks.models import Delivery, Webhook
from webhooks.queue import Due, Look

pytestmark = pytest.mark.django_db(transaction=True)

TYPES = ["USER_MESSAGE_SENT", "LIVE_CHAT_INITIATED"]
URL = "https://hooks.example.com/here"


def add(chatbot: Chatbot, event: str, url: str = URL) -> Webhook:
    return subscriptions.create(
        chatbot, url=url, event=event, secret="s3cret-s3cret", ordered=True
    )[0]


def happen(chatbot: Chatbot, type_: str, chatlog: str) -> Event:
    data = events.lay_over(type_, chatbot, {"chatlogId": chatlog})
    event = events.build(chatbot, type_, data, source=EventSource.API)
    event.save(force_insert=True)
    outbox.fan_out([event])
    return event


def first_waits_for_its_retry(chatbot: Chatbot) -> Webhook:
    """Two webhooks to one URL and a delivery of one conversation for each; the first has failed.

    Gives the first one's webhook.
    """
    message = add(chatbot, TYPES[0])
    add(chatbot, TYPES[1])
    happen(chatbot, TYPES[0], "a")
    happen(chatbot, TYPES[1], "a")
    (first,) = claim_all()
    queue.present().record([finish(first, "pending", delay_seconds=60)])
    return message


def ids() -> list[int]:
    return sorted(one.delivery_id for one in claim_all())


def all_ids() -> list[int]:
    return list(Delivery.objects.order_by("pk").values_list("pk", flat=True))


def test_what_two_webhooks_send_to_one_url_keeps_its_order(chatbot: Chatbot) -> None:
    message, live_chat = (add(chatbot, type_) for type_ in TYPES)
    happen(chatbot, TYPES[0], "a")
    happen(chatbot, TYPES[1], "a")
    first, second = all_ids()
    claimed = claim_all()
    assert [(one.delivery_id, one.webhook_id) for one in claimed] == [(first, message.pk)]
    assert claim_all() == []
    queue.present().record([finish(one, "pending", delay_seconds=60) for one in claimed])
    assert claim_all() == []
    let_time_pass(61)
    again = claim_all()
    queue.present().record([finish(one) for one in again])
    assert [(one.delivery_id, one.webhook_id) for one in claim_all()] == [(second, live_chat.pk)]


def test_the_same_url_spelt_otherwise_is_the_same(chatbot: Chatbot) -> None:
    add(chatbot, TYPES[0])
    add(chatbot, TYPES[1], "HTTPS://HOOKS.example.com:443/here")
    for type_ in TYPES:
        happen(chatbot, type_, "a")
    assert ids() == all_ids()[:1]


@pytest.mark.parametrize("other", ["another URL", "another chatbot", "another conversation"])
def test_what_leads_elsewhere_or_is_of_another_conversation_does_not_wait(
    chatbot: Chatbot, other: str
) -> None:
    second = chatbot
    if other == "another chatbot":
        second = Chatbot.objects.create(account=chatbot.account, name="Other")
    add(chatbot, TYPES[0])
    add(second, TYPES[1], URL + "/2" if other == "another URL" else URL)
    happen(chatbot, TYPES[0], "a")
    happen(second, TYPES[1], "b" if other == "another conversation" else "a")
    assert ids() == all_ids()


def test_what_waits_for_a_disabled_webhook_lets_the_others_pass(chatbot: Chatbot) -> None:
    message = first_waits_for_its_retry(chatbot)
    held, waiting = all_ids()
    subscriptions.disable(message, "x")
    assert ids() == [waiting]
    subscriptions.enable(message)
    assert ids() == [held]


def test_a_webhook_that_is_deleted_is_in_nobodys_way(chatbot: Chatbot) -> None:
    message = first_waits_for_its_retry(chatbot)
    subscriptions.delete(message)
    assert ids() == all_ids()[1:]


def test_a_webhook_that_leads_elsewhere_now_is_in_nobodys_way(chatbot: Chatbot) -> None:
    message = first_waits_for_its_retry(chatbot)
    subscriptions.update(message, url="https://elsewhere.example.com/")
    assert ids() == all_ids()[1:]


def test_one_that_is_resent_holds_up_nobody_for_good(chatbot: Chatbot) -> None:
    """Given up, resent while the next waits for its own retry, which comes due meanwhile."""
    add(chatbot, TYPES[0])
    for _ in range(2):
        happen(chatbot, TYPES[0], "a")
    first, second = all_ids()
    queue.present().record([finish(one, "failed") for one in claim_all()])
    queue.present().record([finish(one, "pending", delay_seconds=5) for one in claim_all()])
    replay.resend(Delivery.objects.get(pk=first))
    (again,) = claim_all()
    queue.present().record([finish(again, "pending", delay_seconds=60)])
    let_time_pass(6)
    assert claim_all() == []
    assert look().lanes == []  # It costs no look while it waits.
    let_time_pass(60)
    (again,) = claim_all()
    assert again.delivery_id == first
    queue.present().record([finish(again)])
    assert ids() == [second]


def test_what_is_put_aside_is_in_nobodys_way(chatbot: Chatbot) -> None:
    message = first_waits_for_its_retry(chatbot)
    assert claim_all() == []
    let_time_pass(61)
    # Disabled by a transaction that has not moved what waits yet: a claim puts it aside.
    Webhook.objects.filter(pk=message.pk).update(status="disabled")
    assert claim_all() == []
    assert ids() == all_ids()[1:]


def test_a_recording_tells_of_what_is_ready_after_it(chatbot: Chatbot) -> None:
    webhook = add(chatbot, TYPES[0])
    for _ in range(2):
        happen(chatbot, TYPES[0], "a")
    (first,) = claim_all()
    recorded = queue.present().record([finish(first)])
    assert recorded == ([], {webhook.pk: chatbot.account.pk})


def test_one_conversation_goes_on_without_a_sweep(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver, settings: Any
) -> None:
    settings.SANDBOX = True
    add(chatbot, TYPES[0], live_receiver.url("/hook"))
    for _ in range(30):
        happen(chatbot, TYPES[0], "a")
    running._lookout.hurry()
    sweeps = 0
    look = queue.present().look

    def count(self: object, asked: Look) -> Due:
        nonlocal sweeps
        sweeps += asked.sweep
        running._lookout._next_sweep_at = float("inf") if len(live_receiver.requests) < 30 else 0.0
        return look(asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(queue.present()), "look", count)
        running.run()
    assert len(live_receiver.requests) == 30
    assert sweeps < 10


def test_who_holds_what_is_in_front_holds_up_no_other_conversation(
    chatbot: Chatbot, on_postgresql: None
) -> None:
    webhook = add(chatbot, TYPES[0])
    for _ in range(20):
        happen(chatbot, TYPES[0], "a")
    happen(chatbot, TYPES[0], "b")
    first, *_, other = all_ids()
    with ThreadPoolExecutor(1) as beside, transaction.atomic():
        list(Delivery.objects.select_for_update().filter(pk=first))

        def work() -> list[int]:
            try:
                for _ in range(10):
                    if taken := claim_of(webhook, 4).claimed:
                        return [one.delivery_id for one in taken]
                return []
            finally:
                connection.close()

        assert beside.submit(work).result(20) == [other]


# ---------------------------------------------------------------- whatever happens


class World:
    """A chatbot of its own, with two webhooks that lead to one URL."""

    def __init__(self) -> None:
        account = Account.objects.create(name="Acme", plan=Plan.BASIC)
        self.chatbot = Chatbot.objects.create(account=account, name="Bot")
        self.webhooks = [add(self.chatbot, type_).pk for type_ in TYPES]

    def rows(self) -> list[Delivery]:
        return list(Delivery.objects.filter(webhook__in=self.webhooks).order_by("pk"))

    def webhook(self, place: int) -> Webhook:
        return Webhook.objects.get(pk=self.webhooks[place])

    def do(self, act: str, value: int, more: int) -> None:
        match act:
            case "happen":
                happen(self.chatbot, TYPES[value % 2], f"chat{more}")
            case "wait":
                let_time_pass(value)
            case "resend" if rows := self.rows():
                with contextlib.suppress(ValidationError):  # It is in flight.
                    replay.resend(rows[value % len(rows)])
            case "recover":
                recovery.start(self.webhook(value % 2), timezone.now() - timedelta(days=1))
            case "disable":
                subscriptions.disable(self.webhook(value % 2), "x")
            case "enable":
                subscriptions.enable(self.webhook(value % 2))
            case "move":
                webhook = self.webhook(value % 2)
                elsewhere = URL if webhook.url != URL else URL + "/elsewhere"
                subscriptions.update(webhook, url=elsewhere)

    def deliver(self, answers: list[str]) -> bool:
        """A claim of all that is ready, and what becomes of each; False when there was none."""
        claimed = claim_all()
        counts = Counter((one.conversation, one.url) for one in claimed)
        assert all(count == 1 for count in counts.values()), counts
        finished = []
        for one, answer in zip(claimed, cycle(answers or ["succeeded"])):
            if answer != "lost":
                finished.append(finish(one, answer, delay_seconds=300 * (answer == "pending")))
        queue.present().record(finished)
        return bool(claimed)

    def settle(self) -> None:
        """All is enabled and answers, and no more time passes than the longest retry takes."""
        for place in range(2):
            subscriptions.enable(self.webhook(place))
        upkeep.go_on()
        let_time_pass(301)
        while self.deliver([]):
            pass


ACTS = st.one_of(
    *(
        st.tuples(st.just(act), st.integers(0, 40), st.integers(0, 2))
        for act in ("happen", "happen", "resend", "recover", "disable", "enable", "move")
    ),
    st.tuples(st.just("wait"), st.integers(0, 400), st.just(0)),
    st.lists(st.sampled_from(["succeeded", "pending", "failed", "lost"]), min_size=1, max_size=4),
)


@hypothesis_settings(max_examples=50, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(ACTS, min_size=3, max_size=25))
def test_whatever_becomes_of_what_is_in_front_in_the_end_nothing_waits(
    acts: list[tuple[str, int, int] | list[str]],
) -> None:
    world = World()
    for act in acts:
        if isinstance(act, list):
            world.deliver(act)
        else:
            world.do(*act)
    world.settle()
    assert [(row.pk, row.wait) for row in world.rows() if row.status == "pending"] == []
