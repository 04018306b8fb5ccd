"""The `emitter` command, as a person starts it, against a real server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chatbots.models import Chatbot, Event, Message, SupportEmail
from tests.emitter.command import Emitter, printed
from tests.emitter.group import ROOT
from tests.ports import free_port


def types() -> list[str]:
    return list(Event.objects.order_by("id").values_list("type", flat=True))


def test_chat_shows_the_answer_and_the_events(emitter: Emitter) -> None:
    done = emitter("chat", "When are you open?")
    assert done.returncode == 0, done.stderr
    assert "Monday to Friday" in done.stdout
    assert "USER_MESSAGE_SENT" in done.stdout
    first = printed(emitter("chat", "--json", "I want to talk to a human"))[0]
    assert first["events"] == ["USER_MESSAGE_SENT", "LIVE_CHAT_INITIATED"]
    more = ("chat", "--json", "--person", "--chatlog", first["chatlogId"])
    assert printed(emitter(*more, "Order 7"))[0]["events"] == ["LIVE_CHAT_INITIATED"]
    last = printed(emitter(*more, "Hello?"))[0]
    assert last["events"] == []
    assert last["reason"].startswith("The live chat is on already")


def test_chat_goes_on_line_by_line(emitter: Emitter) -> None:
    rows = printed(emitter("chat", "--json", typed="hi\n\nWhen are you open?\n"))
    assert len(rows) == 2
    assert rows[0]["chatlogId"] == rows[1]["chatlogId"]
    assert [row["events"] for row in rows] == [["USER_MESSAGE_SENT"]] * 2


def test_what_a_chatbot_says_cannot_steer_the_terminal(emitter: Emitter, bot: Chatbot) -> None:
    bot.fallback_reply = "\x1b]0;owned\x07 [bold]really[/bold]"
    bot.save()
    said = emitter("chat", "xyzzy plugh").stdout
    assert "\x1b]0" not in said
    assert "[bold]really[/bold]" in said


def test_a_scenario_is_played_to_its_end(emitter: Emitter) -> None:
    rows = printed(emitter("scenario", "annoyed-shopper", "--speed", "1000", "--json"))
    *steps, summary = rows
    assert summary == {"scenario": "annoyed-shopper", "steps": 10, "events": 5}
    assert types() == ["USER_MESSAGE_SENT"] * 3 + ["LIVE_CHAT_INITIATED"] * 2
    assert [event for step in steps for event in step["events"]] == types()
    assert list(Message.objects.filter(type="agent").values_list("agent_name", flat=True)) == [
        "Ann",
        "Ann",
    ]
    initiated = Event.objects.filter(type="LIVE_CHAT_INITIATED").latest("id")
    assert json.loads(bytes(initiated.body))["data"]["name"] == "Zoë Barnes"


def test_a_form_is_handed_over_with_its_values(emitter: Emitter) -> None:
    printed(emitter("scenario", "form-handover", "--speed", "1000", "--json"))
    assert types() == ["USER_MESSAGE_SENT", "HUMAN_HANDOVER", "USER_MESSAGE_SENT"]
    assert SupportEmail.objects.get().form_fields["Order number"] == "4711"


def test_where_live_chat_is_off_a_whatsapp_visitor_fires_nothing_and_is_told(
    emitter: Emitter, bot: Chatbot
) -> None:
    bot.live_chat_enabled = False
    bot.save()
    rows = printed(emitter("scenario", "whatsapp-after-hours", "--speed", "1000", "--json"))
    assert "LIVE_CHAT_INITIATED" not in types()
    assert rows[0]["reason"].startswith("Live chat is off")
    assert rows[3]["does"] == "agent"
    assert rows[3]["reason"].startswith("The live chat is over.")


def test_many_visitors_have_a_conversation_each(emitter: Emitter) -> None:
    done = emitter("scenario", "hundred-visitors", "--speed", "1000", "--visitors", "5")
    assert done.returncode == 0, done.stderr
    assert "visitor 5" in done.stdout
    assert "15 steps, 15 events" in done.stdout
    assert len(set(Event.objects.values_list("chatlog_id", flat=True))) == 5


def test_ones_own_file_is_checked_and_a_mistake_named(alone: Emitter) -> None:
    own = alone.folder / "own.toml"
    own.write_text('title = "Mine"\n[[step]]\nask = "hi"\n')
    assert alone("scenario", str(own), "--check").stdout.startswith("Mine: 1 step.")
    own.write_text('title = "Mine"\n[[step]]\nasks = "hi"\n')
    done = alone("scenario", "own.toml")
    assert done.returncode == 2
    assert done.stderr.startswith("emitter: own.toml, line 2 (step 1): a step does one of ask,")


def test_the_list_needs_no_emitter(alone: Emitter) -> None:
    rows = printed(alone("scenario", "--json"))[0]
    assert "annoyed-shopper" in [row["name"] for row in rows]
    assert "hundred-visitors" in alone("scenario").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "No emitter is known. Start the sandbox with `make up`"),
        (("--url", "ftp://x", "--key", "k"), 2, "--url must start with http:// or https://"),
        (("--url", "http://127.0.0.1:1"), 2, "There is no key for http://127.0.0.1:1."),
        (("--url", "http://127.0.0.1:1", "--key", "k"), 2, "No chatbot is known."),
    ],
)
def test_what_is_missing_is_said(
    alone: Emitter, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = alone("chat", "hi", *arguments)
    assert done.returncode == code
    assert done.stderr.startswith(f"emitter: {sentence}")


def test_an_emitter_out_of_reach_is_exit_code_3(alone: Emitter) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = alone("chat", "hi", "--key", "k", "--chatbot", "b", EMITTER_URL=url)
    assert done.returncode == 3
    assert (
        done.stderr == f"emitter: Nothing answers at {url}. Is the emitter running (`make up`)?\n"
    )


def test_a_wrong_key_or_chatbot_is_exit_code_2(emitter: Emitter) -> None:
    done = emitter("chat", "hi", EMITTER_KEY="wc_nonsense")
    assert done.returncode == 2
    assert done.stderr.startswith("emitter: ")
    done = emitter("chat", "hi", "--chatbot", "nonsense")
    assert done.returncode == 2
    assert "There is no chatbot with this chatbotId" in done.stderr


def test_the_sandboxs_key_is_not_sent_to_another_address(emitter: Emitter) -> None:
    done = emitter("chat", "hi", "--url", "http://127.0.0.1:1")
    assert done.returncode == 2
    assert done.stderr.startswith("emitter: There is no key for http://127.0.0.1:1.")


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("chat", "--nonsense"), ("scenario", "--speed=0")]
)
def test_wrong_use_is_exit_code_2(alone: Emitter, arguments: tuple[str, ...]) -> None:
    assert alone(*arguments).returncode == 2


def test_the_launcher_finds_the_project_from_any_folder(tmp_path: Path) -> None:
    place = tmp_path / "copy" / ".venv" / "bin"
    place.mkdir(parents=True)
    launcher = place / "emitter"
    launcher.write_bytes((ROOT / ".ci" / "emitter").read_bytes())
    launcher.chmod(0o755)
    (place / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (place / "python").chmod(0o755)
    for package in ("emitter", "chatbots", "webhooks"):
        (tmp_path / "copy" / package).symlink_to(ROOT / package)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "emitter.py").write_text("raise SystemExit('not this one')")
    (tmp_path / "link").symlink_to(launcher)
    for command in (launcher, tmp_path / "link"):
        done = subprocess.run(
            [command, "scenario", "--json"],
            cwd=tmp_path / "elsewhere",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "annoyed-shopper" in done.stdout


def test_the_command_starts_without_what_only_the_server_needs() -> None:
    """Each would make it slower by a third."""
    code = "import sys, emitter.cli.main; print({'celery', 'django', 'redis'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
