"""The command of "Copy as cURL", run by real shells: the same request, byte for byte."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from chatbots.models import Chatbot
from tests.receiver import Receiver, Request
from tests.webhooks.due import add_webhook
from webhooks import attempt_view, engine, sample
from webhooks.curl_command import curl_command, quoted
from webhooks.models import Attempt

# POSIX's and Debian's own; the others where they are installed.
SHELLS = [shell for shell in ("sh", "bash", "zsh", "fish") if shutil.which(shell)]
SENT = {"Content-Type": "application/json", "User-Agent": "Wonderchat-Webhooks/0.1.0"}
BODIES = {
    "letters": '{"name":"Zoë 日本 🎉\u2028\u202e"}'.encode(),
    "quotes": b"""{"a":"it's \\"$HOME\\" `id` \\\\ !! %s %d @x '\\\\''"}""",
    "a leading @": b"@/etc/passwd",
    "a leading -": b"-v",
    "large": b'{"a":"' + "é'\\\\".encode() * 60_000 + b'"}',
    "nothing": b"",
    "line breaks": b"a\nb\tc\n\n",
    "no text": bytes(range(256)),
}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def run(shell: str, command: str, tmp_path: Path, receiver: Receiver) -> Request:
    """What arrives when a script of the shell's is the command."""
    script = tmp_path / "script"
    script.write_bytes(command.encode())
    receiver.clear()
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [shell, str(script)], env=home, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    [request] = receiver.requests
    return request


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", BODIES)
def test_every_body_arrives_as_it_was(
    shell: str, name: str, tmp_path: Path, receiver: Receiver
) -> None:
    request = run(shell, curl_command(receiver.url("/x"), SENT, BODIES[name]), tmp_path, receiver)
    assert request.body == BODIES[name]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "path",
    ["/a/../b/./c", "/x?a[]=1&b={1,2}&c='d'\"e\"", "/%2e%2e/%41", "/$HOME`id`\\n!x", "/x?#f"],
)
def test_every_path_is_asked_for_as_it_is(
    shell: str, path: str, tmp_path: Path, receiver: Receiver
) -> None:
    request = run(shell, curl_command(receiver.url(path), SENT, b"{}"), tmp_path, receiver)
    assert request.head.split(b"\r\n")[0] == f"POST {path.partition('#')[0]} HTTP/1.1".encode()


def test_nothing_is_added_that_was_not_sent(tmp_path: Path, receiver: Receiver) -> None:
    headers = {
        "X-A": 'it\'s "$HOME" \\',
        "X-Empty": "",
        "X-Letters": "Zoë".encode().decode("latin-1"),
    }
    for shell in SHELLS:
        command = curl_command(receiver.url("/x"), headers, b"{" * 2_000_000)
        request = run(shell, command, tmp_path, receiver)
        assert request.headers.keys() == {"host", "x-a", "x-empty", "x-letters", "content-length"}
        assert request.headers["x-a"] == headers["X-A"]
        assert request.headers["x-letters"] == headers["X-Letters"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_sends_what_the_emitter_sent(
    shell: str, chatbot: Chatbot, tmp_path: Path, receiver: Receiver, settings: Any
) -> None:
    settings.SANDBOX = True
    receiver.clear()
    webhook = add_webhook(chatbot, receiver.url("/a/../b?x[]=1"), standard_headers=True)
    sample.send_test(webhook, data={"userMessage": "it's \\ Zoë 🎉"})
    engine.run()
    [ours] = receiver.requests
    attempt = Attempt.objects.get()
    headers = attempt_view.request_headers(attempt)
    body = attempt_view.request_body(attempt)
    theirs = run(shell, curl_command(attempt.url, headers, body), tmp_path, receiver)
    assert theirs.body == ours.body
    assert theirs.head.split(b"\r\n")[0] == ours.head.split(b"\r\n")[0]
    assert sorted(theirs.head.split(b"\r\n")) == sorted(ours.head.split(b"\r\n"))


@pytest.mark.parametrize("shell", SHELLS)
@given(
    words=st.lists(
        st.text(
            st.characters(exclude_characters="\0", exclude_categories=["Cs"])
            | st.sampled_from("'\"\\$`!%~#&|;<>(){}[]*? \n"),
            max_size=30,
        ),
        min_size=1,
        max_size=40,
    )
)
@hypothesis.settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_word_is_one_word_of_every_shell(shell: str, tmp_path: Path, words: list[str]) -> None:
    script = tmp_path / "script"
    script.write_bytes(b"printf '%s\\0' " + " ".join(map(quoted, words)).encode())
    done = subprocess.run(
        [shell, str(script)],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.decode().split("\0")[:-1] == words
