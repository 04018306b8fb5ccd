from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chatbots.models import Chatbot
from tests.api.conftest import EVENT, Api, check_problem, fields_of
from webhooks import recovery
from webhooks.models import Delivery, Webhook


def fail(api: Api, chatbot: Chatbot, count: int) -> None:
    for _ in range(count):
        api.post("/events", {"chatbotId": chatbot.pk, "event": EVENT})
    Delivery.objects.update(status="failed", finished_at=timezone.now())


@pytest.fixture
def since() -> str:
    return (timezone.now() - timedelta(hours=1)).isoformat()


def recover(api: Api, webhook: Webhook, **data: Any) -> Any:
    return api.post(f"/webhooks/{webhook.pk}/recover", data)


def test_a_dry_run_counts_and_changes_nothing(
    api: Api, chatbot: Chatbot, webhook: Webhook, since: str
) -> None:
    fail(api, chatbot, 3)
    answer = recover(api, webhook, since=since, dryRun=True)
    assert answer.status_code == 200
    counted = answer.json()
    assert (counted["dryRun"], counted["total"]) == (True, 3)
    assert counted["since"] < counted["oldestCreatedAt"] <= counted["newestCreatedAt"]
    assert counted["newestCreatedAt"] < counted["until"]
    assert set(Delivery.objects.values_list("status", flat=True)) == {"failed"}
    assert api.get(f"/webhooks/{webhook.pk}/recoveries").json()["results"] == []
    assert recover(api, webhook, since=since, dryRun=False).status_code == 202


def test_recovery_requeues_what_failed_and_tells_what_became_of_it(
    api: Api, chatbot: Chatbot, webhook: Webhook, since: str
) -> None:
    fail(api, chatbot, 3)
    answer = recover(api, webhook, since=since)
    assert answer.status_code == 202
    made = answer.json()
    assert (made["status"], made["total"], made["requeued"], made["waiting"]) == (
        "finished",
        3,
        3,
        3,
    )
    assert made["requestedBy"].startswith("API key (wc_")
    Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(status="succeeded")
    path = f"/webhooks/{webhook.pk}/recoveries"
    told = api.get(f"{path}/{made['id']}").json()
    assert (told["succeeded"], told["waiting"], told["failed"]) == (1, 2, 0)
    assert api.get(path).json() == {"results": [told], "next": None}


def test_a_long_recovery_is_followed_by_its_id(
    api: Api, chatbot: Chatbot, webhook: Webhook, since: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "BATCH", 2)
    fail(api, chatbot, 5)
    made = recover(api, webhook, since=since).json()
    assert (made["status"], made["total"], made["requeued"]) == ("running", 5, 2)
    assert made["finishedAt"] is None
    assert recover(api, webhook, since=since).json()["id"] == made["id"]
    recovery.go_on(60)
    told = api.get(f"/webhooks/{webhook.pk}/recoveries/{made['id']}").json()
    assert (told["status"], told["requeued"]) == ("finished", 5)
    assert told["finishedAt"] >= told["createdAt"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"since": None}, "since"),
        ({"since": "2999-01-01"}, "since"),
        ({"until": "2000-01-01"}, "until"),
        ({"dryRun": "yes"}, "dryRun"),
        ({"dry_run": True}, "dry_run"),
    ],
)
def test_a_mistake_is_told_by_its_field(
    api: Api, webhook: Webhook, since: str, changed: dict[str, Any], field: str
) -> None:
    assert fields_of(check_problem(recover(api, webhook, **({"since": since} | changed)), 400)) == [
        field
    ]


def test_a_recovery_belongs_to_its_webhook_and_account(
    api: Api, stranger: Api, chatbot: Chatbot, webhook: Webhook, since: str
) -> None:
    made = recover(api, webhook, since=since).json()
    check_problem(recover(stranger, webhook, since=since), 404)
    check_problem(stranger.get(f"/webhooks/{webhook.pk}/recoveries"), 404)
    check_problem(stranger.get(f"/webhooks/{webhook.pk}/recoveries/{made['id']}"), 404)
    check_problem(api.get(f"/webhooks/{webhook.pk}/recoveries/0"), 404)
    check_problem(api.get(f"/webhooks/{webhook.pk}/recoveries/x"), 404)
