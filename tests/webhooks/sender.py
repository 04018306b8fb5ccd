"""A Transport to hand requests to, and wait for what became of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from webhooks import destination
from webhooks.address_policy import AddressPolicy
from webhooks.outcome import Outcome
from webhooks.resolver import Resolver
from webhooks.transfer import Request
from webhooks.transport import Transport

SANDBOX = AddressPolicy(own_networks=True)
HEADERS = (("User-Agent", "Tests/1"), ("Accept", "*/*"), ("Content-Type", "application/json"))


def request_to(
    url: str,
    *,
    body: bytes = b'{"a":1}',
    headers: Sequence[tuple[str, str]] = HEADERS,
    policy: AddressPolicy = SANDBOX,
) -> Request:
    return Request(url, destination.parse(url), headers, body, policy)


class Sender:
    """`with Sender() as sender:` has a Transport of its own until the block ends."""

    def __init__(self, *, dns: str = "", ca_file: str = "") -> None:
        self._changed = threading.Condition()
        self._outcomes: dict[int, Outcome] = {}
        self.transport = Transport(
            self._done, resolver=Resolver([dns]) if dns else None, ca_file=ca_file
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.transport.close()

    def _done(self, request: Request, outcome: Outcome) -> None:
        with self._changed:
            assert id(request) not in self._outcomes, "a request ended twice"
            self._outcomes[id(request)] = outcome
            self._changed.notify_all()

    def send(self, requests: Iterable[Request], *, timeout_seconds: float = 20) -> list[Outcome]:
        """Make all of these at once; what became of each, in their order."""
        together = list(requests)
        self.transport.submit(together)
        return self.wait(together, timeout_seconds=timeout_seconds)

    def wait(self, requests: Sequence[Request], *, timeout_seconds: float = 20) -> list[Outcome]:
        """What became of requests that were submitted, in their order."""
        with self._changed:
            ended = self._changed.wait_for(
                lambda: all(id(request) in self._outcomes for request in requests), timeout_seconds
            )
            left = [request.key for request in requests if id(request) not in self._outcomes]
            assert ended, f"not over after {timeout_seconds} s: {left}"
            return [self._outcomes.pop(id(request)) for request in requests]

    def has_ended(self, requests: Sequence[Request]) -> bool:
        """Whether any of these, which nobody has waited for yet, is over."""
        with self._changed:
            return any(id(request) in self._outcomes for request in requests)

    def post(
        self, url: str, *, body: bytes = b'{"a":1}', policy: AddressPolicy = SANDBOX
    ) -> Outcome:
        """Make one."""
        return self.send([request_to(url, body=body, policy=policy)])[0]
