"""From COMMIT to the arrival of the POST, for events that come one by one."""

from __future__ import annotations

from dataclasses import dataclass

from bench.figures import Figure, Result, memory, percentile
from bench.ground import Ground, say
from bench.receiver import addresses
from bench.stack import Stack
from bench.stamping_receiver import stamping_receiver


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    slow_rate: float = 50
    fast_rate: float = 500
    seconds: float = 60


QUICK = Sizes(seconds=2)
# Events before the measuring, so that the way is warm.
WARM = 25
POINTS = 200
# Of the rate that was wanted.
ENOUGH = 0.95


def measure(ground: Ground, sizes: Sizes) -> Result:
    result = Result()
    rates = (sizes.slow_rate, sizes.fast_rate)
    asked: dict[float, tuple[float | None, float]] = {
        sizes.slow_rate: (5, 15),
        sizes.fast_rate: (None, 50),
    }
    peaks = {}
    if ground.postgresql is not None:
        with ground.database("run") as url:
            for rate in rates:
                with Stack(ground, url) as stack:
                    waits, reached = trickled(stack, rate, sizes.seconds)
                    peaks[f"a worker on PostgreSQL at {rate:g}/s"] = stack.worker_mb()
                _add(
                    result,
                    f"PostgreSQL and Redis at {rate:g}/s",
                    rate,
                    waits,
                    reached,
                    *asked[rate],
                )
    with Stack(ground) as stack:
        waits, reached = trickled(stack, sizes.slow_rate, sizes.seconds)
        peaks[f"a worker on SQLite at {sizes.slow_rate:g}/s"] = stack.worker_mb()
    _add(result, f"embedded at {sizes.slow_rate:g}/s", sizes.slow_rate, waits, reached)
    result.figures += [memory(what, megabytes) for what, megabytes in peaks.items()]
    return result


def trickled(stack: Stack, rate: float, seconds: float) -> tuple[list[float], float]:
    """The milliseconds that each of so many events took, and the rate that was reached."""
    host = addresses(1)[0]
    with stamping_receiver({host: 0}) as receiver:
        made = stack.do("prepare", urls=[f"http://{host}:{receiver.port}/"])
        stack.start_workers()
        stack.start_beat()
        stack.do("pour", chatbots=made["chatbots"], count=WARM)
        stack.wait_drained()
        committed = stack.do(
            *("trickle",), chatbots=made["chatbots"], count=int(rate * seconds), per_second=rate
        )
        stack.wait_drained()
        arrived = receiver.arrivals()
    span = max(committed.values()) - min(committed.values())
    waits = [1000 * (arrived[name] - moment) for name, moment in committed.items()]
    return waits, (len(committed) - 1) / span


def _add(
    result: Result,
    name: str,
    rate: float,
    waits: list[float],
    reached: float,
    most_p50: float | None = None,
    most_p99: float | None = None,
) -> None:
    p50, p99 = percentile(waits, 0.5), percentile(waits, 0.99)
    if reached < ENOUGH * rate:
        result.notes.append(f"{name}: this machine made only {reached:.0f} events a second.")
    say(f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms ({reached:.0f}/s reached)")
    result.figures += [
        Figure(f"{name}: p50", p50, "ms", most=most_p50),
        Figure(f"{name}: p99", p99, "ms", most=most_p99),
    ]
    ordered = sorted(waits)
    result.series[name] = [
        round(ordered[min(len(ordered) - 1, place * len(ordered) // POINTS)], 3)
        for place in range(POINTS + 1)
    ]
