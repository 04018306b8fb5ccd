"""How long what is held back is left alone between two probes."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.ports import free_port
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_webhook, states, wait_until
from webhooks.address_policy import OWN_NETWORKS
from webhooks.engine import Engine
from webhooks.models import Delivery, Endpoint
from webhooks.private_names import CUSTOMARY, RESERVED
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
        ("http://receiver:3000", True),
        ("http://RECEIVER:3000/hook", True),
        ("http://receiver.team.svc:3000", True),
        ("http://receiver.team.svc.cluster.local/hook", True),
        ("http://myapp.lan/hook", True),
        ("http://nas.home/hook", True),
        ("http://nas.home.arpa/hook", True),
        ("http://box.test/hook", True),
        ("http://box.corp/hook", True),
        ("http://wiki.intranet/hook", True),
        ("http://box.private/hook", True),
        ("http://printer.local/hook", True),
        ("http://10.0.0.1/hook", True),
        ("http://172.16.3.4/hook", True),
        ("http://100.100.1.2/hook", True),
        ("http://[fd00::7]/hook", True),
        ("http://[::ffff:192.168.1.7]/hook", True),
        ("https://hooks.example.com/hook", False),
        ("https://plan.com/hook", False),
        ("https://svc.example.com/hook", False),
        ("https://my-lan.example.net/hook", False),
        ("https://hometest.io/hook", False),
        ("https://[2606:4700::1111]/hook", False),
        ("https://100.128.0.1/hook", False),
        ("https://172.32.0.1/hook", False),
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


@pytest.mark.parametrize("network", [network for network, _ in OWN_NETWORKS])
def test_each_network_that_a_sandbox_may_reach_in_addition_is_near(network: str) -> None:
    for address in (ip_network(network)[0], ip_network(network)[-1]):
        host = f"[{address}]" if address.version == 6 else str(address)
        assert pauses(f"http://{host}/hook", in_sandbox=True) == NEAR


@pytest.mark.parametrize("suffix", [*RESERVED, *CUSTOMARY])
def test_each_private_name_is_near(suffix: str) -> None:
    assert pauses(f"http://a.b.{suffix}:3000/hook", in_sandbox=True) == NEAR
    assert pauses(f"http://{suffix}/hook", in_sandbox=True) == NEAR
    assert pauses(f"http://{suffix}.example.com/hook", in_sandbox=True) == USUAL
    assert pauses(f"http://not{suffix}.com/hook", in_sandbox=True) == USUAL


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
