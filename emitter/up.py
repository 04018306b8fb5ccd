"""`make up`: everything in one foreground group, and where to go from there."""

from __future__ import annotations

import fcntl
import os
import sys
import urllib.error
import urllib.request
from io import TextIOWrapper
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.utils import Error as DatabaseError

from emitter import (
    demo,
    environment,
    interrupted_make,
    preflight,
    private_files,
    sandbox_file,
    standard_streams,
    welcome,
)
from emitter.celery import app as celery_app
from emitter.preflight import NotReady
from emitter.processes import Group, Member
from emitter.sandbox_file import Sandbox

LOCAL = "127.0.0.1"
# A server that listens on all addresses is reached by this one.
ALL = {"0.0.0.0": LOCAL, "::": "::1"}  # noqa: S104 - Not bound here: what a person may ask for.


def main(host: str = "") -> int:
    """Check, migrate, make the demo, run. Returns the exit code.

    `host` is where the web listens, 127.0.0.1 by default; what it names, the sandbox answers to.
    """
    standard_streams.settle()
    host = host.strip().strip("[]") or LOCAL
    try:
        port = environment.whole_number("PORT", 8000, 1, 65535)
        web_processes = environment.whole_number("WEB_PROCESSES", 1, 1, 64)
        worker_processes = environment.whole_number("WORKER_PROCESSES", 1, 1, 64)
        name = _name_in_urls(host)
        address = preflight.check_port(host, port)
        preflight.check_database()
        preflight.check_broker(celery_app)
        lock = _only_one_here()
    except NotReady as error:
        standard_streams.say(f"emitter: {error}", sys.stderr)
        return 1
    with lock:
        private_files.put_right(Path(settings.VAR_DIR))
        url = f"http://{name}:{port}"
        try:
            call_command("migrate", interactive=False, verbosity=0)
            sandbox = _prepare(url)
        except DatabaseError as error:
            standard_streams.say(f"emitter: {preflight.database_trouble(error)}", sys.stderr)
            return 1
        connection.close()
        group = Group(
            _members(address, port, web_processes, worker_processes),
            told_to_stop=interrupted_make.watch(),
        )
        return group.run(
            ready=lambda: _answers(url),
            when_ready=lambda: standard_streams.say(welcome.text(url, sandbox), sys.stdout),
        )


def _name_in_urls(host: str) -> str:
    """What stands in a URL for `host`; from now on the processes of this group answer to it.

    Raises NotReady for what can be no host.
    """
    reached = ALL.get(host, host)
    name = f"[{reached}]" if ":" in reached else reached
    if not environment.is_host(name) or "*" in name:
        raise NotReady(f"--host must be an address or a name of this machine, not {host!r}.")
    named = os.environ.get("ALLOWED_HOSTS", "").strip()
    if settings.SANDBOX and name not in settings.ALLOWED_HOSTS:
        os.environ["ALLOWED_HOSTS"] = f"{named},{name}".strip(",")
    return name


def _only_one_here() -> TextIOWrapper:
    """The lock of this var/ folder, held while it is open. Raises NotReady when it is taken."""
    path = Path(settings.VAR_DIR) / "up.lock"
    try:
        lock = path.open("a")
    except OSError as error:
        raise NotReady(f"{path} cannot be opened ({error.strerror}). Check its rights.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise NotReady(
            f"An emitter is running from {settings.VAR_DIR} already. Stop that one first, "
            "or give this one a folder of its own with VAR_DIR."
        ) from None
    return lock


def _prepare(url: str) -> Sandbox | None:
    """What has to be there before the first request: the demo in the sandbox, files outside it."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    if not settings.SANDBOX:
        call_command("collectstatic", interactive=False, verbosity=0)
        return None
    sandbox = demo.ensure(sandbox_file.read(), url)
    sandbox_file.write(sandbox)
    return sandbox


def _members(address: str, port: int, web_processes: int, worker_processes: int) -> list[Member]:
    python = [sys.executable, "-m", "emitter.lifeline"]
    os.environ["EMITTER_UP_PID"] = str(os.getpid())
    web = [
        *python,
        "emitter.web_server",
        f"--host={address}",
        f"--port={port}",
        f"--workers={web_processes}",
    ]
    celery = [*python, "celery", "--quiet", "--app=emitter"]
    # No chatter between workers: they meet in the database.
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
    workers = [
        Member(
            "worker" if worker_processes == 1 else f"worker {number}",
            [*celery, "worker", f"--hostname=worker{number}-{os.getpid()}@%h", *alone],
        )
        for number in range(1, worker_processes + 1)
    ]
    beat = Member("beat", [*celery, "beat", "--pidfile=", "--loglevel=WARNING"])
    return [Member("web", web), *workers, beat]


def _answers(url: str) -> bool:
    # A proxy of the environment has no say: this is our own address.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/health/live", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
