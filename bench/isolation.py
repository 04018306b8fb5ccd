"""What endpoints that hang or are slow cost the others: the same run with them and without."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.figures import Figure, Result, against, median, memory, percentile
from bench.ground import Ground, say
from bench.receiver import addresses
from bench.stack import Stack
from bench.stamping_receiver import stamping_receiver


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    endpoints: int = 50
    # In the tables when the worker starts: for the healthy ones, and for the bad ones.
    backlog: int = 50_000
    bad_due: int = 50_000
    # After that, this flows to the healthy ones; long enough for requests to time out.
    rate: float = 200
    seconds: float = 15
    # How many of the troubles below.
    troubles: int = 3
    rounds: int = 3


QUICK = Sizes(backlog=10_000, bad_due=5_000, seconds=2, troubles=1, rounds=1)


@dataclass(frozen=True)
class Trouble:
    """So many of the endpoints take so long to answer; None: for ever."""

    name: str
    bad: int
    seconds: float | None


TROUBLES = (
    Trouble("one hangs", 1, None),
    Trouble("ten hang", 10, None),
    Trouble("one answers in 9.9 s", 1, 9.9),
)


@dataclass
class Side:
    """The rounds of one variant: deliveries a second, p99 in ms, worker's MB."""

    rates: list[float] = field(default_factory=list)
    p99s: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)


def measure(ground: Ground, sizes: Sizes) -> Result:
    result = Result()
    for trouble in TROUBLES[: sizes.troubles]:
        sides = {"without": Side(), "with": Side()}
        for _ in range(sizes.rounds):
            # In turn, so that a slow moment of the machine is not one side's alone.
            for name, side in sides.items():
                _run(ground, sizes, trouble, side, bad_due=sizes.bad_due if name == "with" else 0)
                say(f"{trouble.name}, {name}: {side.rates[-1]:,.0f}/s, p99 {side.p99s[-1]:.1f} ms")
        without, bad = sides["without"], sides["with"]
        for_others = f"{trouble.name}: the others'"
        result.figures += [
            Figure(f"{for_others} rate without", median(without.rates), "/s"),
            against(
                *(f"{for_others} rate", median(bad.rates), "/s", median(without.rates), "without"),
                least=0.9,
            ),
            Figure(f"{for_others} p99 without", median(without.p99s), "ms"),
            against(
                *(f"{for_others} p99", median(bad.p99s), "ms", median(without.p99s), "without"),
                most=1.5,
            ),
            memory(f"the worker, {trouble.name}", max(bad.peaks)),
        ]
        result.series[trouble.name] = {
            "rate": median(bad.rates) / median(without.rates),
            "p99": (median(without.p99s), median(bad.p99s)),
        }
    return result


def _run(ground: Ground, sizes: Sizes, trouble: Trouble, side: Side, *, bad_due: int) -> None:
    """A worker starts on the backlog of all; then a flow to the healthy ones."""
    hosts = addresses(sizes.endpoints)
    answers: dict[str, float | None] = dict.fromkeys(hosts, 0.0)
    answers |= dict.fromkeys(hosts[: trouble.bad], trouble.seconds)
    with ExitStack() as open_:
        receiver = open_.enter_context(stamping_receiver(answers))
        url = open_.enter_context(ground.database("run"))
        stack = open_.enter_context(Stack(ground, url))
        made = stack.do("prepare", urls=[f"http://{host}:{receiver.port}/" for host in hosts])
        bad_bots, bots = made["chatbots"][: trouble.bad], made["chatbots"][trouble.bad :]
        healthy = made["webhooks"][trouble.bad :]
        # What is due for the bad ones is due first.
        stack.do("pour", chatbots=bad_bots, count=bad_due)
        after = stack.do("pour", chatbots=bots, count=sizes.backlog)
        # What PostgreSQL would do in its own time with as many new rows, more on the one side.
        stack.do("settle")
        assert ground.postgresql is not None
        ground.postgresql.settle()
        stack.start_workers()
        side.rates.append(stack.drain(after, healthy))
        committed = stack.do(
            *("trickle",),
            chatbots=bots,
            count=int(sizes.rate * sizes.seconds),
            per_second=sizes.rate,
        )
        stack.wait_drained(after, healthy)
        arrived = receiver.arrivals()
        waits = [1000 * (arrived[name] - moment) for name, moment in committed.items()]
        side.p99s.append(percentile(waits, 0.99))
        side.peaks.append(stack.worker_mb())
