"""`make up`: starts and keeps running, or says in one line why it does not."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.emitter.group import BEAT, ROOT, WEB, WORKER, Up, environment, wait_until
from tests.ports import free_port

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc"),
]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("up"))
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


def test_it_says_where_to_go_and_writes_the_same_to_a_private_file(up: Up) -> None:
    sandbox = up.sandbox
    keys = {"url", "adminUser", "adminPassword", "apiKey", "chatbotId", "inboxUrl"}
    assert set(sandbox) == keys
    assert sandbox["url"] == up.url
    assert (up.var / "sandbox.json").stat().st_mode & 0o777 == 0o600
    for text in sandbox.values():
        assert text
        assert text in up.output


def test_the_probes_answer(up: Up) -> None:
    assert up.get("/health/live").status_code == 200
    wait_until(lambda: up.get("/health/ready").status_code == 200, "ready")
    assert "emitter_deliveries_due" in up.get("/metrics").text


@pytest.mark.parametrize("command", [WORKER, BEAT, WEB])
def test_a_process_that_dies_is_started_again_with_a_line_that_says_so(
    up: Up, command: str
) -> None:
    def lines() -> int:
        return len(re.findall(r"process died.*starting it again", up.output))

    before, said = up.pids(command), lines()
    victim = before[-1]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(up.pids(command)) == len(before) != 0, "as many processes as before")
    wait_until(lambda: lines() > said, "a line about it")
    assert victim not in up.pids(command)
    wait_until(up.alive, "the web answers")


def test_a_scenario_is_played_by_the_worker_while_the_web_answers(up: Up) -> None:
    person = requests.Session()
    login = person.get(f"{up.url}/login/", timeout=10).text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', login)
    assert token
    form = {
        "csrfmiddlewaretoken": token[1],
        "username": up.sandbox["adminUser"],
        "password": up.sandbox["adminPassword"],
    }
    person.post(f"{up.url}/login/", form, timeout=10)
    page = f"{up.url}/chatbots/chatbot/{up.sandbox['chatbotId']}/scenarios/"
    csrf = {"csrfmiddlewaretoken": person.cookies["csrftoken"]}
    person.post(f"{page}play/", csrf | {"name": "annoyed-shopper", "speed": "50"}, timeout=10)
    wait_until(lambda: "Played to its end" in person.get(page, timeout=10).text, "its end")
    assert "10 of 10 steps, 5 events" in person.get(page, timeout=10).text
    # One that would take a minute is stopped, and holds up nothing meanwhile.
    person.post(f"{page}play/", csrf | {"name": "whatsapp-after-hours", "speed": "1"}, timeout=10)
    wait_until(lambda: "1 of 7 steps" in person.get(page, timeout=10).text, "its first step")
    person.post(f"{page}stop/", csrf, timeout=10)
    wait_until(lambda: "Stopped in the dashboard." in person.get(page, timeout=10).text, "its stop")


def test_a_second_one_on_the_same_port_is_refused_in_one_line(up: Up, tmp_path: Path) -> None:
    said = refusal(tmp_path, PORT=str(up.port))
    assert said.startswith(f"emitter: Port {up.port} is in use.")
    assert f"PORT={up.port + 1}" in said


def test_a_second_one_in_the_same_folder_is_refused_in_one_line(up: Up) -> None:
    said = refusal(up.var, PORT=str(free_port()))
    assert "is running from" in said
    assert "VAR_DIR" in said


def refusal(var: Path, **more: str) -> str:
    """What `manage.py up` says when it does not start: one line, on stderr, exit code not 0."""
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=environment(var, **({"SANDBOX": "1"} | more)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode not in {0, None}
    assert not done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


def test_a_port_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "PORT must be a whole number from 1 to 65535" in refusal(tmp_path, PORT="80a")


def test_a_database_that_is_not_there_is_named(tmp_path: Path) -> None:
    url = f"postgres://someone:hidden-word@127.0.0.1:{free_port()}/shop"
    said = refusal(tmp_path, PORT=str(free_port()), DATABASE_URL=url)
    assert "The database shop at 127.0.0.1:" in said
    assert "DATABASE_URL" in said
    assert "hidden-word" not in said


def test_a_database_url_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "DATABASE_URL" in refusal(tmp_path, PORT=str(free_port()), DATABASE_URL="shop")


def test_a_database_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are not tables. " * 100)
    url = f"sqlite:///{tmp_path / 'notes.txt'}"
    said = refusal(tmp_path, PORT=str(free_port()), DATABASE_URL=url)
    assert "notes.txt cannot be used (file is not a database)" in said


@pytest.mark.postgresql
def test_a_database_that_does_not_exist_is_named(tmp_path: Path, postgresql_url: str) -> None:
    said = refusal(tmp_path, PORT=str(free_port()), DATABASE_URL=postgresql_url + "_none")
    assert "does not exist" in said


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_not_there_is_named(tmp_path: Path, scheme: str) -> None:
    port = free_port()
    url = f"{scheme}://someone:hidden-word@127.0.0.1:{port}/0"
    said = refusal(tmp_path, PORT=str(free_port()), BROKER_URL=url)
    assert "The broker at " in said
    assert str(port) in said
    assert "BROKER_URL" in said
    assert "hidden-word" not in said


def test_a_broker_that_hangs_does_not_hang_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert "The broker at " in refusal(tmp_path, PORT=str(free_port()), BROKER_URL=url)
