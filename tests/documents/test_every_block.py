"""Every block of code in README.md and docs/ runs, as it stands there.

HOW says for each page and language how: a page or a language without a line fails.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chatbots.models import Chatbot
from chatbots.priority import Judgement
from chatbots.scenarios import script
from tests.documents import blocks
from tests.emitter.group import ROOT, Up

pytestmark = pytest.mark.thorough

# Beside Python and curl, of which README says that one needs them: of POSIX what the pages use.
# Another program is not found.
PROMISED = ("git", "make", "sh", "cat", "grep", "head", "rm", "sed", "sleep", "tail")
HOW = {
    # One script a page, its blocks in their order, in a sandbox that runs.
    ("api.md", "sh"): "run",
    ("chat.md", "sh"): "run",
    ("cli.md", "sh"): "run",
    ("scenarios.md", "sh"): "run",
    ("signatures.md", "sh"): "run, after the first block of api.md, as the page says",
    (
        "README.md",
        "sh",
    ): "run; `make up` and `make test` are this very run: their targets are there",
    ("benchmarks.md", "sh"): "half an hour, and tests/process/test_bench.py: its targets are there",
    ("running.md", "sh"): "needs Docker and a network; .ci/run does the second: looked at by parts",
    # Compared with what the sandbox answers.
    ("api.md", "json"): "compared",
    ("chat.md", "json"): "compared",
    ("signatures.md", "json"): "compared",
    # Called.
    ("chat.md", "python"): "called",
    ("signatures.md", "python"): "called with real requests: test_snippets.py",
    ("signatures.md", "js"): "called with real requests: test_snippets.py",
    ("signatures.md", "php"): "called with real requests: test_snippets.py",
    ("signatures.md", "go"): "called with real requests: test_snippets.py",
    # Read by what they are for.
    ("running.md", "ini"): "read; nothing here may install a unit of systemd",
    ("running.md", "nginx"): "nginx reads it",
    ("scenarios.md", "toml"): "the sandbox plays it",
    ("widget.md", "html"): "its script is served",
    ("architecture.md", ""): "drawings",
}
CURL = """#!/bin/sh
# The pages say port 8000; the sandbox of this test has another. What is refused is written down.
answer=$({curl} --connect-to 127.0.0.1:8000:127.0.0.1:{port} -w '\\n%{{http_code}}' "$@") || exit
code=${{answer##*
}}
printf '%s' "${{answer%
*}}"
[ "$code" -lt 400 ] || printf '%s %s\\n' "$code" "$*" >>{refused}
"""
# The last --speed counts: nobody waits for a conversation in real time.
EMITTER = """#!/bin/sh
[ "$1" = scenario ] && [ $# -gt 1 ] && set -- "$@" --speed 1000
PYTHONPATH={root} exec {python} -P -m emitter.cli "$@"
"""


@dataclass
class Sandbox:
    """A running sandbox, and a copy of a folder where somebody types."""

    up: Up
    folder: Path

    def run(self, text: str) -> str:
        """What a script prints, in a POSIX shell that stops at the first failure."""
        refused = self.folder / "refused"
        refused.write_text("")
        clean = {name: value for name, value in os.environ.items() if "EMITTER" not in name}
        done = subprocess.run(
            ["/bin/sh", "-eu"],
            cwd=self.folder,
            env=clean | {"PATH": str(self.folder / "bin"), "VAR_DIR": str(self.up.var)},
            input=text,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert refused.read_text() == "", done.stdout
        assert "Traceback" not in done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("typed")
    up = Up(folder / "var")
    try:
        up.wait_until_ready()
        (folder / "bin").mkdir()
        curl = CURL.format(curl=shutil.which("curl"), port=up.port, refused=folder / "refused")
        emitter = EMITTER.format(root=ROOT, python=sys.executable)
        (folder / "bin" / "python3").symlink_to(Path(sys.executable).resolve())
        for name in PROMISED:
            (folder / "bin" / name).symlink_to(shutil.which(name) or "missing")
        (folder / ".venv" / "bin").mkdir(parents=True)
        for place, text in (
            (folder / "bin" / "curl", curl),
            (folder / "bin" / "emitter", emitter),
            (folder / ".venv" / "bin" / "emitter", emitter),
        ):
            place.write_text(text)
            place.chmod(place.stat().st_mode | stat.S_IXUSR)
        yield Sandbox(up, folder)
    finally:
        up.stop()


def texts(page: str, language: str) -> list[str]:
    return [block.text for block in blocks.of(page, language)]


def test_each_block_is_in_the_table() -> None:
    there = {(block.page, block.language) for block in blocks.BLOCKS}
    assert there == set(HOW)


@pytest.mark.process
@pytest.mark.parametrize("page", ["api.md", "chat.md", "cli.md"])
def test_the_commands_of_a_page_run_one_after_the_other(sandbox: Sandbox, page: str) -> None:
    sandbox.run("".join(texts(page, "sh")))


@pytest.mark.process
def test_the_readme_runs(sandbox: Sandbox) -> None:
    first, *others = texts("README.md", "sh")
    targets = re.findall(r"^make ([a-z-]+)", first, re.MULTILINE)
    assert targets == ["up", "test"]
    assert_targets(targets)
    said = sandbox.run("".join(others))
    answer, _ = json.JSONDecoder().raw_decode(said)
    assert answer["deliveries"]


@pytest.mark.process
def test_the_scenarios_play(sandbox: Sandbox) -> None:
    [own] = texts("scenarios.md", "toml")
    (sandbox.folder / "my-own.toml").write_text(own)
    assert script.load(str(sandbox.folder / "my-own.toml")).visitors.count == 3
    sandbox.run("".join(texts("scenarios.md", "sh")))


@pytest.mark.process
def test_the_answers_shown_are_the_answers_given(sandbox: Sandbox) -> None:
    prelude = texts("api.md", "sh")[0]
    [shown] = [json.loads(text) for text in texts("chat.md", "json")]
    given = json.loads(sandbox.run("".join(texts("chat.md", "sh"))))
    assert given.keys() == shown.keys()
    assert given["response"] == shown["response"]
    assert given["sources"] == shown["sources"]

    [shown] = [json.loads(text) for text in texts("signatures.md", "json")]
    given = json.loads(sandbox.run(prelude + "".join(texts("signatures.md", "sh"))))
    assert_like(given, shown)

    [shown] = [json.loads(text) for text in texts("api.md", "json")]
    ask = """curl -sS "$URL/events" -H "Authorization: Bearer $KEY" \\
        -H 'Content-Type: application/json' -d '{"chatbotId": "'$BOT'", "event": "X"}'"""
    try:
        sandbox.run(prelude + ask)
    except AssertionError as refused:
        given = json.loads(str(refused).splitlines()[0])
    assert_like(given, shown)


def assert_like(given: Any, shown: Any) -> None:
    """The same, where "…" in what is shown stands for any text, or for the rest of a list."""
    if isinstance(shown, dict):
        assert given.keys() == shown.keys()
        for name, value in shown.items():
            assert_like(given[name], value)
    elif isinstance(shown, list):
        if shown[-1:] == ["…"]:
            given, shown = given[: len(shown) - 1], shown[:-1]
        assert len(given) == len(shown)
        for one, other in zip(given, shown, strict=True):
            assert_like(one, other)
    elif isinstance(shown, str):
        pattern = ".*".join(map(re.escape, shown.split("…")))
        assert re.fullmatch(pattern, given, re.DOTALL), (given, shown)
    else:
        assert given == shown


def test_functions_of_ones_own_do_what_the_page_says(db: None) -> None:
    answers: dict[str, Any] = {}
    judges: dict[str, Any] = {}
    first, second = texts("chat.md", "python")
    exec(compile(first, "chat.md", "exec"), answers)  # noqa: S102 - that is what is tried.
    exec(compile(second, "chat.md", "exec"), judges)  # noqa: S102

    class Asked:
        text = "I forgot my password"

    assert "https://shop.example/reset" in answers["find"](Asked()).text
    Asked.text = "hello"
    assert answers["find"](Asked()) is None
    assert judges["classify"](["hi"] * 11) == Judgement("HIGH", ("11 messages",))
    assert judges["classify"](["hi"]) == Judgement()
    assert Chatbot.objects.count() == 0


@pytest.mark.process
def test_the_script_for_web_sites_is_served(sandbox: Sandbox) -> None:
    [text] = texts("widget.md", "html")
    found = re.search(r'src="https://[^/]+(/[^"]+)"', text)
    assert found
    served = sandbox.up.get(found[1])
    assert served.status_code == 200
    for attribute in re.findall(r"data-([a-z]+)=", text):
        assert attribute in served.text


def test_the_targets_of_the_benchmarks_are_there() -> None:
    [text] = texts("benchmarks.md", "sh")
    assert_targets(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))


def assert_targets(names: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for name in names:
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name


def test_the_commands_for_production_name_what_is_there() -> None:
    for text in texts("running.md", "sh"):
        for word in re.findall(r"(?:^|\s)([.\w-]+\.(?:py|txt|example))(?=\s|$)", text):
            assert (ROOT / word).is_file(), word
        for command in re.findall(r"manage\.py (\w+)", text):
            done = subprocess.run(
                [sys.executable, "manage.py", command, "--help"],
                cwd=ROOT,
                env=os.environ | {"SANDBOX": "1", "VAR_DIR": "/nonexistent"},
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
        for command in re.findall(r"docker compose (\w+)", text):
            assert command in {"up", "exec"}


def test_the_units_of_systemd_are_units_and_start_what_is_there() -> None:
    for text in texts("running.md", "ini"):
        unit = configparser.ConfigParser(interpolation=None, strict=True)
        unit.optionxform = str  # type: ignore[assignment, method-assign]  # As its documentation says.
        unit.read_string(text)
        assert set(unit) == {"DEFAULT", "Unit", "Service", "Install"}
        program, *arguments = unit["Service"]["ExecStart"].split()
        name = Path(program).name
        if name == "python":
            assert arguments[0] == "-m"
            name, arguments = arguments[1], arguments[2:]
        of = next((word for word in arguments if word in {"worker", "beat"}), "")
        helped = subprocess.run(
            [sys.executable, "-m", name, *([of] if of else []), "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        general = subprocess.run(
            [sys.executable, "-m", name, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for argument in arguments:
            option = argument.partition("=")[0]
            if option.startswith("--"):
                assert option in helped + general, argument


def test_nginx_reads_its_block(tmp_path: Path) -> None:
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(nginx).exists():
        pytest.skip("needs nginx")
    [text] = texts("running.md", "nginx")
    whole = (
        f"events {{}}\npid {tmp_path}/pid;\nhttp {{ server {{ listen 127.0.0.1:8081;\n{text}\n}} }}"
    )
    (tmp_path / "nginx.conf").write_text(whole)
    done = subprocess.run(
        [nginx, "-t", "-p", str(tmp_path), "-e", "stderr", "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "syntax is ok" in done.stderr, done.stderr
