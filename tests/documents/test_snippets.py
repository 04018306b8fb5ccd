"""The code of docs/signatures.md, as it stands there, judges requests that the emitter sent."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from chatbots.models import Chatbot
from tests.documents import blocks
from tests.ports import free_port
from tests.receiver import Receiver, Request
from tests.webhooks.due import EVENT, wait_until
from webhooks import engine, sample, subscriptions

SECRET = "schlüssel \\ 'of' \"mine\" $x"
pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Sent:
    """What the emitter sent, and the same with another body: to be taken, and to be refused."""

    request: Request
    body: bytes
    right: bool


@pytest.fixture
def sent(chatbot: Chatbot, live_receiver: Receiver, settings: object) -> list[Sent]:
    settings.SANDBOX = True  # type: ignore[attr-defined]  # pytest-django's own.
    url = live_receiver.url("/x")
    webhook = subscriptions.create(chatbot, url=url, event=EVENT, secret=SECRET)[0]
    sample.send_test(webhook, data={"userMessage": "Zoë 日本 🎉\u2028 </script> \\ \" '"})
    engine.run()
    [request] = live_receiver.requests
    body = request.body
    return [Sent(request, body, True), Sent(request, body.replace(b"Zo", b"ZO"), False)]


def snippet(language: str) -> str:
    [block] = blocks.of("signatures.md", language)
    return block.text


def test_python(sent: list[Sent]) -> None:
    names: dict[str, object] = {}
    exec(compile(snippet("python"), "signatures.md", "exec"), names)  # noqa: S102 - that is tried.
    is_valid = names["is_valid"]
    assert callable(is_valid)
    for one in sent:
        lower = one.request.headers
        for headers in (lower, {name.title(): value for name, value in lower.items()}):
            assert is_valid(headers, one.body, SECRET) is one.right
    assert is_valid({}, sent[0].body, SECRET) is False
    assert is_valid({"x-wonderchat-signature": "é"}, sent[0].body, SECRET) is False


JS = """
const crypto = require("crypto");
const SECRET = %(secret)s;
const express = { raw: () => null };
let route;
const app = { post: (path, before, handler) => { route = handler; } };
%(snippet)s
const answers = %(requests)s.map(({ body, headers }) => {
  let status = 200;
  const res = { status(code) { status = code; return res; }, send() {},
    sendStatus(code) { status = code; } };
  route({ body: Buffer.from(body, "base64"), get: (name) => headers[name.toLowerCase()] }, res);
  return status;
});
console.log(JSON.stringify(answers));
"""


@pytest.mark.node
def test_js(sent: list[Sent], tmp_path: Path) -> None:
    asked = [
        {"body": base64.b64encode(one.body).decode(), "headers": one.request.headers}
        for one in sent
    ]
    asked.append({"body": "e30=", "headers": {}})
    program = tmp_path / "receiver.js"
    texts = {"secret": json.dumps(SECRET), "snippet": snippet("js")}
    program.write_text(JS % (texts | {"requests": json.dumps(asked)}))
    done = subprocess.run(["node", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [200, 401, 401]


@pytest.fixture
def php(tmp_path: Path) -> Iterator[str]:
    """A real PHP server with the snippet in it; its URL."""
    secret = SECRET.replace("\\", "\\\\").replace("'", "\\'")
    (tmp_path / "receiver.php").write_text(
        f"<?php\n$secret = '{secret}';\n{snippet('php')}\nhttp_response_code($valid ? 200 : 401);\n"
    )
    port = free_port()
    server = subprocess.Popen(
        [shutil.which("php") or "php", "-S", f"127.0.0.1:{port}", str(tmp_path / "receiver.php")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.kill()
        server.wait()


@pytest.mark.languages("php")
def test_php(sent: list[Sent], php: str) -> None:
    def posted(one: Sent) -> int:
        given = {"X-Wonderchat-Signature": one.request.headers["x-wonderchat-signature"]}
        return requests.post(php, one.body, headers=given, timeout=10).status_code

    def listens() -> bool:
        try:
            return bool(requests.get(php, timeout=5).status_code)
        except requests.ConnectionError:
            return False

    wait_until(listens, "PHP's server")
    assert [posted(one) for one in sent] == [200, 401]
    assert requests.post(php, b"{}", timeout=10).status_code == 401


GO = """
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"strings"
)

func main() {
	secret := os.Args[1]
	body, _ := io.ReadAll(os.Stdin)
	r := httptest.NewRequest("POST", "/", strings.NewReader(""))
	r.Header.Set("X-Wonderchat-Signature", os.Args[2])
%(snippet)s
	fmt.Print(valid)
}
"""


@pytest.mark.languages("go")
def test_go(sent: list[Sent], tmp_path: Path) -> None:
    program = tmp_path / "receiver.go"
    program.write_text(GO % {"snippet": snippet("go")})
    built = subprocess.run(
        ["go", "build", "-o", str(tmp_path / "receiver"), str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    for one in sent:
        signature = one.request.headers["x-wonderchat-signature"]
        done = subprocess.run(
            [tmp_path / "receiver", SECRET, signature],
            input=one.body,
            capture_output=True,
            check=True,
        )
        assert done.stdout == (b"true" if one.right else b"false")
