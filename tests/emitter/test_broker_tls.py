"""A broker over TLS shows a valid certificate for its name, or is told no password."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import pytest
from celery import Celery

from emitter import preflight, service_urls
from tests.webhooks.certificates import Authority


@contextmanager
def impostor(context: ssl.SSLContext) -> Iterator[tuple[int, list[bytes]]]:
    """A TLS server: its port, and what it was told."""
    told: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            with plain:
                try:
                    with context.wrap_socket(plain, server_side=True) as secure:
                        told.append(secure.recv(1000))
                except OSError:
                    pass

    with create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1], told
        finally:
            listening.shutdown(2)
    thread.join(10)


def ask(url: str) -> str:
    """What is wrong with the broker at `url`."""
    app = Celery(broker=url, broker_use_ssl=service_urls.broker_tls(url))
    with pytest.raises(preflight.NotReady) as refusal:
        preflight.check_broker(app, 1.0)
    return str(refusal.value)


@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
def test_no_password_goes_to_who_cannot_show_whom_it_is(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    url = scheme + "://user:secret@localhost:{port}/0"
    with impostor(authority.server("localhost")) as (port, told):
        assert "certificate verify failed" in ask(url.format(port=port))  # Of nobody's.
        assert told == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        ask(url.format(port=port))
        assert told  # It is a broker's first words that it gets, once all is well.
    with impostor(authority.server("other.example")) as (port, told):
        assert "Hostname mismatch" in ask(url.format(port=port))
        assert told == []
