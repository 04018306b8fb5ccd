"""Every command with every odd terminal, pipe and encoding: no traceback, no lost letter."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest
from typer.main import get_command

from chatbots.models import Chatbot
from emitter.cli.main import app
from tests.emitter.command import Emitter
from tests.webhooks.due import add_due
from webhooks import signing, subscriptions
from webhooks.models import Delivery

pytestmark = [pytest.mark.once, pytest.mark.thorough]

# What each command is asked for; {…} are things that are there. A command without a line fails.
LINES: dict[str, list[list[str]]] = {
    "chat": [["chat", "Zoë 日本 🎉 [/bold] when are you open?"], ["chat", "--json", "Zoë 🎉"]],
    "scenario": [
        ["scenario"],
        ["scenario", "--json"],
        ["scenario", "annoyed-shopper", "--check"],
        ["scenario", "form-handover", "--speed", "1000", "--json"],
    ],
    "trigger": [
        ["trigger", "HUMAN_HANDOVER", "--set", "name=Zoë 🎉", "--data", '{"userMessage": "日本"}'],
        ["trigger", "USER_MESSAGE_SENT", "--json"],
    ],
    "deliveries": [
        ["deliveries"],
        ["deliveries", "--json"],
        ["deliveries", "{delivery}"],
        ["deliveries", "{delivery}", "--json"],
    ],
    "resend": [["resend", "{delivery}"], ["resend", "{delivery}", "--json"]],
    "sign": [
        ["sign", "{body}", "--secret", "Zoë"],
        ["sign", "{body}", "--secret", "Zoë", "--json"],
    ],
    "verify": [
        ["verify", "{body}", "--secret", "Zoë", "--signature", "{signature}"],
        ["verify", "{body}", "--secret", "Zoë", "--signature", "{signature}", "--json"],
    ],
    "diagnose": [
        ["diagnose", "{body}", "--secret", "Zoë", "--signature", "{signature}"],
        ["diagnose", "{body}", "--secret", "Zoë", "--signature", "{signature}", "--json"],
    ],
}
BODY = '{"name":"Zoë"}'.encode()
ASCII = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}


@dataclass
class Ended:
    code: int
    out: bytes
    err: bytes


Surroundings = Callable[[Emitter, Sequence[str]], Ended]


def started(
    emitter: Emitter, arguments: Sequence[str], *, shell: str = "", **variables: str
) -> Ended:
    """The command, or what the shell makes of "$@" with it."""
    command = [sys.executable, "-P", "-m", "emitter.cli", *arguments]
    if shell:
        command = ["sh", "-c", shell, "sh", *command]
    done = subprocess.run(
        command,
        cwd=emitter.folder,
        env=emitter.environment | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def plain(**variables: str) -> Surroundings:
    return lambda emitter, arguments: started(emitter, arguments, **variables)


def shell(text: str) -> Surroundings:
    return lambda emitter, arguments: started(emitter, arguments, shell=text)


def on_a_terminal(emitter: Emitter, arguments: Sequence[str], **variables: str) -> Ended:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "emitter.cli", *arguments],
        cwd=emitter.folder,
        env=emitter.environment | {"TERM": "xterm-256color"} | variables,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    out = b""
    with suppress(OSError):  # Linux's way to say that the other end is closed.
        while more := os.read(ours, 65536):
            out += more
    os.close(ours)
    _, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err)


# By name: how it is started, and the code that it ends with where all else is well.
EVERYWHERE: dict[str, tuple[Surroundings, int]] = {
    "a pipe": (plain(), 0),
    "ASCII": (plain(PYTHONIOENCODING="ascii"), 0),
    "windows-1252": (plain(PYTHONIOENCODING="cp1252"), 0),
    "UTF-16": (plain(PYTHONIOENCODING="utf-16-le"), 0),
    "the C locale": (plain(**ASCII), 0),
    "20 columns": (plain(COLUMNS="20"), 0),
    "no columns": (plain(COLUMNS="0", LINES="0"), 0),
    "one column": (plain(COLUMNS="1"), 0),
    "a billion columns": (plain(COLUMNS="999999999"), 0),
    "a terminal": (on_a_terminal, 0),
    "a dumb terminal": (lambda e, a: on_a_terminal(e, a, TERM="dumb", COLUMNS="20"), 0),
    "a terminal without colours": (lambda e, a: on_a_terminal(e, a, NO_COLOR="1"), 0),
    "a pipe that is closed": (shell('{ "$@"; echo $? >code; } | true; exit $(cat code)'), 0),
    "head -1": (shell('{ "$@"; echo $? >code; } | head -1; exit $(cat code)'), 0),
    "a full disk": (shell('exec "$@" >/dev/full'), 3),
    "no output": (shell('exec "$@" >&-'), 3),
    "no input": (shell('exec "$@" <&-'), 0),
    "no error output": (shell('exec "$@" 2>&-'), 0),
    "nothing open": (shell('exec "$@" <&- >&- 2>&-'), 3),
}
# Where every command is tried. How the others differ is seen of a few.
THOROUGHLY = [
    "a pipe",
    "ASCII",
    "20 columns",
    "a terminal",
    "head -1",
    "a full disk",
    "nothing open",
]
DECODED_AS = {"ASCII": "ascii", "windows-1252": "cp1252", "UTF-16": "utf-16-le"}


@pytest.fixture
def there(emitter: Emitter, bot: Chatbot) -> dict[str, str]:
    """A delivery, a body's file with a name that ASCII lacks, and its signature."""
    webhook, _ = subscriptions.create(
        bot, url="https://hooks.example/é", event="HUMAN_HANDOVER", secret="s3cret-s3cret"
    )
    (delivery,) = add_due(webhook, status="failed")
    body = emitter.folder / "körper.json"
    body.write_bytes(BODY)
    return {"delivery": str(delivery), "body": str(body), "signature": signing.sign("Zoë", BODY)}


