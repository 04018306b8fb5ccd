"""The Express receiver of Wonderchat's page, installed and run as the page has it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from chatbots import conversation
from chatbots.models import Channel, Chatbot, Event
from tests import needs
from webhooks import engine, sample, subscriptions
from webhooks.engine import Engine
from webhooks.models import Attempt

pytestmark = [pytest.mark.node, pytest.mark.django_db(transaction=True)]
HERE = Path(__file__).parent
SECRET = "the secret key of step 5 · ключ"
EVENTS = ("LIVE_CHAT_INITIATED", "USER_MESSAGE_SENT", "HUMAN_HANDOVER")
NAMES = [
    'Zoë 🎉 "quoted" \\ </script>',
    "مرحبا، أنا زوي",
    "line\u2028and paragraph\u2029separators",
    "\0\x1f\x7f\ufeff\uffff & ' < > / \t\r\n",
    "__proto__",
    "¯\\_(ツ)_/¯ ١٢٣ \U0001f469\u200d\U0001f680",
]


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the receiver and express beside it."""
    folder = tmp_path_factory.mktemp("express")
    for name in ("package.json", "package-lock.json", "receiver.js"):
        shutil.copy(HERE / name, folder)
    npm = shutil.which("npm")
    if npm is None:
        return unavailable("npm")
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if done.returncode:
        return unavailable(f"npm to install express ({done.stderr.strip()[-300:]})")
    return folder


def unavailable(what: str) -> Path:
    if needs.IN_CI:
        pytest.fail(f"CI has to have {what}.", pytrace=False)
    pytest.skip(f"needs {what}")


@pytest.fixture
def express(installed: Path) -> Iterator[str]:
    """The URL of the page's receiver, running."""
    process = subprocess.Popen(
        [needs.node(), "receiver.js"],
        cwd=installed,
        env=os.environ | {"WONDERCHAT_WEBHOOK_SECRET": SECRET},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.match(r"PORT (\d+)", process.stdout.readline())
        assert found
        yield f"http://127.0.0.1:{found[1]}/webhooks/wonderchat"
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def running(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    settings.SANDBOX = True
    monkeypatch.setattr(engine, "LINGER_SECONDS", 0.05)
    made = Engine()
    yield made
    if made._transport is not None:
        made._transport.close()


def answers() -> set[tuple[str, int | None, bytes]]:
    """What the receiver said to each event."""
    found = Attempt.objects.values_list("delivery__event__type", "status_code", "response_body")
    return {(event, status, bytes(body)) for event, status, body in found}


ALL_WELL = {(event, 200, b"OK") for event in EVENTS}


@pytest.mark.parametrize("name", [name for name in NAMES if "\0" not in name])
def test_a_chats_three_events_verify_whatever_a_visitor_typed(
    running: Engine, express: str, chatbot: Chatbot, name: str
) -> None:
    Chatbot.objects.filter(pk=chatbot.pk).update(name=name)
    chatbot.refresh_from_db()
    for event in EVENTS:
        subscriptions.create(chatbot, url=express, event=event, secret=SECRET)
    contact = conversation.Contact(email="zoe@example.com", name=name, phone_number="+1")
    conversation.ask(chatbot, name, contact=contact)
    conversation.live_message(chatbot, name, channel=Channel.WHATSAPP, contact=contact)
    conversation.hand_over(chatbot, name, contact=contact, form_fields={name: name})
    running.run()
    assert answers() == ALL_WELL
    for body in Event.objects.values_list("body", flat=True):
        data = json.loads(bytes(body))["data"]
        assert (data["chatbotName"], data["userMessage"], data["name"]) == (name, name, name)


@pytest.mark.parametrize("name", NAMES)
def test_test_payloads_verify_whatever_is_put_into_them(
    running: Engine, express: str, chatbot: Chatbot, name: str
) -> None:
    for event in EVENTS:
        webhook = subscriptions.create(chatbot, url=express, event=event, secret=SECRET)[0]
        sample.send_test(webhook, data={"name": name, "userMessage": name, name + "!": [name, 0.1]})
    running.run()
    assert answers() == ALL_WELL


def test_a_wrong_secret_is_found_out_by_it(running: Engine, express: str, chatbot: Chatbot) -> None:
    subscriptions.create(
        chatbot, url=express, event="USER_MESSAGE_SENT", secret="another", retry_schedule="none"
    )
    conversation.ask(chatbot, "Hello")
    running.run()
    attempt = Attempt.objects.get()
    assert (attempt.status_code, bytes(attempt.response_body)) == (401, b"Invalid signature")
