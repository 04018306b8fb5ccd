"""The queue's calls, the same on PostgreSQL and on SQLite."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import ModuleType

import pytest
from django.db import connection, transaction
from django.utils import timezone
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH

from chatbots.models import Chatbot
from tests.webhooks.due import (
    add_due,
    add_event,
    add_webhook,
    claim_all,
    claim_of,
    finish,
    in_seconds,
    let_time_pass,
    look,
    offers,
    side_by_side,
    states,
)
from tests.webhooks.plans import assert_no_history_is_read
from webhooks import (
    engine_cursor,
    queue,
    queue_postgresql_claim,
    queue_postgresql_look,
    queue_postgresql_record,
    queue_sqlite,
    settling,
    subscriptions,
)
from webhooks.models import Attempt, Delivery, Webhook
from webhooks.queue import Finished, Look, Offer, Success

pytestmark = pytest.mark.django_db
COMMITTED = pytest.mark.django_db(transaction=True)


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot)


# ---------------------------------------------------------------- claiming


def test_a_claim_takes_each_due_delivery_once(webhook: Webhook) -> None:
    ids = add_due(webhook, 20)
    first, second = claim_all(limit=12), claim_all()
    assert len(first) == 12
    assert sorted(c.delivery_id for c in first + second) == ids
    assert claim_all() == []


def test_a_claim_brings_all_that_sending_takes(webhook: Webhook) -> None:
    (id,) = add_due(webhook, simulate={"badSignature": True}, is_test=True, failures=2, attempts=4)
    (claimed,) = claim_all()
    delivery = Delivery.objects.select_related("event").get()
    assert claimed == queue.Claimed(
        delivery_id=id,
        number=5,
        failures=2,
        endpoint_id=webhook.endpoint_id,
        webhook_id=webhook.pk,
        account_id=webhook.account.pk,
        event_id=delivery.event_id,
        body=bytes(delivery.event.body),
        url=webhook.url,
        encrypted_secret=webhook.encrypted_secret,
        previous_secrets=None,
        generation=webhook.generation,
        standard_headers=False,
        retry_schedule="standard",
        is_test=True,
        simulate={"badSignature": True},
        conversation="",
    )
    assert type(claimed.body) is bytes


def test_a_claimed_delivery_is_leased_and_counts_the_attempt(webhook: Webhook) -> None:
    add_due(webhook)
    claim_all()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.failures) == ("pending", 1, 0)
    assert delivery.lease_until == delivery.due_at
    assert queue.LEASE_SECONDS - 5 < in_seconds(delivery.lease_until) <= queue.LEASE_SECONDS


def test_a_claim_keeps_to_each_webhooks_room_and_to_the_limit(chatbot: Chatbot) -> None:
    webhooks = [add_webhook(chatbot, f"https://hooks.example.com/{n}") for n in range(3)]
    for webhook in webhooks:
        add_due(webhook, 10)
    lanes = look().lanes
    one, two, three = (webhook.pk for webhook in webhooks)

    def claim(rooms: dict[int, int], limit: int) -> list[int]:
        asked = [
            Offer(lane.webhook_id, lane.account_id, room, room)
            for lane in lanes
            if (room := rooms.get(lane.webhook_id))
        ]
        return sorted(c.webhook_id for c in queue.present().claim(asked, limit).claimed)

    assert claim({one: 2, two: 5}, 100) == [one] * 2 + [two] * 5
    assert len(claim({two: 3, three: 10}, 4)) == 4
    assert len(claim({two: 10, three: 10}, 100)) == 20 - 5 - 4


def test_what_is_due_longest_comes_first(webhook: Webhook) -> None:
    young = add_due(webhook, 3, seconds_ago=1)
    old = add_due(webhook, 3, seconds_ago=60)
    assert [c.delivery_id for c in claim_all(limit=2)] == old[:2]
    assert [c.delivery_id for c in claim_all(limit=1)] == old[2:]
    assert sorted(c.delivery_id for c in claim_all()) == young


def test_what_is_not_due_yet_is_left_and_its_time_is_known(webhook: Webhook) -> None:
    add_due(webhook, seconds_ago=-50)
    due = look()
    assert due.lanes == []
    assert due.ripe_seconds is not None
    assert 45 < due.ripe_seconds <= 50
    assert claim_of(webhook, 10).claimed == []


def test_what_waits_for_a_time_is_ready_when_it_has_come(webhook: Webhook) -> None:
    ids = add_due(webhook, 3, seconds_ago=5, wait="time")
    later = add_due(webhook, seconds_ago=-5)
    assert claim_of(webhook, 10).claimed == []
    ripe = queue.present().ripen(None)
    assert (ripe.webhooks, ripe.number) == ({webhook.pk: webhook.account.pk}, 3)
    assert ripe.until == Delivery.objects.get(pk=ids[-1]).due_at
    assert sorted(c.delivery_id for c in claim_of(webhook, 10).claimed) == ids
    assert queue.present().ripen(None).number == 0
    assert Delivery.objects.get(pk=later[0]).wait == "time"


def test_what_a_lost_worker_had_is_ready_once_its_lease_is_over(webhook: Webhook) -> None:
    ids = add_due(webhook, 2)
    claim_all()
    assert queue.present().ripen_lost(None).number == 0
    assert is_nothing_found()
    let_time_pass(queue.LEASE_SECONDS + 1)
    assert queue.present().ripen(None).number == 0
    lost = queue.present().ripen_lost(None)
    assert (lost.webhooks, lost.number) == ({webhook.pk: webhook.account.pk}, 2)
    assert sorted(one.delivery_id for one in claim_of(webhook, 10).claimed) == ids
    assert Attempt.objects.filter(error_kind="interrupted").count() == 2


def is_nothing_found() -> bool:
    due = look()
    return not (due.lanes or due.probes or due.swept or due.next_seconds or due.ripe_seconds)


def test_an_empty_queue_says_so(db: None) -> None:
    assert is_nothing_found()
    assert look(fresh_after=0).last_id == 0


@pytest.mark.parametrize("status", ["held", "succeeded", "failed", "cancelled"])
def test_only_pending_deliveries_are_due(webhook: Webhook, status: str) -> None:
    add_due(webhook, 3, status=status)
    assert is_nothing_found()
    assert look(sweep=False, fresh_after=0).lanes == []
    assert claim_of(webhook, 10).claimed == []


@COMMITTED
def test_workers_that_claim_at_once_never_get_the_same_delivery(chatbot: Chatbot) -> None:
    webhooks = [add_webhook(chatbot, f"https://hooks{n}.example.com/") for n in range(4)]
    ids = [id for webhook in webhooks for id in add_due(webhook, 100)]

    def work() -> list[int]:
        mine = []
        while claimed := claim_all(limit=16, room=7):
            mine += [c.delivery_id for c in claimed]
        return mine

    each = side_by_side(work, work, work, work)
    assert sorted(id for mine in each for id in mine) == ids
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


@COMMITTED
def test_a_claim_passes_over_what_another_has_locked(webhook: Webhook, on_postgresql: None) -> None:
    first, second, third = add_due(webhook, 3)
    locked, release = threading.Event(), threading.Event()

    def hold() -> list[int]:
        with transaction.atomic():
            list(Delivery.objects.select_for_update().filter(pk=second))
            locked.set()
            release.wait(20)
        return []

    def claim() -> list[int]:
        locked.wait(20)
        try:
            return sorted(c.delivery_id for c in claim_all())
        finally:
            release.set()

    assert side_by_side(hold, claim)[1] == [first, third]


# ---------------------------------------------------------------- recording


def test_a_success_is_final_and_keeps_the_exchange(webhook: Webhook) -> None:
    add_due(webhook)
    (claimed,) = claim_all()
    queue.present().record([finish(claimed, remote_address="203.0.113.7", duration_ms=12)])
    delivery, attempt = Delivery.objects.get(), Attempt.objects.get()
    assert (delivery.status, delivery.lease_until, delivery.failures) == ("succeeded", None, 0)
    assert -5 < in_seconds(delivery.finished_at) <= 0
    assert (attempt.delivery_id, attempt.number) == (delivery.pk, 1)
    assert (attempt.status_code, attempt.duration_ms, attempt.error_kind) == (200, 12, "")
    assert (attempt.url, attempt.remote_address) == (webhook.url, "203.0.113.7")
    assert bytes(attempt.request_head) == b"POST / HTTP/1.1\r\n\r\n"
    assert bytes(attempt.response_head) == b"HTTP/1.1 200 OK\r\n\r\n"
    assert bytes(attempt.response_body) == b"ok"
    assert attempt.response_truncated is False


def test_a_failure_with_a_retry_is_due_again_after_its_delay(webhook: Webhook) -> None:
    add_due(webhook)
    (claimed,) = claim_all()
    queue.present().record([finish(claimed, "pending", delay_seconds=300)])
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.failures) == ("pending", 1, 1)
    assert (delivery.lease_until, delivery.finished_at) == (None, None)
    assert 295 < in_seconds(delivery.due_at) <= 300


def test_a_failure_without_a_retry_is_final(webhook: Webhook) -> None:
    add_due(webhook)
    (claimed,) = claim_all()
    queue.present().record([finish(claimed, "failed")])
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.failures, delivery.lease_until) == ("failed", 1, None)
    assert delivery.finished_at is not None


def test_odd_bytes_in_an_answer_are_kept_and_break_nothing(webhook: Webhook) -> None:
    add_due(webhook)
    (claimed,) = claim_all()
    odd = bytes(range(256))
    queue.present().record(
        [finish(claimed, "failed", error="a\0b ÿ 🎉", response_head=odd, response_body=odd)]
    )
    attempt = Attempt.objects.get()
    assert (bytes(attempt.response_head), bytes(attempt.response_body)) == (odd, odd)
    assert attempt.error.startswith("a")
    assert states() == ["failed"]


def test_nothing_to_record_is_no_error(db: None) -> None:
    queue.present().record([])


def test_a_batch_is_recorded_as_one(webhook: Webhook) -> None:
    add_due(webhook, 60)
    claimed = claim_all()
    queue.present().record(
        [
            finish(one, ("succeeded", "failed", "pending")[place % 3], delay_seconds=9)
            for place, one in enumerate(claimed)
        ]
    )
    assert Attempt.objects.count() == 60
    assert sorted(states()) == ["failed"] * 20 + ["pending"] * 20 + ["succeeded"] * 20
    assert not Delivery.objects.exclude(lease_until=None).exists()


def test_a_failing_webhook_is_known_until_it_is_told_to_succeed(webhook: Webhook) -> None:
    add_due(webhook, 2)
    one, two = claim_all()

    def failing_since() -> datetime | None:
        return Webhook.objects.get(pk=webhook.pk).failing_since

    queue.present().record([finish(one, "failed")])
    since = failing_since()
    assert since is not None
    queue.present().record([finish(two, "failed")])
    assert failing_since() == since
    queue.present().tell([Success(webhook.pk, 0)])
    assert failing_since() is None
    webhook.refresh_from_db()
    assert -5 < in_seconds(webhook.last_success_at) <= 0


def test_a_success_from_before_the_failure_changes_nothing_of_it(webhook: Webhook) -> None:
    add_due(webhook)
    queue.present().record([finish(one, "failed") for one in claim_all()])
    queue.present().tell([Success(webhook.pk, 60)])
    webhook.refresh_from_db()
    assert webhook.failing_since is not None
    assert -65 < in_seconds(webhook.last_success_at) < -55


def test_a_row_that_tells_of_a_success_is_let_be(webhook: Webhook) -> None:
    def told_at(seconds_ago: float) -> float:
        queue.present().tell([Success(webhook.pk, seconds_ago)])
        webhook.refresh_from_db()
        return in_seconds(webhook.last_success_at)

    assert -32 < told_at(30) < -28
    assert -32 < told_at(25) < -28
    assert -2 < told_at(0) < 2
    assert -2 < told_at(20) < 2


def test_what_another_worker_told_of_later_stays(webhook: Webhook) -> None:
    now = timezone.now()
    Webhook.objects.update(failing_since=now - timedelta(seconds=60), last_success_at=now)
    queue.present().tell([Success(webhook.pk, 20)])
    webhook.refresh_from_db()
    assert (webhook.failing_since, webhook.last_success_at) == (None, now)


def test_a_test_says_nothing_about_how_long_a_webhook_has_failed(webhook: Webhook) -> None:
    add_due(webhook, 2, is_test=True)
    one, two = claim_all()
    queue.present().record([finish(one, "failed")])
    webhook.refresh_from_db()
    assert webhook.failing_since is None
    Webhook.objects.update(failing_since=timezone.now())
    queue.present().record([finish(two)])
    webhook.refresh_from_db()
    assert webhook.last_success_at is None
    assert webhook.failing_since is not None


# ---------------------------------------------------------------- disabled and deleted webhooks


def unaligned(webhook: Webhook, status: str) -> None:
    """Give `webhook` a status as if its deliveries had committed a moment later."""
    Webhook.objects.filter(pk=webhook.pk).update(status=status)


@pytest.mark.parametrize(("status", "then"), [("disabled", "held"), ("deleted", "cancelled")])
def test_a_claim_puts_aside_what_must_not_be_sent(webhook: Webhook, status: str, then: str) -> None:
    add_due(webhook, 3)
    unaligned(webhook, status)
    assert claim_all() == []
    for delivery in Delivery.objects.all():
        assert (delivery.status, delivery.attempts, delivery.lease_until) == (then, 0, None)
        assert (delivery.finished_at is not None) == (then == "cancelled")
    assert not Attempt.objects.exists()


def test_what_must_not_be_sent_does_not_keep_the_rest_back(chatbot: Chatbot) -> None:
    stopped = add_webhook(chatbot, "https://hooks.example.com/a")
    sending = add_webhook(chatbot, "https://hooks.example.com/b")
    add_due(stopped, 3, seconds_ago=60)
    ids = add_due(sending, 3)
    unaligned(stopped, "disabled")
    claimed = claim_all(limit=4) + claim_all(limit=4)
    assert sorted(c.delivery_id for c in claimed) == ids


@pytest.mark.parametrize("status", ["disabled", "deleted"])
def test_a_test_delivery_is_sent_whatever_its_webhooks_status(
    webhook: Webhook, status: str
) -> None:
    ids = add_due(webhook, is_test=True)
    unaligned(webhook, status)
    claimed = claim_all()
    assert [c.delivery_id for c in claimed] == ids
    queue.present().record([finish(claimed[0], "failed")])
    assert states() == ["failed"]


@pytest.mark.parametrize(("status", "then"), [("disabled", "held"), ("deleted", "cancelled")])
def test_a_retry_of_a_webhook_that_was_stopped_meanwhile_is_put_aside(
    webhook: Webhook, status: str, then: str
) -> None:
    add_due(webhook)
    (claimed,) = claim_all()
    unaligned(webhook, status)
    queue.present().record([finish(claimed, "pending", delay_seconds=5)])
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.lease_until, delivery.failures) == (then, None, 1)
    assert (delivery.finished_at is not None) == (then == "cancelled")


def test_a_success_counts_whatever_became_of_the_webhook(webhook: Webhook) -> None:
    add_due(webhook)
    (claimed,) = claim_all()
    subscriptions.delete(webhook)
    queue.present().record([finish(claimed)])
    assert states() == ["succeeded"]


@COMMITTED
def test_a_webhook_enabled_in_the_middle_of_a_claim_waits_for_no_lease(
    webhook: Webhook, on_postgresql: None
) -> None:
    """The claim read it as disabled, and cannot put its rows aside before enabling commits."""
    add_due(webhook, 3)
    unaligned(webhook, "disabled")
    with transaction.atomic():
        subscriptions.enable(webhook)
        assert side_by_side(claim_all) == [[]]
    assert claim_all() == []
    let_time_pass(1)
    assert len(claim_all()) == 3
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
    assert not Attempt.objects.exists()


@COMMITTED
def test_enabling_and_disabling_while_workers_claim_and_record_leaves_nothing_stuck(
    webhook: Webhook,
) -> None:
    ids = add_due(webhook, 300)
    switched = threading.Event()

    def switch() -> None:
        own = Webhook.objects.get(pk=webhook.pk)
        try:
            for _ in range(15):
                subscriptions.disable(own, "Just now.")
                subscriptions.enable(own)
        finally:
            switched.set()

    def worker(fails_first: bool) -> Callable[[], None]:
        def work() -> None:
            left: list[Finished] = []
            while True:
                last = switched.is_set()
                claimed = claim_all(limit=8)
                done = [
                    finish(one, "pending" if fails_first and one.failures == 0 else "succeeded")
                    for one in claimed
                ]
                # What somebody holds stays in this worker's hand.
                left = [
                    *queue.present().record(left, were_held=True).left,
                    *queue.present().record(done).left,
                ]
                if last and not claimed and not left:
                    return

        return work

    side_by_side(switch, worker(fails_first=True), worker(fails_first=False))
    settling.go_on(60)
    let_time_pass(2)  # What a claim found held at that moment is left alone for a second.
    worker(fails_first=False)()
    assert states(ids) == ["succeeded"] * 300
    # Each attempt that was counted has its row, and none was made up.
    assert Attempt.objects.filter(error_kind="interrupted").count() == 0
    assert Attempt.objects.count() == sum(Delivery.objects.values_list("attempts", flat=True))


# ---------------------------------------------------------------- history costs nothing


def prepared() -> dict[str, tuple[str, int, int]]:
    """By their text, the statements that this connection has prepared: their names, how many
    values each takes, and how often it ran."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement, name, cardinality(parameter_types), generic_plans + custom_plans "
            "FROM pg_prepared_statements"
        )
        return {text: (name, values, runs) for text, name, values, runs in cursor.fetchall()}


