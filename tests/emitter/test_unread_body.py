"""A request that is refused before its body was read leaves the connection as it should be."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator

import pytest

from tests.emitter.web import served


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(tmp_path_factory.mktemp("web"), SANDBOX="1") as number:
        yield number


@pytest.mark.parametrize("size", [2, 5_000, 100_000, 3_000_000])
def test_a_refused_request_breaks_neither_its_answer_nor_the_connection(
    port: int, size: int
) -> None:
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    ) as connection:
        connection.connect()
        same = connection.sock
        for _ in range(5):
            connection.putrequest("POST", "/api/v1/chat")
            connection.putheader("Authorization", "Basic no-key")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(size))
            connection.endheaders()
            # In pieces, as a network would bring them: the head alone is enough to refuse.
            for start in range(0, size, 50_000):
                connection.send(b" " * min(50_000, size - start))
            response = connection.getresponse()
            response.read()
            assert response.status == 401
            assert connection.sock is same
