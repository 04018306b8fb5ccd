"""The probes and the metrics say what is the case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings
from pytest_django.asserts import assertNumQueries

from chatbots import events
from chatbots.models import Chatbot, EventSource
from emitter import health
from emitter.celery import app as celery_app
from emitter.preflight import NotReady
from tests.ports import free_port
from webhooks import outbox, subscriptions
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    health._migrated.clear()
    health._told.clear()
    yield
    health._migrated.clear()


@pytest.fixture
def webhook(chatbot: Chatbot, settings: Settings) -> Webhook:
    settings.SANDBOX = True
    return subscriptions.create(chatbot, url="http://127.0.0.1:9/hook", event="USER_MESSAGE_SENT")[
        0
    ]


def deliver(webhook: Webhook, **fields: object) -> Delivery:
    """A delivery of a new event, as `fields` say."""
    event = events.build(webhook.chatbot, webhook.event, {}, source=EventSource.API)
    event.save()
    delivery = outbox.send_to(webhook, event)
    Delivery.objects.filter(pk=delivery.pk).update(**fields)
    return delivery


def metrics(client: Client) -> dict[tuple[str, str], float]:
    """Each sample by its name and its (only) label's value."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_live_asks_nothing(client: Client) -> None:
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_names_each_part(client: Client) -> None:
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "database": "ok",
        "migrations": "ok",
        "broker": "ok",
    }


@pytest.mark.django_db
def test_a_probe_needs_no_host_name_and_no_tls(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["emitter.example"]
    settings.SECURE_SSL_REDIRECT = True
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200


def test_a_probe_is_read_only(client: Client) -> None:
    assert client.post("/health/live").status_code == 405


@pytest.mark.django_db
def test_a_broker_that_does_not_answer_is_named(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = free_port()
    monkeypatch.setattr(celery_app.conf, "broker_url", f"redis://someone:hidden@127.0.0.1:{port}/0")
    monkeypatch.setattr(celery_app.conf, "broker_write_url", None)
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5}
    response = client.get("/health/ready")
    assert client.get("/health/ready").content == response.content
    assert response.status_code == 503
    answer = response.json()
    assert answer["status"] == "unavailable"
    assert answer["database"] == "ok"
    assert answer["broker"] == "It does not answer. The log says why."
    # A stranger who can ask learns no host; who runs it is told once, without the password.
    told = [each.getMessage() for each in caplog.records if each.name == "emitter.health"]
    assert len(told) == 1
    assert f"The broker at 127.0.0.1:{port} cannot be used" in told[0]
    assert "hidden" not in told[0]


@pytest.mark.django_db
def test_a_migration_that_is_not_applied_is_named(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'webhooks'")
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert "python manage.py migrate" in response.json()["migrations"]


@pytest.mark.django_db
def test_a_database_that_does_not_answer_gives_nothing_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_database() -> None:
        raise NotReady("The database shop at db7.internal:5432 cannot be used (PostgreSQL 16.1)")

    monkeypatch.setattr("emitter.preflight.check_database", no_database)
    response = client.get("/health/ready")
    assert response.status_code == 503
    answer = response.json()
    assert answer["database"] == "It does not answer. The log says why."
    assert answer["migrations"] == "Not known while the database does not answer."
    assert "db7" not in response.content.decode()


def test_the_shipped_proxy_publishes_no_probe() -> None:
    text = (Path(__file__).parents[2] / "Caddyfile").read_text()
    [paths] = re.findall(r"@inside path (.+)", text)
    assert {"/metrics", "/health", "/health/*"} <= set(paths.split())
    assert "respond @inside 404" in text


def test_what_waits_is_counted(client: Client, webhook: Webhook) -> None:
    now = timezone.now()
    deliver(webhook, due_at=now - timedelta(seconds=90))
    deliver(webhook, due_at=now + timedelta(hours=1))
    deliver(webhook, lease_until=now + timedelta(seconds=20), due_at=now + timedelta(seconds=20))
    deliver(webhook, status=DeliveryStatus.HELD)
    done = deliver(webhook, status=DeliveryStatus.FAILED, finished_at=now)
    Attempt.objects.create(
        delivery=done,
        number=1,
        started_at=now,
        duration_ms=3,
        error_kind="connect",
        url=webhook.url,
        request_head=b"",
        response_head=b"",
        response_body=b"",
    )
    found = metrics(client)
    assert found["emitter_deliveries_waiting", "pending"] == 3
    assert found["emitter_deliveries_waiting", "held"] == 1
    assert found["emitter_deliveries_in_flight", ""] == 1
    assert found["emitter_deliveries_due", ""] == 1
    assert 90 <= found["emitter_oldest_due_age_seconds", ""] < 100
    assert found["emitter_recent_deliveries", "failed"] == 1
    assert found["emitter_recent_attempts", "connect"] == 1
    assert found["emitter_recent_attempts", "success"] == 0
    assert found["emitter_webhooks", "active"] == 1
    assert found["emitter_deliveries_made", ""] == done.pk


def test_a_scrape_is_a_handful_of_queries(client: Client, webhook: Webhook) -> None:
    for _ in range(20):
        deliver(webhook)
    # PostgreSQL is asked for its clock.
    with assertNumQueries(7 + (connection.vendor == "postgresql")):
        client.get("/metrics")
