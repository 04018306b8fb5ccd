"""Whatever an emitter, or what plays one, answers: the command's output steers no terminal."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.emitter.command import Emitter
from tests.emitter.test_hostile_text import HOSTILE, steering

pytestmark = pytest.mark.thorough

ATTEMPT = {
    "number": 1,
    "startedAt": HOSTILE,
    "durationMs": 1,
    "statusCode": 500,
    "errorKind": HOSTILE,
    "error": HOSTILE,
    "request": {"method": HOSTILE, "url": HOSTILE, "headers": {HOSTILE: HOSTILE}, "body": HOSTILE},
    "response": {"headers": {HOSTILE: HOSTILE}, "body": HOSTILE, "truncated": False},
}
TEXTS = (
    *("id", "response", "chatlogId", "event", "reason", "url", "diagnosis", "recipe", "expected"),
    *("detail", "status", "timestamp", "payload", "waitingFor", "waitingForSentence", "verdict"),
    *("nextAttemptAt", "because", "title", "code", "waitingReason", "verdict"),
)
ANSWER: dict[str, Any] = dict.fromkeys(TEXTS, HOSTILE) | {
    "matches": False,
    "inFlight": False,
    "next": None,
    "asExpected": False,
    "attemptCount": 0,
    "attempts": [ATTEMPT],
    "lastAttempt": ATTEMPT,
    "sources": [],
    "errors": [{"field": HOSTILE, "message": HOSTILE}],
    "deliveries": [{"id": HOSTILE, "webhookId": HOSTILE, "url": HOSTILE}],
}
ANSWER["results"] = [dict(ANSWER)]


class Liar(BaseHTTPRequestHandler):
    """Answers everything with everything."""

    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        body = json.dumps(ANSWER).encode()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def liar() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Liar) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [200, 400, 409, 500])
@pytest.mark.parametrize(
    "command",
    [
        ("chat", "hello", "--chatbot", "cabc"),
        ("chat", "hello", "--chatbot", "cabc", "--json"),
        ("trigger", "USER_MESSAGE_SENT", "--chatbot", "cabc"),
        ("deliveries",),
        ("deliveries", "17"),
        ("deliveries", "17", "--json"),
        ("resend", "17"),
        ("diagnose", "--secret", "s", "--signature", "0" * 64, "body"),
    ],
    ids=" ".join,
)
def test_no_answer_steers_the_terminal(
    tmp_path: Path,
    liar: str,
    command: tuple[str, ...],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Liar, "status", status)
    (tmp_path / "body").write_text("{}")
    done = Emitter(tmp_path)(*command, "--url", liar, "--key", "wc_key")
    assert not steering(done.stdout + done.stderr, but="\n")
    assert "Traceback" not in done.stderr
    if status == 200 and "resend" not in command:
        # Shown as it stands, not taken for colours.
        assert "[red]" in done.stdout


def test_what_speaks_no_tls_does_answer(emitter: Emitter, liar: str) -> None:
    done = emitter("deliveries", "--url", liar.replace("http:", "https:"), "--key", "wc_x")
    assert done.returncode == 3
    assert "speaks no TLS" in done.stderr


def test_what_closes_the_connection_is_there(emitter: Emitter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def close_once() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)

        thread = threading.Thread(target=close_once)
        thread.start()
        port = listener.getsockname()[1]
        done = emitter("deliveries", "--url", f"http://127.0.0.1:{port}", "--key", "wc_x")
        thread.join()
    assert done.returncode == 3
    assert "closed the connection before it answered" in done.stderr


def test_a_password_in_the_url_does_not_go_in_the_place_of_the_key(emitter: Emitter) -> None:
    done = emitter("deliveries", "--url", "http://user:password@127.0.0.1:1", "--key", "wc_x")
    assert done.returncode == 2
    assert "user name or password" in done.stderr
    assert "user:password" not in done.stderr
