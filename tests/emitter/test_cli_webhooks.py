"""The commands about webhooks: trigger, deliveries, resend, sign, verify, diagnose."""

from __future__ import annotations

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from chatbots.models import Chatbot
from tests.emitter.command import Emitter, printed
from tests.receiver import Receiver
from webhooks import breaker, engine, presence, subscriptions
from webhooks.models import Endpoint, Webhook
from webhooks.signing import sign

pytestmark = pytest.mark.thorough

EVENT = "HUMAN_HANDOVER"
SECRET = "my-secret"


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.SANDBOX = True


@pytest.fixture
def webhook(bot: Chatbot, live_receiver: Receiver) -> Webhook:
    url = live_receiver.url("/hook")
    return subscriptions.create(bot, url=url, event=EVENT, secret=SECRET, retry_schedule="none")[0]


def with_a_worker(emitter: Emitter, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, while a worker delivers."""
    presence.report("a worker")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(emitter, *arguments)
        while not running.done():
            engine.run()
        return running.result()


def test_a_triggered_event_is_sent_and_its_end_awaited(
    emitter: Emitter, webhook: Webhook, live_receiver: Receiver
) -> None:
    asked = ("trigger", EVENT, "--set", "name=Zoë = Ann", "--null", "phoneNumber")
    done = with_a_worker(emitter, *asked, "--unset", "email", "--wait", "--json")
    answer = printed(done)[0]
    assert [row["status"] for row in answer["results"]] == ["succeeded"]
    sent = live_receiver.wait_for(1)[0]
    data = json.loads(sent.body)["data"]
    assert (data["name"], data["phoneNumber"]) == ("Zoë = Ann", None)
    assert "email" not in data


def test_a_delivery_that_fails_is_exit_code_1_and_resent_when_the_receiver_is_well(
    emitter: Emitter, webhook: Webhook, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 500)
    live_receiver.answer("/hook", 200, then=True)
    done = with_a_worker(emitter, "trigger", EVENT, "--wait")
    assert done.returncode == 1
    assert "500" in done.stdout
    assert done.stderr == "emitter: 1 of 1 not delivered.\n"
    row = printed(emitter("deliveries", "--json"))[0][0]
    shown = emitter("deliveries", row["id"]).stdout
    assert "Attempt 1" in shown
    assert "X-Wonderchat-Signature: " in shown
    headers, body = shown.split("\n\n{")[0], shown.split("\n\n{")[1]
    assert "X-Wonderchat-Signature: " in headers
    assert body.startswith('"event":"HUMAN_HANDOVER"')
    again = with_a_worker(emitter, "resend", row["id"], "--wait", "--json")
    assert printed(again)[0]["status"] == "succeeded"
    first, second = live_receiver.wait_for(2)
    assert first.body == second.body


FORGED = ("--simulate", '{"badSignature": true}')


@pytest.mark.parametrize(
    ("options", "status", "code", "says"),
    [
        ((*FORGED, "--wait"), 401, 0, "refused, as it should be (401 in "),
        ((*FORGED, "--wait"), 200, 1, "accepted a forged request (200 in "),
        ((*FORGED, "--wait"), 500, 1, "not refused: it answered 500"),
        ((*FORGED, "--expect", "refused"), 401, 0, "refused, as it should be"),
        ((*FORGED, "--expect", "accepted"), 401, 1, "refused, as it should be"),
        (("--expect", "refused"), 401, 0, "Your endpoint answered 401"),
        (("--expect", "refused"), 500, 1, "Your endpoint answered 500"),
        (("--expect", "accepted"), 200, 0, "200 in "),
        (("--simulate", '{"copies": 2}', "--wait"), 200, 0, "accepted, as it should be"),
        (("--simulate", '{"unknownEvent": true}', "--wait"), 422, 1, "refused an event it does "),
        (("--simulate", '{"timestampSkewSeconds": -900}', "--wait"), 400, 0, "refused, as it may"),
    ],
)
def test_the_exit_code_says_whether_the_receiver_did_what_was_expected(
    emitter: Emitter,
    webhook: Webhook,
    live_receiver: Receiver,
    options: tuple[str, ...],
    status: int,
    code: int,
    says: str,
) -> None:
    live_receiver.answer("/hook", status)
    done = with_a_worker(emitter, "trigger", EVENT, *options)
    assert done.returncode == code, done.stderr
    assert says in done.stdout


def test_where_nobody_gets_it_no_receiver_did_what_was_expected(emitter: Emitter) -> None:
    assert emitter("trigger", EVENT, *FORGED, "--wait").returncode == 1
    assert emitter("trigger", EVENT, "--expect", "accepted").returncode == 1


def test_whoever_waits_is_told_what_for(
    emitter: Emitter, webhook: Webhook, live_receiver: Receiver
) -> None:
    breaker.hold(Endpoint, webhook.endpoint_id, "connect")
    Endpoint.objects.update(held_until=Now() + timedelta(seconds=4))
    done = with_a_worker(emitter, "trigger", EVENT, "--wait", "--json")
    assert printed(done)[0]["results"][0]["status"] == "succeeded"
    assert re.search(r"Delivery \d+ waits\. Held back until \d\d:\d\d:\d\d UTC", done.stderr)


def test_one_that_is_held_says_why(emitter: Emitter, webhook: Webhook) -> None:
    subscriptions.disable(webhook, "Being rebuilt.")
    done = emitter("trigger", EVENT, "--wait")
    assert done.returncode == 1
    assert "The webhook is disabled. Enable it, and this is sent." in done.stdout


def test_an_event_that_nobody_gets_says_why(emitter: Emitter) -> None:
    done = emitter("trigger", EVENT)
    assert done.returncode == 0
    assert "sent to nobody: " in done.stdout
    assert emitter("deliveries").stdout == "None.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("trigger", "NONSENSE"), "'NONSENSE' is not an event."),
        (("trigger", "NONSENSE"), "add --simulate '{\"unknownEvent\": true}' to one of them."),
        (("trigger", EVENT, "--data", "{"), "--data is not JSON: "),
        (("trigger", EVENT, "--data", "[]"), "--data must be a JSON object"),
        (("trigger", EVENT, "--set", "name"), "--set is KEY=TEXT"),
        (("deliveries", "99999"), "There is no delivery with this id"),
        (("deliveries", "../webhooks"), "'../webhooks' is not an id."),
        (("deliveries", "--status", "odd"), "must be one of pending"),
        (("deliveries", "--event", EVENT), "Did you mean --type"),
        (("deliveries", "--event", "7"), "'7' is none."),
        (("deliveries", "--webhook", "abc"), "webhookId: must be the id of a webhook"),
        (("resend", "99999"), "There is no delivery with this id"),
        (("sign", "gone.json", "--secret", "s"), "gone.json cannot be read: No such file"),
        (("sign",), "The secret is missing."),
    ],
)
def test_what_is_wrong_is_said_with_exit_code_2(
    emitter: Emitter, arguments: tuple[str, ...], sentence: str
) -> None:
    done = emitter(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_signature_is_made_over_the_exact_bytes(alone: Emitter) -> None:
    body = '{"name":"Zoë"}\r\n'
    file: Path = alone.folder / "body.json"
    file.write_bytes(body.encode())
    expected = sign(SECRET, body.encode())
    assert alone("sign", "body.json", "--secret", SECRET).stdout == f"{expected}\n"
    assert alone("sign", EMITTER_SECRET=SECRET, typed="{}").stdout == f"{sign(SECRET, b'{}')}\n"
    verify = ("verify", "body.json", "--secret", SECRET, "--signature")
    assert alone(*verify, expected).returncode == 0
    wrong = alone(*verify, "Zoë", "--json")
    assert wrong.returncode == 1
    assert json.loads(wrong.stdout) == {"matches": False, "expected": expected}


@pytest.mark.parametrize(("around", "code"), [(" {}\t", 0), ("{}\n", 1), ('"{}"', 1)])
def test_verify_and_diagnose_agree_on_what_is_around_a_signature(
    alone: Emitter, around: str, code: int
) -> None:
    given = around.format(sign(SECRET, b"{}"))
    for command in ("verify", "diagnose"):
        done = alone(command, "--secret", SECRET, "--signature", given, typed="{}")
        assert done.returncode == code


def test_a_wrong_signature_is_diagnosed(emitter: Emitter, webhook: Webhook) -> None:
    body = '{"a":1}'
    spaced = sign(SECRET, b'{"a": 1}')
    asked = ("diagnose", "--webhook", str(webhook.pk), "--signature")
    done = emitter(*asked, spaced, typed=body)
    assert done.returncode == 1
    assert "with spaces after commas and colons" in done.stdout
    right = emitter(*asked, sign(SECRET, body.encode()), "--json", typed=body)
    assert printed(right)[0]["matches"] is True


def test_deliveries_are_found_by_what_was_answered(
    emitter: Emitter, webhook: Webhook, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 401)
    asked = with_a_worker(emitter, "trigger", EVENT, "--wait", "--json")
    made = json.loads(asked.stdout)["deliveries"][0]["id"]
    chatlog = json.loads(asked.stdout)["payload"]["data"]["chatlogId"]
    for found in (
        ("--status-code", "401"),
        ("--error-kind", "http_status", "--no-tests"),
        ("--type", EVENT, "--chatlog", chatlog, "--since", "2023-01-01"),
    ):
        assert [row["id"] for row in printed(emitter("deliveries", *found, "--json"))[0]] == [made]
    for none in (("--status-code", "500"), ("--tests",), ("--until", "2023-01-01")):
        assert printed(emitter("deliveries", *none, "--json")) == [[]]
    wrong = emitter("deliveries", "--status-code", "4xx")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "emitter: statusCode: must be a status of HTTP, such as 401.\n",
    )


def test_a_diagnosis_takes_the_requests_headers(emitter: Emitter, webhook: Webhook) -> None:
    body, stamp = '{"a":1}', "2023-10-15T14:36:07.250Z"
    of_slack = sign(SECRET, f"v0:1697380567:{body}".encode())
    asked = ("diagnose", "--webhook", str(webhook.pk))
    done = emitter(*asked, "--signature", of_slack, "--timestamp", stamp, typed=body)
    assert "in seconds and the body (Slack's and Zoom's way)" in done.stdout
    lines = (f"x-wonderchat-timestamp: {stamp}", f"X-Wonderchat-Signature: {of_slack}")
    done = emitter(*asked, "-H", lines[0], "-H", lines[1], typed=body)
    assert done.returncode == 1
    assert "(Slack's and Zoom's way)" in done.stdout
    assert "expected  " not in done.stdout
    wrong = emitter(*asked, "-H", "no colon", typed=body)
    assert wrong.returncode == 2
    assert "is no header" in wrong.stderr
    assert "The signature is missing" in emitter(*asked, typed=body).stderr


def test_a_diagnosis_names_the_other_webhook(emitter: Emitter, webhook: Webhook) -> None:
    other = subscriptions.create(
        webhook.chatbot, url="http://127.0.0.1:9/x", event="HUMAN_HANDOVER", secret="another one"
    )[0]
    asked = ("diagnose", "--secret", SECRET, "--signature", sign("another one", b"{}"), "--json")
    done = emitter(*asked, typed="{}")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["webhookId"] == str(other.pk)


def test_a_signature_is_diagnosed_without_an_emitter(alone: Emitter) -> None:
    body = '{"a": "Zoë"}'.replace(" ", "")
    asked = ("diagnose", "--secret", SECRET, "--signature")
    done = alone(*asked, sign(SECRET, f"{body}\n".encode()), typed=body)
    assert done.returncode == 1
    assert "a line break at its end" in done.stdout
    assert "The secrets of other webhooks were not tried: no emitter is known here." in done.stdout
    right = alone(*asked, sign(SECRET, body.encode()), "--json", typed=body)
    assert (right.returncode, printed(right)[0]["notTried"]) == (0, None)
    # An indented view of what was sent.
    view = alone(*asked, sign(SECRET, body.encode()), typed=body.replace(":", ": "))
    assert view.returncode == 0
    assert "The signature is right, for the exact bytes." in view.stdout
    away = alone(*asked, "0" * 64, "--url", "http://127.0.0.1:9", "--key", "x", typed=body)
    assert away.returncode == 3
    assert alone("diagnose", "--webhook", "3", "--signature", "x", typed=body).returncode == 2