def filled(part: str, there: dict[str, str]) -> str:
    for name, value in there.items():
        part = part.replace("{" + name + "}", value)
    return part


def check(where: str, line: Sequence[str], emitter: Emitter, there: dict[str, str]) -> None:
    start, code = EVERYWHERE[where]
    Delivery.objects.filter(pk=there["delivery"]).update(status="failed")
    ended = start(emitter, [filled(part, there) for part in line])
    said = f"{where}: {' '.join(line)}: {ended}"
    assert b"Traceback" not in ended.err + ended.out, said
    assert ended.code == code, said
    errors = ended.err.decode(errors="replace").splitlines()
    if code and where != "nothing open":
        assert len(errors) == 1, said
        assert errors[0].startswith("emitter: "), said
    else:
        assert not errors, said
    out = ended.out.decode(DECODED_AS.get(where, "utf-8"))
    if where == "a terminal without colours" or "dumb" in where:
        assert "\x1b" not in out, said
    if "--json" in line:
        assert all(json.loads(row) is not None for row in out.splitlines()), said
        if line[0] == "chat" and out:
            assert json.loads(out)["response"], said


def test_every_command_has_its_line() -> None:
    command = get_command(app)
    assert set(LINES) == set(getattr(command, "commands", {}))


@pytest.mark.walk
@pytest.mark.timeout(600)
@pytest.mark.parametrize("where", THOROUGHLY)
def test_every_command_everywhere(where: str, emitter: Emitter, there: dict[str, str]) -> None:
    for lines in LINES.values():
        for line in lines:
            check(where, line, emitter, there)
    check(where, ["trigger", "--help"], emitter, there)


@pytest.mark.parametrize("where", EVERYWHERE)
def test_a_list_everywhere(where: str, emitter: Emitter, there: dict[str, str]) -> None:
    """The same in short: what prints most, and what reads a file."""
    verify = ["verify", "{body}", "--secret", "Zoë", "--signature", "{signature}"]
    for line in (["deliveries", "{delivery}"], ["chat", "--json", "Zoë 🎉"], verify):
        check(where, line, emitter, there)


@pytest.mark.parametrize("columns", ["1", "20", "40", "79"])
def test_no_width_cuts_a_word_off(emitter: Emitter, columns: str) -> None:
    for typed in (["scenario"], ["--help"], ["trigger", "--help"], ["deliveries", "--help"]):
        ended = started(emitter, typed, COLUMNS=columns)
        assert ended.code == 0
        assert not re.search(r"\w…", ended.out.decode())
    helped = started(emitter, ["trigger", "--help"], COLUMNS=columns).out.decode().split()
    assert {"LIVE_CHAT_INITIATED,", "--simulate", "--null"} <= set(helped)


