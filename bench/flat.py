"""A backlog in empty tables, after millions of deliveries, and over thousands of webhooks."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass

from bench.figures import Figure, Result, against, median, memory
from bench.ground import Ground, say
from bench.receiver import Receiver, fast_receiver
from bench.stack import Stack

CHUNK = 250_000
# An event, its delivery and its attempt with their indexes, and as much again while it is written.
BYTES_EACH = 3_500


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    history: int = 5_000_000
    backlog: int = 20_000
    endpoints: int = 50
    webhooks: int = 20_000
    servers: int = 2_000
    rounds: int = 3
    # The two that are compared differ by less than two runs of the same do.
    webhook_rounds: int = 7


QUICK = Sizes(
    history=50_000, backlog=2_000, webhooks=2_000, servers=200, rounds=1, webhook_rounds=1
)


def measure(ground: Ground, sizes: Sizes) -> Result:
    result = Result()
    assert ground.postgresql is not None
    free = shutil.disk_usage(ground.postgresql.folder() or ground.folder).free
    if free < sizes.history * BYTES_EACH:
        result.notes.append(
            f"{sizes.history:,} finished deliveries need {sizes.history * BYTES_EACH / 1e9:.0f} GB "
            f"of disk, {free / 1e9:.0f} GB are free: not measured."
        )
        say(result.notes[-1])
    else:
        _history(ground, sizes, result)
    _webhooks(ground, sizes, result)
    return result


def _history(ground: Ground, sizes: Sizes, result: Result) -> None:
    rates: dict[str, list[float]] = {"empty": [], "full": []}
    peaks = []
    with ExitStack() as open_:
        receiver = open_.enter_context(fast_receiver(sizes.endpoints))
        urls = {"empty": open_.enter_context(ground.database("empty"))}
        with Stack(ground, urls["empty"]) as stack:
            chatbots = stack.do("prepare", urls=receiver.urls)["chatbots"]
            # A real delivery for each webhook: what the history is made of.
            stack.do("pour", chatbots=chatbots, count=len(chatbots))
            stack.start_workers()
            stack.drain()
        urls["full"] = open_.enter_context(ground.database("full", urls["empty"]))
        with Stack(ground, urls["full"]) as stack:
            for first in range(1, sizes.history + 1, CHUNK):
                last = min(first + CHUNK - 1, sizes.history)
                stack.do("finished_history", first=first, last=last)
                if last % 1_000_000 == 0:
                    say(f"{last:,} finished deliveries made")
            stack.do("settle")
        for _ in range(sizes.rounds):
            for name, url in urls.items():
                rate, peak = _backlog(ground, url, chatbots, sizes.backlog)
                rates[name].append(rate)
                peaks.append(peak)
                say(f"{name} tables: {rate:,.0f}/s")
    empty, full = median(rates["empty"]), median(rates["full"])
    result.figures += [
        Figure("empty tables", empty, "/s"),
        against(
            *(f"{sizes.history:,} finished deliveries", full, "/s", empty, "empty tables"),
            least=0.9,
        ),
        memory("the worker, full tables", max(peaks)),
    ]
    result.series["history"] = {"empty tables": empty, f"{sizes.history:,} finished": full}


def _backlog(ground: Ground, url: str, chatbots: list[str], count: int) -> tuple[float, float]:
    assert ground.postgresql is not None
    with Stack(ground, url) as stack:
        after = stack.do("pour", chatbots=chatbots, count=count)
        ground.postgresql.settle()
        stack.start_workers()
        return stack.drain(after), stack.worker_mb()


def _webhooks(ground: Ground, sizes: Sizes, result: Result) -> None:
    """As many due as there are webhooks: over 50; one each on 50 endpoints; over some that have a
    server of their own; one each on its own."""
    each = max(1, sizes.webhooks // sizes.endpoints)
    few, many = f"{sizes.endpoints} webhooks", f"{sizes.webhooks:,} webhooks"
    shared, own = f"{many} on {sizes.endpoints} endpoints", f"{many}, each its own endpoint"
    several = f"{sizes.servers:,} webhooks, each its own server"
    shapes = {
        few: (sizes.endpoints, 1),
        shared: (sizes.endpoints, each),
        several: (sizes.servers, 1),
        own: (sizes.webhooks, 1),
    }
    rates: dict[str, list[float]] = {name: [] for name in shapes}
    peaks = []
    for name in [few, shared] * sizes.webhook_rounds + [several, own] * sizes.rounds:
        endpoints, webhooks = shapes[name]
        # The same receiver's configuration for all: one listening on every address.
        with fast_receiver(sizes.webhooks) as receiver:
            rate, peak = _spread(ground, receiver, endpoints, webhooks, sizes.webhooks)
        rates[name].append(rate)
        peaks.append(peak)
        say(f"{name}: {rate:,.0f}/s")
    first = median(rates[few])
    result.figures.append(Figure(f"{sizes.webhooks:,} due over {few}", first, "/s"))
    result.figures += [
        against(
            f"one due for each of {shared}", median(rates[shared]), "/s", first, few, least=0.9
        ),
        # Each server's connection is kept, so that it costs once.
        against(
            *(f"{sizes.webhooks:,} due over {several}", median(rates[several]), "/s", first, few),
            least=0.5,
        ),
        # Each takes a connection of its own, which is most of what it costs.
        against(f"one due for each of {own}", median(rates[own]), "/s", first, few),
    ]
    result.figures.append(memory(f"the worker, {many}", max(peaks)))
    result.series["webhooks"] = {name: median(each) for name, each in rates.items()}


def _spread(
    ground: Ground, receiver: Receiver, endpoints: int, webhooks: int, due: int
) -> tuple[float, float]:
    with ground.database("run") as url, Stack(ground, url) as stack:
        made = stack.do("prepare", urls=receiver.urls[:endpoints], each=webhooks)
        stack.do("pour", chatbots=made["chatbots"], count=due)
        stack.start_workers()
        return stack.drain(), stack.worker_mb()
