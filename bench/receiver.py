"""A receiver that costs next to nothing: nginx answering 200 from memory, on a free port."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.ground import find_nginx
from emitter.lifeline import PR_SET_PDEATHSIG

CONFIGURATION = """
worker_processes 1; worker_rlimit_nofile 60000; daemon off; pid {folder}/pid;
error_log {folder}/error.log crit;
events {{ worker_connections 50000; }}
http {{
  log_format arrival '$msec';
  access_log {log};
  keepalive_requests 100000000; client_body_buffer_size 64k;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  # Where it listens on all addresses, it still speaks to this machine alone.
  geo $ours {{ default 0; 127.0.0.0/8 1; }}
  server {{
    {listens}
    if ($ours = 0) {{ return 444; }}
    location / {{ return 200 "OK"; }}
  }}
}}
"""
# More addresses than this are not listened on one by one.
MOST_LISTENS = 200


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def addresses(count: int) -> list[str]:
    """So many loopback addresses, each an endpoint of its own: 127.0.1.1, 127.0.1.2, …"""
    return [f"127.{1 + n // 62500}.{1 + n // 250 % 250}.{1 + n % 250}" for n in range(count)]


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True)
class Receiver:
    """A URL for each endpoint, and how to hear of arrivals."""

    urls: list[str]
    log: Path

    def arrivals(self, count: int, seconds: float = 60) -> float:
        """Wait for `count` requests in all; when (time.time) the last one was answered."""
        deadline = time.monotonic() + seconds
        while True:
            lines = self.log.read_text().split()
            if len(lines) >= count:
                return max(float(line) for line in lines)
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(lines)} of {count} requests arrived in {seconds:.0f} s.")
            time.sleep(0.2)


@contextmanager
def fast_receiver(endpoints: int = 1, *, logged: bool = False) -> Iterator[Receiver]:
    """Run it on so many addresses. `logged`: keep the time of each arrival."""
    nginx = find_nginx()
    assert nginx is not None
    port, hosts = free_port(), addresses(endpoints)
    listens = [f"{host}:{port}" for host in hosts] if endpoints <= MOST_LISTENS else [f"{port}"]
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as folder:
        log = Path(folder) / "arrivals"
        path = Path(folder) / "nginx.conf"
        path.write_text(
            CONFIGURATION.format(
                folder=folder,
                listens=" ".join(f"listen {one} backlog=4096;" for one in listens),
                log=f"{log} arrival buffer=64k flush=200ms" if logged else "off",
            )
        )
        server = subprocess.Popen(
            [nginx, "-e", f"{folder}/error.log", "-c", str(path)],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # It ends with the bench, whatever ends that.
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - the bench has one thread
        )
        try:
            deadline = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection((hosts[0], port), timeout=1).close()
                    break
                except ConnectionRefusedError:
                    if time.monotonic() > deadline or server.poll() is not None:
                        raise RuntimeError("nginx did not start.") from None
                    time.sleep(0.02)
            yield Receiver([f"http://{host}:{port}/" for host in hosts], log)
        finally:
            server.terminate()
            server.wait(timeout=10)
