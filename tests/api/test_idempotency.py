from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from chatbots import jsonbytes
from chatbots.models import Chatbot, Event
from tests.api.conftest import EVENT, Api, check_problem
from webhooks.api import idempotency, intake
from webhooks.models import Delivery, IdempotencyKey, Webhook


def body(chatbot: Chatbot, **more: Any) -> dict[str, Any]:
    return {"chatbotId": chatbot.pk, "event": EVENT, **more}


def test_the_same_request_happens_once_and_is_answered_the_same(
    api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    headers = {"Idempotency-Key": "order 5"}
    first = api.post("/events", body(chatbot, data={"x": 1e21}), **headers)
    turned = dict(reversed(body(chatbot, data={"x": 1e21}).items()))
    second = api.post("/events", turned, **headers)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.content == second.content
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert Event.objects.count() == Delivery.objects.count() == 1


def test_the_same_key_with_another_request_is_422(
    api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    headers = {"Idempotency-Key": "k"}
    api.post("/events", body(chatbot), **headers)
    check_problem(api.post("/events", body(chatbot, data={"x": 1}), **headers), 422)
    batch = {"chatbotId": chatbot.pk, "events": [{"event": EVENT}]}
    check_problem(api.post("/events/batch", batch, **headers), 422)
    assert Event.objects.count() == 1


def _other_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _other_order(inner) for key, inner in reversed(value.items())}
    return [_other_order(inner) for inner in value] if isinstance(value, list) else value


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["\ud800", "a\udfff"])
)
asked = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
    ),
    max_size=4,
)


@given(asked, asked)
def test_what_is_asked_counts_and_not_how_it_is_written(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    def fingerprint(data: Any) -> str:
        return idempotency._fingerprint("/api/v1/events", data)

    spaced = json.dumps(one, indent=3)
    assert fingerprint(jsonbytes.decode(spaced.encode())) == fingerprint(one)
    assert fingerprint(_other_order(one)) == fingerprint(one)
    assert fingerprint(one | {"apiKey": "wc_1"}) == fingerprint(one | {"apiKey": "wc_2"})
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (fingerprint(one) == fingerprint(other)) is same or "apiKey" in one.keys() | other.keys()


def test_half_of_a_surrogate_pair_is_no_fault_of_ours(api: Api, chatbot: Chatbot) -> None:
    data = body(chatbot, unset=["\ud800"], apiKey="\ud800")
    assert api.post("/events", data, **{"Idempotency-Key": "k"}).status_code < 500


def test_a_key_is_its_accounts_own(api: Api, stranger: Api, chatbot: Chatbot) -> None:
    headers = {"Idempotency-Key": "k"}
    api.post("/events", body(chatbot), **headers)
    other = Chatbot.objects.exclude(pk=chatbot.pk).get()
    answer = stranger.post("/events", body(other), **headers)
    assert answer.status_code == 202
    assert "Idempotency-Replayed" not in answer


def test_a_key_is_forgotten_after_a_day(api: Api, chatbot: Chatbot) -> None:
    headers = {"Idempotency-Key": "k"}
    api.post("/events", body(chatbot), **headers)
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, minutes=1))
    assert api.post("/events", body(chatbot, data={"x": 1}), **headers).status_code == 202
    assert Event.objects.count() == 2
    assert idempotency.prune() == 0
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.prune() == 1


def test_a_refused_request_leaves_its_key_free(api: Api, chatbot: Chatbot) -> None:
    headers = {"Idempotency-Key": "k"}
    check_problem(api.post("/events", body(chatbot, data=5), **headers), 400)
    assert api.post("/events", body(chatbot), **headers).status_code == 202


@pytest.mark.parametrize("key", ["x" * 256, "é"])
def test_an_impossible_key_is_400(api: Api, chatbot: Chatbot, key: str) -> None:
    check_problem(api.post("/events", body(chatbot), **{"Idempotency-Key": key}), 400)


@pytest.mark.django_db(transaction=True)
def test_the_same_request_at_once_is_one_event(
    api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    answers: list[Any] = []
    barrier = threading.Barrier(6)

    def post() -> None:
        try:
            barrier.wait(10)
            answers.append(api.post("/events", body(chatbot), **{"Idempotency-Key": "k"}))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 5
    assert Event.objects.count() == Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_request_that_takes_long_makes_the_second_409(
    api: Api, chatbot: Chatbot, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: the second request waits for the first.")
    monkeypatch.setattr(intake, "WAIT_MILLISECONDS", 50)
    answers: list[Any] = []

    def post() -> None:
        try:
            answers.append(api.post("/events", body(chatbot), **{"Idempotency-Key": "k"}))
        finally:
            connections.close_all()

    with transaction.atomic():
        IdempotencyKey.objects.create(account=chatbot.account, key="k", request_hash="x")
        thread = threading.Thread(target=post)
        thread.start()
        thread.join(30)
    check_problem(answers[0], 409)
    assert not Event.objects.exists()
