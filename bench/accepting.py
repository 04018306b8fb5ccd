"""Events come in over the API and go out to a webhook at the same time, on the same cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.figures import Figure, Result, against, median, memory
from bench.ground import Ground, say
from bench.poster import Posted, post
from bench.receiver import fast_receiver
from bench.stack import Stack


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    posts: int = 15_000
    connections: int = 16
    many_connections: int = 64
    batches: int = 100
    batch: int = 500
    batch_connections: int = 4
    rounds: int = 3


QUICK = Sizes(posts=4_000, batches=10, rounds=1)
# Requests before the measuring, so that connections and caches are there.
WARM_POSTS = 400


class Shape(NamedTuple):
    """Who accepts, and how many ask at a time."""

    processes: int
    connections: int

    def __str__(self) -> str:
        processes = f"{self.processes} web process{'es' if self.processes > 1 else ''}"
        return f"{processes}, {self.connections} connections"


@dataclass
class Both:
    """Events a second accepted, and from the first POST to the last arrival."""

    accepted: float
    arrived: float
    posted: Posted
    worker_mb: float
    web_mb: float
    cpu_ms: dict[str, float]


def measure(ground: Ground, sizes: Sizes) -> Result:
    assert ground.postgresql is not None
    result = Result()
    tps = [ground.pgbench_tps()]
    one, many = Shape(1, sizes.connections), Shape(1, sizes.many_connections)
    two = Shape(2, sizes.connections)
    runs: dict[Shape, list[Both]] = {one: [], many: [], two: []}
    for _ in range(sizes.rounds):
        for shape, measured in runs.items():
            measured.append(_one_by_one(ground, sizes, shape))
            say(f"{shape}: {measured[-1].arrived:,.0f}/s accepted and delivered")
    batch = _batches(ground, sizes)
    tps.append(ground.pgbench_tps())
    known = [each for each in tps if each]
    pgbench = median(known) if known else None
    if pgbench:
        result.figures.append(Figure("pgbench -N -c 8", pgbench, "/s"))
    least = {one: 0.5, many: 0.75}
    for shape, measured in runs.items():
        rates = [
            median([getattr(run, name) for run in measured]) for name in ("arrived", "accepted")
        ]
        p50, p99 = (median([run.posted.wait_ms[place] for run in measured]) for place in (0, 1))
        result.figures += [
            against(
                *(f"{shape}: accepted and delivered", rates[0], "/s", pgbench, "pgbench"),
                least=least.get(shape),
            ),
            against(f"{shape}: accepted", rates[1], "/s", pgbench, "pgbench"),
            Figure(f"{shape}: POST to 202, p50", p50, "ms"),
            Figure(f"{shape}: POST to 202, p99", p99, "ms"),
        ]
        result.figures += [
            Figure(f"{shape}: CPU per event, {name}", ms, "ms")
            for name, ms in _cpu_ms(measured).items()
        ]
        result.series[str(shape)] = {"arrived": rates[0], "pgbench": pgbench}
    alone, both = (median([run.arrived for run in runs[shape]]) for shape in (one, two))
    cpu = [sum(ms for ms in _cpu_ms(runs[shape]).values()) for shape in (one, two)]
    result.figures += [
        against("two web processes beside one", both, "/s", alone, "one", least=0.75),
        against("CPU per event with two", cpu[1], "ms", cpu[0], "one", most=1.35),
    ]
    every = [run for measured in runs.values() for run in measured]
    result.figures += [
        Figure("batches of 500, no worker: accepted", batch["alone"], "/s", least=10_000),
        Figure("batches of 500, worker at work: accepted", batch["both"], "/s", least=10_000),
        memory("the worker", max(*(run.worker_mb for run in every), batch["worker_mb"])),
        Figure(
            "memory of a web process, peak",
            max(*(run.web_mb for run in every), batch["web_mb"]),
            "MB",
        ),
    ]
    return result


def _cpu_ms(runs: Sequence[Both]) -> dict[str, float]:
    """By process, the median of its CPU for an event."""
    return {name: median([run.cpu_ms[name] for run in runs]) for name in runs[0].cpu_ms}


def _one_by_one(ground: Ground, sizes: Sizes, shape: Shape) -> Both:
    with (
        fast_receiver(logged=True) as receiver,
        ground.database("run") as url,
        Stack(ground, url) as stack,
    ):
        made = stack.do("prepare", urls=receiver.urls)
        stack.start_workers()
        stack.start_web(shape.processes)
        given: dict[str, Any] = {
            "url": stack.web_url,
            "key": made["key"],
            "chatbot": made["chatbots"][0],
            "connections": shape.connections,
        }
        post(**given, count=WARM_POSTS)
        receiver.arrivals(WARM_POSTS)
        stack.do("analyze")
        before = stack.cpu()
        posted = post(**given, count=sizes.posts)
        last = receiver.arrivals(WARM_POSTS + sizes.posts, seconds=120)
        stack.wait_drained()
        used = {name: seconds - before[name] for name, seconds in stack.cpu().items()}
        span = stack.do("span", after=0, webhooks=None)
        if not span["attempts"] == span["delivered"] == WARM_POSTS + sizes.posts:
            raise RuntimeError(f"Something was not delivered, or twice: {span}")
        used["load generator"] = posted.cpu_seconds
        return Both(
            accepted=sizes.posts / (posted.ended - posted.began),
            arrived=sizes.posts / (last - posted.began),
            posted=posted,
            worker_mb=stack.worker_mb(),
            web_mb=stack.web_mb(),
            cpu_ms={name: 1000 * seconds / sizes.posts for name, seconds in used.items()},
        )


def _batches(ground: Ground, sizes: Sizes) -> dict[str, float]:
    """Events a second accepted in batches, first with no worker, then with one that delivers."""
    found = {}
    with (
        fast_receiver() as receiver,
        ground.database("run") as url,
        Stack(ground, url) as stack,
    ):
        made = stack.do("prepare", urls=receiver.urls)
        stack.start_web(1)
        given: dict[str, Any] = {
            "url": stack.web_url,
            "key": made["key"],
            "chatbot": made["chatbots"][0],
            "connections": sizes.batch_connections,
            "batch": sizes.batch,
        }
        post(**given, count=sizes.batch_connections)
        for name in ("alone", "both"):
            if name == "both":
                stack.start_workers()
                stack.wait_drained()
            posted = post(**given, count=sizes.batches)
            events = sizes.batches * sizes.batch
            found[name] = events / (posted.ended - posted.began)
            say(f"batches, {name}: {found[name]:,.0f} events/s accepted")
        stack.wait_drained()
        found["worker_mb"] = stack.worker_mb()
        found["web_mb"] = stack.web_mb()
    return found
