"""Play a scenario, from a chatbot's page: begun with a click, watched, stopped."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chatbots.models import Conversation, Event, Message
from chatbots.scenarios import runs
from chatbots.scenarios.row import RunStatus, ScenarioRun
from tests.dashboard.conftest import Everything
from tests.process.stack import wait_until


def at(things: Everything, name: str = "scenarios") -> str:
    return reverse(f"admin:{name}", args=[things.chatbot.pk])


def quick(things: Everything, name: str = "annoyed-shopper") -> ScenarioRun:
    """A run that takes no time."""
    run = runs.start(things.chatbot, name)
    ScenarioRun.objects.filter(pk=run.pk).update(speed=10_000)
    return run


def test_a_click_has_it_played_and_the_page_shows_how_far_it_is(
    browser_of_member: Client, own: Everything
) -> None:
    change = browser_of_member.get(reverse("admin:chatbots_chatbot_change", args=[own.chatbot.pk]))
    assert at(own) in change.content.decode()
    assert "A hundred visitors at once" in browser_of_member.get(at(own)).content.decode()
    posted = browser_of_member.post(
        at(own, "scenarios_play"), {"name": "annoyed-shopper", "speed": "50"}, follow=True
    )
    assert "About to begin" in posted.content.decode()
    ScenarioRun.objects.update(speed=10_000)
    before = Event.objects.count()
    runs.play_queued()
    text = browser_of_member.get(at(own, "scenarios_run")).content.decode()
    assert "Played to its end" in text
    assert "10 of 10 steps, 5 events" in text
    assert "hx-get" not in text
    assert "Zoë Barnes" in text
    assert Event.objects.count() == before + 5
    shopper = Conversation.objects.get(name="Zoë Barnes")
    assert shopper.state == "closed"
    assert reverse("admin:chatbots_conversation_change", args=[shopper.pk]) in text
    # As from the chat page, with what the visitor told of themselves.
    assert b'"email":"zoe.barnes@example.com"' in bytes(Event.objects.earliest("-id").body)


def test_the_part_that_changes_is_sent_when_it_has_changed(
    browser_of_member: Client, own: Everything
) -> None:
    quick(own)
    page = browser_of_member.get(at(own, "scenarios_run"))
    seen = page.context["seen"]
    assert f"?seen={seen}" in page.content.decode()
    assert browser_of_member.get(at(own, "scenarios_run"), {"seen": seen}).status_code == 204
    runs.play_queued()
    assert browser_of_member.get(at(own, "scenarios_run"), {"seen": seen}).status_code == 200


def test_one_scenario_at_a_time_with_a_chatbot(browser_of_member: Client, own: Everything) -> None:
    form = {"name": "annoyed-shopper", "speed": "1"}
    browser_of_member.post(at(own, "scenarios_play"), form)
    answer = browser_of_member.post(at(own, "scenarios_play"), form, follow=True)
    assert "A scenario is being played with this chatbot. Stop it first." in answer.content.decode()
    assert ScenarioRun.objects.count() == 1


def test_one_that_waits_for_its_turn_is_stopped_at_once(
    browser_of_member: Client, own: Everything
) -> None:
    quick(own)
    browser_of_member.post(at(own, "scenarios_stop"))
    runs.play_queued()
    run = ScenarioRun.objects.get()
    assert (run.status, run.steps_done) == (RunStatus.STOPPED, 0)


@pytest.mark.django_db(transaction=True)
def test_one_that_is_played_is_stopped_between_two_steps(
    browser_of_member: Client, own: Everything
) -> None:
    run = runs.start(own.chatbot, "annoyed-shopper")
    said = Message.objects.count()

    def play() -> None:
        runs.play_queued()
        connection.close()

    worker = threading.Thread(target=play)
    worker.start()
    # Its first step comes after two seconds, the next eight seconds later.
    wait_until(lambda: ScenarioRun.objects.get().steps_done == 1, "the first step")
    assert "Playing" in browser_of_member.get(at(own, "scenarios_run")).content.decode()
    browser_of_member.post(at(own, "scenarios_stop"))
    worker.join(30)
    run.refresh_from_db()
    assert (run.status, run.steps_done) == (RunStatus.STOPPED, 1)
    assert run.error == "Stopped in the dashboard."
    assert Message.objects.count() == said + 2
    # The way is free for the next one.
    quick(own, "form-handover")
    runs.play_queued()
    assert ScenarioRun.objects.first().status == RunStatus.DONE  # type: ignore[union-attr]


def test_a_worker_that_is_stopped_ends_what_it_plays(
    own: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_told_to_stop", threading.Event())
    quick(own)
    claimed = runs._claim()
    assert claimed is not None
    runs.on_worker_shutting_down()
    runs._play(claimed)
    claimed.refresh_from_db()
    assert (claimed.status, claimed.error) == (RunStatus.STOPPED, "The worker was stopped.")


def test_one_whose_worker_is_gone_is_given_up_and_may_be_played_again(own: Everything) -> None:
    run = quick(own)
    long_ago = timezone.now() - timedelta(minutes=2)
    ScenarioRun.objects.update(status=RunStatus.PLAYING, alive_at=long_ago)
    runs.play_queued()
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert run.error.startswith("The worker that played it is gone.")
    quick(own)


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"name": "nonsense", "speed": "1"}, "There is no scenario"),
        ({"name": "../../etc/passwd", "speed": "1"}, "There is no scenario"),
        ({"name": "annoyed-shopper", "speed": "0"}, "Choose one of the speeds."),
        ({"name": "annoyed-shopper", "speed": "1e9"}, "Choose one of the speeds."),
        ({"name": "annoyed-shopper", "speed": "²"}, "Choose one of the speeds."),
    ],
)
def test_only_what_is_offered_is_played(
    browser_of_member: Client, own: Everything, form: dict[str, str], why: str
) -> None:
    answer = browser_of_member.post(at(own, "scenarios_play"), form, follow=True)
    assert why in answer.content.decode()
    assert not ScenarioRun.objects.exists()


def test_outside_the_sandbox_there_are_none(
    browser_of_member: Client, own: Everything, settings: Any
) -> None:
    settings.SANDBOX = False
    assert browser_of_member.get(at(own)).status_code == 404
    form = {"name": "annoyed-shopper", "speed": "1"}
    assert browser_of_member.post(at(own, "scenarios_play"), form).status_code == 404
    with pytest.raises(ValidationError, match="in the sandbox only"):
        runs.start(own.chatbot, "annoyed-shopper")
    change = browser_of_member.get(reverse("admin:chatbots_chatbot_change", args=[own.chatbot.pk]))
    assert at(own) not in change.content.decode()