def plans(webhook: Webhook) -> dict[str, str]:
    """The plans of all that the engine does over and over, as they are made now and kept."""
    add_due(webhook, 3, seconds_ago=60, conversation="c")
    look()
    claimed = claim_of(webhook, 1).claimed
    Delivery.objects.filter(wait="turn").update(wait="")
    queue.present().record([finish(one) for one in claimed])
    queue.present().tell([Success(webhook.pk, 0)])
    words = {
        "RECURSIVE": "look",
        "encrypted_secret": "claim",
        "wait IN ('time', 'turn') AND due_at > $1\n": "ripen",
        "wait = 'lease' AND": "ripen lost",
        "status_code": "record",
        "AS over": "follow",
        "told": "tell",
    }
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
        for text, (name, values, _) in prepared().items():
            nothing = ", ".join(["NULL"] * values)
            cursor.execute(f'EXPLAIN EXECUTE "{name}" ({nothing})')
            plan = "\n".join(row[0] for row in cursor.fetchall())
            (kind,) = [kind for word, kind in words.items() if word in text]
            found[kind] = plan
    assert sorted(found) == sorted(words.values())
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("analysed", [True, False])
@pytest.mark.parametrize(
    ("delivered", "due"),
    [(2000, 0), (20_000, 0), (0, 2000), (0, 20_000)],
)
def test_no_history_is_read_to_deliver(
    webhook: Webhook, on_postgresql: None, delivered: int, due: int, analysed: bool
) -> None:
    add_due(webhook, delivered, status="succeeded", finished_at=timezone.now())
    for number in range(due // 400):
        add_due(add_webhook(webhook.chatbot, f"https://hooks{number}.example.com/"), 400)
    if analysed:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE webhooks_delivery, webhooks_webhook, chatbots_event")
    add_due(webhook, 200)
    found = plans(webhook)
    for plan in found.values():
        assert_no_history_is_read(plan)

    assert "delivery_ready" in found["look"]
    assert "delivery_waiting" in found["look"]
    assert "delivery_ready" in found["claim"]
    assert "delivery_waiting" in found["ripen"]
    assert "delivery_leased" in found["ripen lost"]
    assert "delivery_ready" not in found["record"]
    for kind in ("claim", "follow"):
        assert "delivery_in_order" in found[kind], found[kind]


@pytest.mark.thorough
@pytest.mark.parametrize("analysed", [True, False])
@pytest.mark.parametrize("status", ["succeeded", "pending"])
def test_no_history_is_read_to_make_claims_stand(
    webhook: Webhook, on_postgresql: None, status: str, analysed: bool
) -> None:
    add_due(webhook, 20_000, status=status)
    if analysed:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE webhooks_delivery, webhooks_attempt")
    (id,) = add_due(webhook)
    undone = {"ids": [id], "numbers": [1], "lease": queue.LEASE_SECONDS, "interrupted": ""}
    with engine_cursor.engine_cursor() as cursor:
        cursor.execute("EXPLAIN " + queue_postgresql_claim.CLAIM_AGAIN, undone)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert_no_history_is_read(plan)
    assert plan.count("webhooks_delivery_pkey") == 2, plan


@COMMITTED
def test_what_the_engine_does_is_planned_once_and_done_often(
    webhook: Webhook, on_postgresql: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_cursor, "PLANNED_SECONDS", 3600)

    before = prepared()
    for _ in range(3):
        add_due(webhook)
        queue.present().look(Look())
        queue.present().record([finish(one) for one in claim_all()])
        queue.present().tell([Success(webhook.pk, 0)])
    counts = {
        text: runs - before.get(text, ("", 0, 0))[2] for text, (_, _, runs) in prepared().items()
    }
    # claim_all() looks too, and has ready what waited.
    assert sorted(runs for runs in counts.values() if runs) == [3, 3, 3, 3, 3, 6], counts


@COMMITTED
def test_a_plan_that_was_made_for_the_tables_of_then_is_made_anew(
    on_postgresql: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = connection.copy()
    connection.close()
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid

    def asked_last(rows: int = 1) -> str:
        with engine_cursor.engine_cursor(rows), other.cursor() as cursor:
            cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
            return str(cursor.fetchone()[0])

    try:
        monkeypatch.setattr(engine_cursor, "PLANNED_SECONDS", 3600)
        assert "force_generic_plan" in asked_last()
        assert "force_generic_plan" in asked_last(256)
        monkeypatch.setattr(engine_cursor, "PLANNED_SECONDS_BUSY", 0)
        assert "force_generic_plan" in asked_last()
        assert asked_last(256) == "DISCARD PLANS"
        monkeypatch.setattr(engine_cursor, "PLANNED_SECONDS", 0)
        assert asked_last() == "DISCARD PLANS"
    finally:
        other.close()


@pytest.mark.thorough
def test_history_is_not_read_to_find_work_on_sqlite(webhook: Webhook) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("holds on SQLite")
    add_due(webhook, 20_000, status="succeeded", finished_at=timezone.now())
    add_due(webhook, 5)
    account = webhook.account.pk
    looks: list[tuple[str, list[int | str], str]] = [
        (queue_sqlite.ACCOUNTS, [0, 1000], "delivery_ready"),
        (queue_sqlite.WEBHOOKS, [account, 0, account, 1000], "delivery_ready"),
        (queue_sqlite.FRESH, [0, 1000], "INTEGER PRIMARY KEY"),
        (queue_sqlite.NEXT_RIPE, [], "delivery_waiting"),
        (queue_sqlite.RIPE.format(waits="wait IN ('time', 'turn')"), ["", 8], "delivery_waiting"),
        (queue_sqlite.RIPE.format(waits="wait = 'lease'"), ["", 8], "delivery_leased"),
        (queue_sqlite.PICK, [account, webhook.pk, 8, ""], "delivery_ready"),
    ]
    for sql, parameters, index in looks:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + sql, parameters)
            plan = "\n".join(row[3] for row in cursor.fetchall())
        assert index in plan, plan
        if "earlier" in plan:
            assert "delivery_in_order (webhook_id=? AND conversation=? AND id<?)" in plan, plan
            assert "webhook_once (chatbot_id=? AND url_key=?)" in plan, plan
        assert not re.search(r"SCAN (webhooks_delivery|d|sibling|own|earlier)\b(?! USING)", plan), (
            plan
        )


# ---------------------------------------------------------------- giving back


def test_what_is_given_back_is_as_if_it_had_not_been_claimed(webhook: Webhook) -> None:
    add_due(webhook, 2, seconds_ago=5, attempts=3)
    queue.present().give_back(claim_all())
    assert set(Delivery.objects.values_list("status", "attempts", "lease_until")) == {
        ("pending", 3, None)
    }
    assert [one.number for one in claim_all()] == [4, 4]
    assert not Attempt.objects.exists()


def test_what_somebody_else_has_claimed_since_is_not_given_back(webhook: Webhook) -> None:
    add_due(webhook)
    late = claim_all()
    let_time_pass(queue.LEASE_SECONDS + 1)
    (theirs,) = claim_all()
    queue.present().give_back(late)
    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.lease_until is None) == (theirs.number, False)
    queue.present().record([finish(theirs)])
    queue.present().give_back([theirs])
    assert Delivery.objects.get().status == "succeeded"


