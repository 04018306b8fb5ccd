"""Events come in over the API and go out to a webhook at the same time, on the same cores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    batches: int = 100
    batch: int = 500
    batch_connections: int = 4
    rounds: int = 3


QUICK = Sizes(posts=4_000, batches=10, rounds=1)
# Requests before the measuring, so that connections and caches are there.
WARM_POSTS = 200


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
    runs: dict[int, list[Both]] = {1: [], 2: []}
    for _ in range(sizes.rounds):
        for processes, measured in runs.items():
            measured.append(_one_by_one(ground, sizes, processes))
            say(
                f"{processes} web process(es): {measured[-1].arrived:,.0f}/s accepted and delivered"
            )
    batch = _batches(ground, sizes)
    tps.append(ground.pgbench_tps())
    known = [one for one in tps if one]
    pgbench = median(known) if known else None
    if pgbench:
        result.figures.append(Figure("pgbench -N -c 8", pgbench, "/s"))
    for processes, measured in runs.items():
        web = f"{processes} web process{'es' if processes > 1 else ''}"
        arrived = median([run.arrived for run in measured])
        last = measured[-1]
        result.figures += [
            against(
                *(f"{web}: accepted and delivered", arrived, "/s", pgbench, "pgbench"),
                # What two cores are asked for is asked of one web process, which `make up` starts.
                least=0.35 if processes == 1 else None,
            ),
            against(
                f"{web}: accepted",
                median([run.accepted for run in measured]),
                "/s",
                pgbench,
                "pgbench",
            ),
            Figure(f"{web}: POST to 202, p50", last.posted.wait_ms[0], "ms"),
            Figure(f"{web}: POST to 202, p99", last.posted.wait_ms[1], "ms"),
        ]
        result.figures += [
            Figure(f"{web}: CPU per event, {name}", ms, "ms") for name, ms in last.cpu_ms.items()
        ]
        result.series[web] = {"arrived": arrived, "pgbench": pgbench}
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


def _one_by_one(ground: Ground, sizes: Sizes, processes: int) -> Both:
    with (
        fast_receiver(logged=True) as receiver,
        ground.database("run") as url,
        Stack(ground, url) as stack,
    ):
        made = stack.do("prepare", urls=receiver.urls)
        stack.start_workers()
        stack.start_web(processes)
        given: dict[str, Any] = {
            "url": stack.web_url,
            "key": made["key"],
            "chatbot": made["chatbots"][0],
            "connections": sizes.connections,
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
