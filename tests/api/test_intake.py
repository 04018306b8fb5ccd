"""What POST /events says was taken is there, whoever else asks at that moment."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connections
from pytest_django import Settings

from chatbots.group_commit import GroupCommit
from chatbots.models import Account, ApiKey, Chatbot, Event, Plan
from tests.api.conftest import EVENT, Api, check_problem
from tests.webhooks.due import add_webhook
from webhooks import outbox, waker
from webhooks.api import idempotency, intake
from webhooks.api.intake import Asked, Outcome
from webhooks.models import Delivery, IdempotencyKey, Webhook

CONNECTIONS = 16


def body(chatbot: Chatbot, **more: Any) -> dict[str, Any]:
    return {"chatbotId": chatbot.pk, "event": EVENT, **more}


# ---------------------------------------------------------------- what was remembered


@pytest.mark.parametrize("path", ["/events", "/events/batch"])
def test_a_key_that_was_revoked_is_refused_at_once(api: Api, chatbot: Chatbot, path: str) -> None:
    asked: dict[str, Any] = {"chatbotId": chatbot.pk}
    asked |= {"event": EVENT} if path == "/events" else {"events": [{"event": EVENT}]}
    assert api.post(path, asked).status_code == 202
    ApiKey.objects.get().revoke()
    for wrong in (asked, {"chatbotId": 5}, b"{"):
        answer = api.post(path, wrong)
        assert "revoked" in check_problem(answer, 401)["detail"]
        assert answer["WWW-Authenticate"].startswith("Bearer")
    assert Event.objects.count() == 1


def test_a_chatbots_new_name_and_address_are_in_the_next_event(api: Api, chatbot: Chatbot) -> None:
    asked = {"chatbotId": chatbot.pk, "event": "HUMAN_HANDOVER"}
    api.post("/events", asked)
    Chatbot.objects.update(name="New name")
    assert api.post("/events", asked).json()["payload"]["data"]["chatbotName"] == "New name"
    Chatbot.objects.update(support_email="new@acme.example")
    made = api.post("/events", asked).json()
    assert made["payload"]["data"]["supportEmail"] == "new@acme.example"
    assert Event.objects.count() == 3


def test_a_chatbot_that_went_to_another_account_is_not_there(api: Api, chatbot: Chatbot) -> None:
    assert api.post("/events", body(chatbot)).status_code == 202
    Chatbot.objects.update(account=Account.objects.create(name="Other", plan=Plan.PRO))
    check_problem(api.post("/events", body(chatbot)), 404)
    assert Event.objects.count() == 1


def test_a_plan_and_a_webhook_that_changed_a_moment_ago_count(
    api: Api, account: Account, chatbot: Chatbot, webhook: Webhook
) -> None:
    assert len(api.post("/events", body(chatbot)).json()["deliveries"]) == 1
    Account.objects.filter(pk=account.pk).update(plan=Plan.FREE)
    made = api.post("/events", body(chatbot)).json()
    assert made["deliveries"] == []
    assert "Basic plans and above" in made["reason"]
    Account.objects.filter(pk=account.pk).update(plan=Plan.PRO)
    add_webhook(chatbot, "https://second.example.com/")
    assert len(api.post("/events", body(chatbot)).json()["deliveries"]) == 2


def test_a_key_that_does_not_hold_leaves_the_idempotency_key_free(
    api: Api, chatbot: Chatbot
) -> None:
    headers = {"Idempotency-Key": "k"}
    assert api.post("/events", body(chatbot)).status_code == 202
    ApiKey.objects.get().revoke()
    check_problem(api.post("/events", body(chatbot), **headers), 401)
    assert not IdempotencyKey.objects.exists()


# ---------------------------------------------------------------- when writing fails


@pytest.fixture
def regroup(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Let all groups be written by another function."""

    def put(together: Callable[[Sequence[Asked]], Sequence[Outcome]]) -> None:
        group: GroupCommit[Asked, Outcome] = GroupCommit(together, intake._alone, 500)
        monkeypatch.setattr(intake, "_group", group)

    return put


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", ["", "order 5"])
def test_a_connection_that_breaks_at_commit_makes_no_second_event(
    api: Api, chatbot: Chatbot, webhook: Webhook, regroup: Callable[[Any], None], key: str
) -> None:
    def commit_and_break(group: Sequence[Asked]) -> Sequence[Outcome]:
        intake._together(group)
        raise OperationalError("server closed the connection unexpectedly")

    regroup(commit_and_break)
    answer = api.post("/events", body(chatbot), **{"Idempotency-Key": key})
    assert answer.status_code == 202
    delivery = Delivery.objects.get()
    assert answer.json()["id"] == Event.objects.get().pk
    assert [made["id"] for made in answer.json()["deliveries"]] == [str(delivery.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_between_two_requests_is_made_anew(
    api: Api, chatbot: Chatbot, webhook: Webhook, regroup: Callable[[Any], None]
) -> None:
    def break_off(group: Sequence[Asked]) -> Sequence[Outcome]:
        raise OperationalError("terminating connection due to administrator command")

    regroup(break_off)
    assert api.post("/events", body(chatbot)).status_code == 202
    assert Event.objects.count() == Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_a_503_and_nothing_happens(
    api: Api, chatbot: Chatbot, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("connection refused at 10.0.0.5")

    monkeypatch.setattr(outbox, "record", fail)
    answer = api.post("/events", body(chatbot), **{"Idempotency-Key": "k"})
    assert "10.0.0.5" not in str(check_problem(answer, 503))
    assert answer["Retry-After"] == "1"
    assert not Event.objects.exists()
    monkeypatch.undo()
    again = api.post("/events", body(chatbot), **{"Idempotency-Key": "k"})
    assert again.status_code == 202
    assert "Idempotency-Replayed" not in again


# ---------------------------------------------------------------- many at once, over sockets


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """No broker takes part."""
    calls: list[bool] = []
    monkeypatch.setattr(waker, "wake", lambda: calls.append(True))
    return calls


class Caller:
    """One connection to a live server."""

    def __init__(self, url: str) -> None:
        host = url.removeprefix("http://")
        self.connection = http.client.HTTPConnection(host, timeout=60)

    def post(self, path: str, data: Any, key: str, **headers: str) -> tuple[int, Any, bool]:
        """Status, JSON, and whether it was an answer given before."""
        headers |= {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.connection.request("POST", f"/api/v1{path}", json.dumps(data), headers)
        answer = self.connection.getresponse()
        said = json.loads(answer.read())
        return answer.status, said, answer.getheader("Idempotency-Replayed") == "true"


def at_once(url: str, work: Callable[[int, Caller], Any]) -> list[Any]:
    """`work(number, caller)` on 16 threads, each with its connection, all beginning together."""
    barrier = threading.Barrier(CONNECTIONS)

    def run(number: int) -> Any:
        caller = Caller(url)
        try:
            barrier.wait(30)
            return work(number, caller)
        finally:
            caller.connection.close()
            connections.close_all()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(run, range(CONNECTIONS)))


@pytest.fixture
def live(live_server: Any, settings: Any) -> Any:
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]
    return live_server


@pytest.mark.django_db(transaction=True)
def test_whatever_is_asked_at_once_each_caller_gets_what_is_theirs(
    live: Any, api: Api, chatbot: Chatbot, webhook: Webhook, woken: list[bool]
) -> None:
    rounds = 6

    def work(number: int, caller: Caller) -> list[tuple[str, str]]:
        made = []
        for turn in range(rounds):
            text = f"from {number}, {turn}"
            status, said, _ = caller.post(
                "/events", body(chatbot, data={"userMessage": text}), api.key
            )
            assert status == 202, said
            assert said["payload"]["data"]["userMessage"] == text
            assert len(said["deliveries"]) == 1
            made.append((said["id"], said["deliveries"][0]["id"]))
            if number % 4 == 1:
                wrong = body(chatbot, data={"number": 2**53 + number})
                status, said, _ = caller.post("/events", wrong, api.key)
                assert (status, said["errors"][0]["field"]) == (400, "data.number")
            if number % 4 == 2:
                status, said, _ = caller.post("/events", body(chatbot), "wc_nobody")
                assert status == 401
            if number % 4 == 3:
                batch = {"chatbotId": chatbot.pk, "events": [{"event": EVENT}] * 3}
                status, said, _ = caller.post("/events/batch", batch, api.key)
                assert (status, said["deliveries"], len(said["ids"])) == (202, 3, 3)
                assert Event.objects.filter(pk__in=said["ids"]).count() == 3
        return made

    made = [pair for one in at_once(live.url, work) for pair in one]
    assert len(made) == len(set(made)) == CONNECTIONS * rounds
    assert set(made) <= {
        (event_id, str(pk)) for pk, event_id in Delivery.objects.values_list("pk", "event_id")
    }
    batched = CONNECTIONS // 4 * rounds * 3
    assert Event.objects.count() == Delivery.objects.count() == len(made) + batched
    for event in Event.objects.all():
        assert json.loads(bytes(event.body))["data"]["chatbotId"] == chatbot.pk
    assert woken


@pytest.mark.django_db(transaction=True)
def test_a_key_that_all_use_at_once_makes_one_event_and_one_answer(
    live: Any, api: Api, chatbot: Chatbot, webhook: Webhook, woken: list[bool]
) -> None:
    rounds = 5

    def work(number: int, caller: Caller) -> list[tuple[int, Any, bool]]:
        return [
            caller.post("/events", body(chatbot), api.key, **{"Idempotency-Key": f"order {turn}"})
            for turn in range(rounds)
        ]

    for answers in zip(*at_once(live.url, work), strict=True):
        assert {status for status, _, _ in answers} == {202}
        assert len({json.dumps(said) for _, said, _ in answers}) == 1
        assert sum(replayed for _, _, replayed in answers) == CONNECTIONS - 1
    assert Event.objects.count() == Delivery.objects.count() == rounds
    assert set(IdempotencyKey.objects.values_list("status_code", flat=True)) == {202}


@pytest.mark.django_db(transaction=True)
def test_one_whose_writing_fails_fails_alone(
    live: Any,
    api: Api,
    chatbot: Chatbot,
    webhook: Webhook,
    woken: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep = idempotency.keep

    def fail_for_seven(answers: Any) -> None:
        if any(once.key == "7" for once, _, _ in answers):
            raise OperationalError("could not extend file: No space left on device")
        keep(answers)

    monkeypatch.setattr(idempotency, "keep", fail_for_seven)

    def work(number: int, caller: Caller) -> int:
        headers = {"Idempotency-Key": str(number)}
        return caller.post("/events", body(chatbot), api.key, **headers)[0]

    statuses = at_once(live.url, work)
    assert statuses == [503 if number == 7 else 202 for number in range(CONNECTIONS)]
    assert Event.objects.count() == Delivery.objects.count() == CONNECTIONS - 1


@pytest.mark.django_db(transaction=True)
def test_a_key_revoked_while_many_use_it_takes_nothing_after(
    live: Any, api: Api, chatbot: Chatbot, webhook: Webhook, woken: list[bool]
) -> None:
    def work(number: int, caller: Caller) -> int:
        taken = 0
        while True:
            status, _, _ = caller.post("/events", body(chatbot), api.key)
            if status != 202:
                assert status == 401
                return taken
            taken += 1
            if number == 0 and taken == 5:
                ApiKey.objects.get().revoke()
                counts.append(Event.objects.count())

    counts: list[int] = []
    taken = sum(at_once(live.url, work))
    assert Event.objects.count() == Delivery.objects.count() == taken
    # Who was on the way at that moment may have been counted after, nobody else.
    assert taken - counts[0] <= CONNECTIONS


# ---------------------------------------------------------------- what one request writes


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How each request was written: "together" with others, or "alone"."""
    ways: list[str] = []
    together, alone = intake._write, intake._alone

    def note_together(group: Sequence[Asked]) -> Sequence[Outcome]:
        ways.append("together")
        return together(group, intake.WAIT_TOGETHER_MILLISECONDS)

    def note_alone(asked: Asked, failure: BaseException | None) -> Outcome:
        ways.append("alone")
        return alone(asked, failure)

    monkeypatch.setattr(intake, "MOST_DELIVERIES", 20)
    monkeypatch.setattr(intake, "_alone", note_alone)
    monkeypatch.setattr(intake, "_group", GroupCommit(note_together, note_alone, 20))
    return ways


@pytest.mark.django_db(transaction=True)
def test_a_request_that_becomes_many_deliveries_goes_beside_the_others(
    api: Api, chatbot: Chatbot, written: list[str]
) -> None:
    for n in range(3):
        add_webhook(chatbot, f"https://hooks{n}.example.com/")
    several = {"chatbotId": chatbot.pk, "events": [{"event": EVENT}] * 10}
    # 30 deliveries: known before the first, by asking.
    assert api.post("/events/batch", several).json()["deliveries"] == 30
    assert api.post("/events", body(chatbot)).status_code == 202
    # As many events that nobody subscribes to are none.
    several["events"] = [{"event": "HUMAN_HANDOVER"}] * 10
    assert api.post("/events/batch", several).status_code == 202
    assert written == ["alone", "together", "together"]


@pytest.mark.django_db(transaction=True)
def test_a_group_is_weighed_by_the_deliveries_that_its_events_become(
    api: Api, chatbot: Chatbot, written: list[str], settings: Settings
) -> None:
    settings.SANDBOX = True
    for n in range(3):
        add_webhook(chatbot, f"https://hooks{n}.example.com/")
    copies = body(chatbot, simulate={"copies": 8})
    assert len(api.post("/events", copies).json()["deliveries"]) == 24
    # Learnt from the first.
    assert len(api.post("/events", copies).json()["deliveries"]) == 24
    assert written == ["together", "alone"]