# ---------------------------------------------------------------- how large a claim is


def add_large(chatbot: Chatbot, webhook: Webhook, kilobytes: int, count: int) -> list[int]:
    event = add_event(chatbot, userMessage="x" * kilobytes * 1000)
    return add_due(webhook, count, event=event)


def test_a_claim_takes_no_more_once_its_bodies_are_enough(
    chatbot: Chatbot, webhook: Webhook
) -> None:
    ids = add_large(chatbot, webhook, 100, 6)
    first = claim_of(webhook, 100, most_bytes=250_000).claimed
    assert [one.delivery_id for one in first] == ids[:3]
    # What was left is as it was: due, and its attempt not counted.
    rest = claim_of(webhook, 100).claimed
    assert sorted((one.delivery_id, one.number) for one in rest) == [(id, 1) for id in ids[3:]]


def test_one_body_is_taken_however_little_room_there_is(chatbot: Chatbot, webhook: Webhook) -> None:
    add_large(chatbot, webhook, 200, 2)
    assert len(claim_of(webhook, 9, most_bytes=1).claimed) == 1


def test_large_bodies_of_one_lane_leave_the_others_their_turn(chatbot: Chatbot) -> None:
    large, small = (add_webhook(chatbot, f"https://hooks{n}.example.com/") for n in range(2))
    add_large(chatbot, large, 200, 5)
    add_due(small, 2)
    both = offers(look().lanes, 100)
    taken = queue.present().claim(both, 100, most_bytes=450_000).claimed
    assert sorted(one.webhook_id for one in taken) == [large.pk] * 3 + [small.pk] * 2


@pytest.mark.parametrize(
    "module", [queue_postgresql_look, queue_postgresql_claim, queue_postgresql_record]
)
def test_no_statement_is_taken_apart_anew_each_time(module: ModuleType) -> None:
    """psycopg keeps what it has found out about a statement, but for a longer one: each look and
    each claim would be parsed again, in Python."""
    statements = [text for text in vars(module).values() if isinstance(text, str) and "%(" in text]
    assert statements
    assert max(map(len, statements)) <= MAX_CACHED_STATEMENT_LENGTH
