"""A backlog of deliveries, every attempt recorded: how fast it goes, and beside what."""

from __future__ import annotations

from dataclasses import dataclass

from bench import bare_curl
from bench.figures import Figure, Result, against, median, memory
from bench.ground import Ground, say
from bench.receiver import Receiver, fast_receiver
from bench.stack import Stack

PLAIN = "bench.one_task_per_delivery"


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    deliveries: int = 100_000
    endpoints: int = 50
    sqlite_deliveries: int = 50_000
    plain_deliveries: int = 1_000
    rounds: int = 3


QUICK = Sizes(deliveries=20_000, sqlite_deliveries=10_000, plain_deliveries=200, rounds=1)


@dataclass
class Measured:
    """Deliveries a second, megabytes of the worker, milliseconds of CPU per delivery."""

    per_second: float
    worker_mb: float
    cpu_ms: dict[str, float]


def drained(stack: Stack, deliveries: int, workers: int, app: str = "emitter") -> Measured:
    """Start the workers on what lies in the tables, and wait until all is delivered."""
    if app == PLAIN:
        stack.do("queue_each")
    stack.start_workers(workers, app)
    per_second = stack.drain()
    cpu = {name: 1000 * used / deliveries for name, used in stack.drain_cpu.items()}
    return Measured(per_second, stack.worker_mb(), cpu)


def measure(ground: Ground, sizes: Sizes) -> Result:
    result = Result()
    with fast_receiver(sizes.endpoints) as receiver:
        bare = bare_curl.measure(receiver.urls, sizes.deliveries)
        say(f"libcurl without a database: {bare:,.0f}/s")
        if ground.postgresql is not None:
            _postgresql(ground, sizes, receiver, result, bare)
        _sqlite(ground, sizes, receiver, result)
    return result


def _postgresql(
    ground: Ground, sizes: Sizes, receiver: Receiver, result: Result, bare: float
) -> None:
    tps = [ground.pgbench_tps()]
    runs: dict[int, list[Measured]] = {1: [], 2: []}
    with ground.database("run") as url, Stack(ground, url) as stack:
        made = stack.do("prepare", urls=receiver.urls)
        stack.do("pour", chatbots=made["chatbots"], count=sizes.plain_deliveries)
        plain = drained(stack, sizes.plain_deliveries, 1, PLAIN)
    say(f"PostgreSQL, one task per delivery: {plain.per_second:,.0f}/s")
    with ground.database("poured") as poured:
        with Stack(ground, poured) as stack:
            made = stack.do("prepare", urls=receiver.urls)
            stack.do("pour", chatbots=made["chatbots"], count=sizes.deliveries)
        # In turn, so that a slow moment of the machine is not one side's alone.
        for _ in range(sizes.rounds):
            for workers, measured in runs.items():
                with ground.database("run", poured) as url, Stack(ground, url) as stack:
                    measured.append(drained(stack, sizes.deliveries, workers))
                say(f"PostgreSQL, {workers} worker(s): {measured[-1].per_second:,.0f}/s")
    tps.append(ground.pgbench_tps())
    known = [one for one in tps if one]
    pgbench = median(known) if known else None
    one, two = (median([run.per_second for run in runs[workers]]) for workers in (1, 2))
    if pgbench:
        result.figures.append(Figure("pgbench -N -c 8", pgbench, "/s"))
    result.figures += [
        Figure("libcurl alone, no database", bare, "/s"),
        Figure("PostgreSQL: one task per delivery", plain.per_second, "/s"),
        against("PostgreSQL: one worker", one, "/s", pgbench, "pgbench", least=1.3),
        against(
            *("PostgreSQL: one worker", one, "/s", plain.per_second, "one task per delivery"),
            least=60,
        ),
        against("PostgreSQL: one worker", one, "/s", bare, "libcurl alone"),
        against("PostgreSQL: two workers", two, "/s", one, "one worker", least=1),
        memory(
            "a worker on PostgreSQL", max(run.worker_mb for each in runs.values() for run in each)
        ),
    ]
    result.figures += [
        Figure(f"PostgreSQL: CPU per delivery, {name}", ms, "ms")
        for name, ms in runs[1][-1].cpu_ms.items()
        if ms
    ]
    result.series["rates"] = {
        "one task per delivery": plain.per_second,
        **({"pgbench -N -c 8": pgbench} if pgbench else {}),
        "one worker": one,
        "two workers": two,
    }


def _sqlite(ground: Ground, sizes: Sizes, receiver: Receiver, result: Result) -> None:
    rounds = []
    for _ in range(sizes.rounds):
        with Stack(ground) as stack:
            made = stack.do("prepare", urls=receiver.urls)
            stack.do("pour", chatbots=made["chatbots"], count=sizes.sqlite_deliveries)
            rounds.append(drained(stack, sizes.sqlite_deliveries, 1))
        say(f"SQLite, one worker: {rounds[-1].per_second:,.0f}/s")
    with Stack(ground) as stack:
        made = stack.do("prepare", urls=receiver.urls)
        stack.do("pour", chatbots=made["chatbots"], count=sizes.plain_deliveries)
        plain = drained(stack, sizes.plain_deliveries, 1, PLAIN)
    say(f"SQLite, one task per delivery: {plain.per_second:,.0f}/s")
    rate = median([run.per_second for run in rounds])
    result.figures += [
        Figure("SQLite: one task per delivery", plain.per_second, "/s"),
        against(
            "SQLite: one worker", rate, "/s", plain.per_second, "one task per delivery", least=20
        ),
        memory("a worker on SQLite", max(run.worker_mb for run in rounds)),
    ]
