"""Hundreds of servers and webhooks are held back, probed and let go by few statements."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from chatbots.models import Chatbot
from tests.webhooks.due import add_due, add_webhook, look, made_up
from webhooks import breaker
from webhooks.breaker import Change, To
from webhooks.models import Endpoint, Webhook
from webhooks.outcome import Outcome
from webhooks.probe_pause import USUAL
from webhooks.queue import Lane
from webhooks.traffic import Traffic

pytestmark = [pytest.mark.django_db(transaction=True)]

REFUSED = Outcome(3, error_kind="connect", phase="connect")
TIMED_OUT = Outcome(10_000, error_kind="timeout", phase="sent")
ANSWERED = Outcome(3, error_kind="http_status", status_code=500)
# Begin, find, lock, write, commit: for the servers, and for the webhooks.
MOST_STATEMENTS = 12


@pytest.fixture
def webhooks(chatbot: Chatbot) -> list[Webhook]:
    """Each on a server of its own."""
    made = [add_webhook(chatbot, f"https://hook{number}.example.com/") for number in range(60)]
    for webhook in made:
        add_due(webhook)
    return made


def end_all(traffic: Traffic, lanes: Iterable[Lane], *outcomes: Outcome, is_probe: bool) -> None:
    """A request to each of them ends like this, then the next one."""
    lanes = list(lanes)
    for outcome in outcomes:
        for lane in lanes:
            claimed = made_up(
                webhook_id=lane.webhook_id,
                endpoint_id=lane.endpoint_id,
                account_id=lane.account_id,
            )
            traffic.began(claimed, is_probe=is_probe)
            traffic.ended(claimed, outcome)


def let_the_pauses_pass() -> None:
    for what in (Endpoint, Webhook):
        what._default_manager.filter(held_since__isnull=False).update(held_until=Now())


def pauses(what: type[Endpoint] | type[Webhook]) -> set[int]:
    return set(what._default_manager.values_list("held_pause_seconds", flat=True))


@pytest.mark.parametrize(
    ("what", "failure"), [(Endpoint, REFUSED), (Webhook, TIMED_OUT)], ids=["servers", "webhooks"]
)
def test_what_many_failures_come_to_takes_no_more_statements_than_one(
    webhooks: list[Webhook], what: type[Endpoint] | type[Webhook], failure: Outcome
) -> None:
    traffic, lanes = Traffic(), look().lanes
    with CaptureQueriesContext(connection) as held:
        end_all(traffic, lanes, *[failure] * 20, is_probe=False)
        traffic.settle()
    assert pauses(what) == {USUAL.first}
    let_the_pauses_pass()
    found = look().probes
    with CaptureQueriesContext(connection) as begun:
        probed = traffic.begin_probes(found, 1000)
    assert len(probed) == len(webhooks)
    with CaptureQueriesContext(connection) as failed:
        end_all(traffic, probed, failure, is_probe=True)
        traffic.settle()
    assert pauses(what) == {2 * USUAL.first}
    let_the_pauses_pass()
    probed = Traffic().begin_probes(look().probes, 1000)
    with CaptureQueriesContext(connection) as answered:
        end_all(traffic, probed, ANSWERED, is_probe=True)
        traffic.settle()
    assert pauses(what) == {0}
    assert not what._default_manager.filter(held_since__isnull=False).exists()
    for queries in (held, begun, failed, answered):
        assert 0 < len(queries) <= MOST_STATEMENTS, [one["sql"][:200] for one in queries]


def test_changes_of_one_row_are_made_in_their_order(webhooks: list[Webhook]) -> None:
    first, second = webhooks[0].pk, webhooks[1].pk
    hold = [Change(Webhook, pk, To.HOLD, ("timeout",)) for pk in (first, second)]
    release = Change(Webhook, first, To.RELEASE)
    assert breaker.apply([*hold, release]) == {(Webhook, first), (Webhook, second)}
    assert [
        webhook.held_since is not None
        for webhook in Webhook.objects.filter(pk__in=(first, second)).order_by("pk")
    ] == [False, True]
    longer = Change(Webhook, second, To.WAIT_LONGER)
    assert breaker.apply([longer, longer, Change(Webhook, first, To.WAIT_LONGER)]) == {
        (Webhook, second)
    }
    assert Webhook.objects.get(pk=second).held_pause_seconds == 4 * USUAL.first


def test_what_the_database_did_not_take_is_written_down_the_next_time(
    webhooks: list[Webhook], monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic = Traffic()
    end_all(traffic, look().lanes[:1], *[REFUSED] * 20, is_probe=False)
    with monkeypatch.context() as away:

        def go_away(changes: Iterable[Change]) -> None:
            raise OperationalError("server closed the connection")

        away.setattr(breaker, "apply", go_away)
        with pytest.raises(OperationalError):
            traffic.settle()
    traffic.settle()
    assert Endpoint.objects.filter(held_since__isnull=False).count() == 1
    with CaptureQueriesContext(connection) as queries:
        traffic.settle()
    assert len(queries) == 0
