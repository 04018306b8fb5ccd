"""What the command reads may be damaged, or no emitter's: one line says so, and no traceback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from emitter import sandbox_file
from tests.emitter.command import Emitter

pytestmark = pytest.mark.thorough

# JSON that is none, or is too much.
DAMAGED = [
    *("", "{", "[" * 200_000, '{"x":' * 200_000, '{"x": ' + "9" * 5000 + "}", "\0", "nul", "7"),
    *('{"url": null}', '{"apiKey": ["x"]}', '{"chatbotId": 7, "url": "http://h", "apiKey": "k"}'),
]


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: content[:12])
def test_a_sandbox_file_that_is_damaged_is_named(alone: Emitter, content: str) -> None:
    (alone.folder / "var").mkdir()
    (alone.folder / "var" / "sandbox.json").write_text(content)
    assert_said(alone, 2, "sandbox.json is damaged", "deliveries")


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: content[:12])
def test_the_next_start_writes_a_damaged_sandbox_file_anew(content: str) -> None:
    sandbox_file.path().write_text(content)
    try:
        assert sandbox_file.read().admin_password == ""
    finally:
        sandbox_file.path().unlink()


def test_a_sandbox_file_that_is_a_folder_is_named() -> None:
    sandbox_file.path().mkdir()
    try:
        with pytest.raises(SystemExit, match=r"sandbox.json cannot be read"):
            sandbox_file.read()
        with pytest.raises(SystemExit, match=r"sandbox.json cannot be written"):
            sandbox_file.write(sandbox_file.Sandbox())
    finally:
        sandbox_file.path().rmdir()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a=" + "[" * 3000, "own.toml: it is nested too deeply."),
        ("[visitors]\ncount=" + "9" * 5000, "own.toml: a whole number in it has too many digits."),
    ],
)
def test_a_scenario_that_is_too_much_is_named(alone: Emitter, content: str, sentence: str) -> None:
    (alone.folder / "own.toml").write_text(content)
    assert_said(alone, 2, sentence, "scenario", "own.toml")


class Stranger(BaseHTTPRequestHandler):
    """Answers everything alike."""

    body: ClassVar[bytes] = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("body", DAMAGED[:8], ids=lambda body: body[:12])
def test_an_answer_that_is_no_emitters_is_said_so(
    alone: Emitter, stranger: str, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stranger, "body", body.encode())
    command = ("deliveries", "--url", stranger, "--key", "k")
    assert_said(alone, 3, "not as an emitter does.", *command)


# Answers that lack what is read of them, or have something else there.
OTHERS = [
    *("{}", '{"results": 5, "next": null}', '{"results": [{}], "next": null}', '{"id": {}}'),
    *('{"chatlogId": 5, "response": "x"}', '{"results": [[]], "next": 1}', '{"deliveries": 5}'),
    *('{"status": "ok"}', '{"matches": "no"}', '{"attempts": null, "id": 1}'),
]


@pytest.mark.parametrize(
    "command",
    [
        ("chat", "hello", "--chatbot", "cabc"),
        ("chat", "hello", "--person", "--chatbot", "cabc"),
        ("scenario", "form-handover", "--chatbot", "cabc", "--speed", "1000"),
        ("trigger", "USER_MESSAGE_SENT", "--chatbot", "cabc"),
        ("deliveries",),
        ("deliveries", "17"),
        ("resend", "17"),
        ("diagnose", "--secret", "s", "--signature", "0" * 64, "body"),
    ],
    ids=" ".join,
)
def test_an_answer_without_what_is_read_of_it_is_no_emitters(
    alone: Emitter, stranger: str, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (alone.folder / "body").write_text("{}")
    for body in OTHERS:
        monkeypatch.setattr(Stranger, "body", body.encode())
        sentence = "answered 200, not as an emitter does."
        assert_said(alone, 3, sentence, *command, "--url", stranger, "--key", "k")


def assert_said(emitter: Emitter, code: int, sentence: str, *arguments: str) -> None:
    done = emitter(*arguments)
    assert done.returncode == code, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert sentence in done.stderr