@pytest.mark.parametrize("typed", [["chat"], ["sign", "--secret", "s"]])
def test_an_input_that_cannot_be_read_is_not_taken_for_the_output(
    emitter: Emitter, typed: list[str]
) -> None:
    ended = shell('exec "$@" 0>/dev/null')(emitter, typed)
    assert (ended.code, ended.out) == (2, b"")
    assert ended.err.startswith(b"emitter: The standard input cannot be read: ")


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".toml", "/", "a\nb"])
def test_what_can_be_no_scenario_is_wrong_use(emitter: Emitter, name: str) -> None:
    ended = started(emitter, ["scenario", name])
    assert (ended.code, ended.out) == (2, b"")
    assert b"The output" not in ended.err


@pytest.mark.parametrize("variables", [{}, ASCII, {"PYTHONIOENCODING": "ascii"}])
def test_what_is_typed_arrives_as_it_was_typed(
    emitter: Emitter, there: dict[str, str], variables: dict[str, str]
) -> None:
    text = "Zoë 日本 🎉"
    typed = ["trigger", "HUMAN_HANDOVER", "--set", f"name={text}", "--json"]
    answer = json.loads(started(emitter, typed, **variables).out)
    assert answer["payload"]["data"]["name"] == text
    signed = started(emitter, ["sign", there["body"]], EMITTER_SECRET="Zoë", **variables)
    assert signed.out.decode().strip() == there["signature"]


def test_a_line_of_any_encoding_is_read(emitter: Emitter) -> None:
    for encoding, variables in (
        ("utf-8", {}),
        ("utf-8", ASCII),
        ("cp1252", {"PYTHONIOENCODING": "cp1252"}),
    ):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "emitter.cli", "chat", "--json"],
            cwd=emitter.folder,
            env=emitter.environment | variables,
            input="Zoë?\n".encode(encoding),
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(done.stdout)["response"]


def test_bytes_that_are_no_text_are_said_to_be_none(emitter: Emitter) -> None:
    for typed in (
        ["trigger", "HUMAN_HANDOVER", "--set", os.fsdecode(b"name=\xff")],
        ["deliveries", "--webhook", os.fsdecode(b"\xff")],
        ["chat", os.fsdecode(b"\xff")],
        ["sign", "-", "--secret", os.fsdecode(b"\xff")],
    ):
        ended = started(emitter, typed)
        assert (ended.code, ended.out) == (2, b""), typed
        assert re.fullmatch(rb"emitter: .*is not UTF-8.*\n", ended.err), typed


@pytest.mark.parametrize(
    "data",
    [
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e400}',
        '{"a": "\\ud800"}',
        '{"a": 1, "a": 2}',
        "[1]",
        "null",
        "{'a': 1}",
        "",
        "{" * 3,
        '{"a":' + "[" * 50_000,
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_data_that_is_no_object_of_json_is_wrong_use(emitter: Emitter, data: str) -> None:
    ended = started(emitter, ["trigger", "USER_MESSAGE_SENT", "--data", data])
    assert (ended.code, ended.out) == (2, b"")
    assert ended.err.startswith(b"emitter: ")
    assert ended.err.count(b"\n") == 1


def test_text_is_counted_as_it_is_sent(emitter: Emitter) -> None:
    """Escaped, it would be three times as long, and more than the API takes."""
    data = json.dumps({"userMessage": "🎉" * 25_500}, ensure_ascii=False)
    ended = started(emitter, ["trigger", "USER_MESSAGE_SENT", "--data", data, "--json"])
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["payload"]["data"]["userMessage"] == "🎉" * 25_500


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["chat", ""], "The message is empty."),
        (["chat", "  "], "The message is empty."),
        (["chat", "hi", "--chatlog", ""], "--chatlog is empty."),
        (["deliveries", ""], "'' is not an id."),
        (["deliveries", "--webhook", ""], "webhookId: is empty"),
        (["deliveries", "--status", ""], "status: is empty"),
        (["resend", ""], "'' is not an id."),
        (["scenario", ""], "There is no scenario ''."),
        (["sign", "", "--secret", "s"], "The name of the body's file is empty"),
        (["trigger", ""], "'' is not an event."),
        (["trigger", "USER_MESSAGE_SENT", "--data", ""], "--data is not JSON"),
    ],
)
def test_what_is_empty_is_said(emitter: Emitter, typed: list[str], said: str) -> None:
    ended = started(emitter, typed)
    assert (ended.code, ended.out) == (2, b"")
    assert ended.err.decode().startswith(f"emitter: {said}")
