"""How long what is held back is left alone between two probes."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.ports import free_port
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_webhook, states, wait_until
from webhooks.engine import Engine
from webhooks.models import Delivery, Endpoint
from webhooks.probe_pause import NEAR, USUAL, pauses


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("http://127.0.0.1:3000/hook", True),
        ("http://localhost:3000", True),
        ("http://app.localhost/hook", True),
        ("http://[::1]:3000/", True),
        ("http://192.168.1.7/hook", True),
        ("http://host.docker.internal:3000/hook", True),
        ("https://hooks.example.com/hook", False),
        ("https://8.8.8.8/hook", False),
        ("https://localhost.example.com/", False),
    ],
)
def test_in_the_sandbox_what_is_near_is_probed_every_second_or_two(
    address: str, near: bool
) -> None:
    assert pauses(address, in_sandbox=True) == (NEAR if near else USUAL)
    assert pauses(address, in_sandbox=False) == USUAL
    assert max(NEAR) <= 2


@pytest.mark.django_db(transaction=True)
def test_a_receiver_on_this_machine_that_is_started_anew_is_found_within_seconds(
    running: Engine, chatbot: Chatbot, settings: Settings
) -> None:
    settings.SANDBOX = True
    port = free_port()
    webhook = add_webhook(chatbot, f"http://127.0.0.1:{port}/hook")
    add_due(webhook, 60)

    def is_held_back() -> bool:
        running.run()
        return Endpoint.objects.get(pk=webhook.endpoint_id).held_since is not None

    wait_until(is_held_back, "20 in a row were not accepted")
    untouched = list(Delivery.objects.filter(attempts=0).values_list("pk", flat=True))
    assert untouched

    with Receiver(port=port):

        def have_arrived() -> bool:
            running.run()
            return states(untouched) == ["succeeded"] * len(untouched)

        wait_until(have_arrived, "what was held back", seconds=6)
