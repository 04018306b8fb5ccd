"""What one webhook costs another on the same server, and one account another."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bench.figures import Figure, Result, against, median, memory, percentile
from bench.ground import Ground, say
from bench.receiver import addresses
from bench.stack import Stack
from bench.stamping_receiver import StampingReceiver, stamping_receiver


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    # Two webhooks on one server: what is due for each, and what flows to the healthy one then.
    backlog: int = 50_000
    rate: float = 200
    # One account with many webhooks and much due, beside one with a webhook and a few events.
    webhooks: int = 10_000
    due: int = 100_000
    slow_rate: float = 5
    seconds: float = 15
    # As long as it takes to deliver what is due.
    beside_seconds: float = 8
    # One account with webhooks to so many servers that nobody listens on, much due for each.
    dead: int = 800
    dead_due: int = 40_000
    # So many webhooks of one account hang, with ten due for each, and one does not.
    hanging: int = 2_000
    beside_hanging: int = 20_000
    rounds: int = 3


QUICK = Sizes(
    backlog=5_000,
    webhooks=500,
    due=10_000,
    seconds=2,
    beside_seconds=2,
    dead=100,
    dead_due=5_000,
    hanging=200,
    beside_hanging=2_000,
    rounds=1,
)
HANGS = "/hangs"
# A worker that has just begun opens all its connections: what comes then is not counted.
WARM_SECONDS = 2
# No p99 below this is told from another: it is the noise of the machine.
UNNOTICED_MS = 50


def measure(ground: Ground, sizes: Sizes) -> Result:
    result = Result()
    _one_server(ground, sizes, result)
    _two_accounts(ground, sizes, result)
    _dead_servers(ground, sizes, result)
    _one_account(ground, sizes, result)
    return result


def _one_server(ground: Ground, sizes: Sizes, result: Result) -> None:
    rates: dict[bool, list[float]] = {False: [], True: []}
    p99s: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(sizes.rounds):
        for hangs in (False, True):
            rate, p99 = _beside_a_hanging_path(ground, sizes, hangs=hangs)
            rates[hangs].append(rate)
            p99s[hangs].append(p99)
            say(f"one server, the other webhook {'hangs' if hangs else 'is idle'}: {rate:,.0f}/s")
    alone, beside = median(rates[False]), median(rates[True])
    calm, disturbed = median(p99s[False]), median(p99s[True])
    what = "one server, one webhook hangs: the other's"
    result.figures += [
        Figure(f"{what} rate without", alone, "/s"),
        against(f"{what} rate", beside, "/s", alone, "without", least=0.9),
        Figure(f"{what} p99 without", calm, "ms"),
        against(f"{what} p99", disturbed, "ms", calm, "without", most=1.5),
    ]


def _beside_a_hanging_path(ground: Ground, sizes: Sizes, *, hangs: bool) -> tuple[float, float]:
    (host,) = addresses(1)
    with ExitStack() as open_:
        receiver = open_.enter_context(stamping_receiver({host: 0.0}, {HANGS: None}))
        url = open_.enter_context(ground.database("run"))
        stack = open_.enter_context(Stack(ground, url))
        origin = f"http://{host}:{receiver.port}"
        bad = stack.do("prepare", urls=[f"{origin}{HANGS}"])
        good = stack.do("prepare", urls=[f"{origin}/"])
        # What is due for the one that hangs is due first.
        stack.do("pour", chatbots=bad["chatbots"], count=sizes.backlog if hangs else 0)
        after = stack.do("pour", chatbots=good["chatbots"], count=sizes.backlog)
        stack.start_workers()
        rate = stack.drain(after, good["webhooks"])
        return rate, _trickled(stack, receiver, good, sizes.rate, sizes.seconds, after)


def _two_accounts(ground: Ground, sizes: Sizes, result: Result) -> None:
    p99s: dict[bool, list[float]] = {False: [], True: []}
    peaks = []
    for _ in range(sizes.rounds):
        for busy in (False, True):
            p99, peak = _beside_a_large_account(ground, sizes, busy=busy)
            p99s[busy].append(p99)
            peaks.append(peak)
            say(f"beside {'a busy' if busy else 'an idle'} account: p99 {p99:.1f} ms")
    calm, disturbed = median(p99s[False]), median(p99s[True])
    what = f"beside an account with {sizes.webhooks:,} webhooks and {sizes.due:,} due: p99"
    result.figures += [
        Figure(f"one webhook at {sizes.slow_rate:g}/s, nobody else: p99", calm, "ms"),
        against(
            *(what, disturbed, "ms", calm, "alone"),
            most=max(1.5, UNNOTICED_MS / calm),
        ),
        memory(f"the worker, {sizes.webhooks:,} webhooks of one account", max(peaks)),
    ]


def _beside_a_large_account(ground: Ground, sizes: Sizes, *, busy: bool) -> tuple[float, float]:
    hosts = addresses(51)
    with ExitStack() as open_:
        receiver = open_.enter_context(stamping_receiver(dict.fromkeys(hosts, 0.0)))
        url = open_.enter_context(ground.database("run"))
        stack = open_.enter_context(Stack(ground, url))
        urls = [f"http://{host}:{receiver.port}/" for host in hosts]
        large = stack.do("prepare", urls=urls[:50], each=max(1, sizes.webhooks // 50))
        small = stack.do("prepare", urls=urls[50:])
        if busy:
            stack.do("pour", chatbots=large["chatbots"], count=sizes.due)
        stack.start_workers()
        p99 = _trickled(stack, receiver, small, sizes.slow_rate, sizes.beside_seconds)
        return p99, stack.worker_mb()


def _dead_servers(ground: Ground, sizes: Sizes, result: Result) -> None:
    p99s: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(sizes.rounds):
        for dead in (False, True):
            p99s[dead].append(_beside_dead_servers(ground, sizes, dead=dead))
            say(f"beside {sizes.dead if dead else 0} dead servers: p99 {p99s[dead][-1]:.1f} ms")
    calm, disturbed = median(p99s[False]), median(p99s[True])
    result.figures.append(
        against(
            f"beside an account with {sizes.dead:,} dead servers and {sizes.dead_due:,} due: p99",
            *(disturbed, "ms", calm, "alone"),
            most=max(1.5, UNNOTICED_MS / calm),
        )
    )


def _beside_dead_servers(ground: Ground, sizes: Sizes, *, dead: bool) -> float:
    host, *nobodys = addresses(1 + sizes.dead)
    with ExitStack() as open_:
        receiver = open_.enter_context(stamping_receiver({host: 0.0}))
        url = open_.enter_context(ground.database("run"))
        stack = open_.enter_context(Stack(ground, url))
        # Nobody listens on the port called discard.
        large = stack.do("prepare", urls=[f"http://{each}:9/" for each in nobodys])
        small = stack.do("prepare", urls=[f"http://{host}:{receiver.port}/"])
        if dead:
            stack.do("pour", chatbots=large["chatbots"], count=sizes.dead_due)
        stack.start_workers()
        return _trickled(stack, receiver, small, sizes.slow_rate, sizes.seconds)


def _one_account(ground: Ground, sizes: Sizes, result: Result) -> None:
    rates: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(sizes.rounds):
        for hang in (False, True):
            rates[hang].append(_beside_many_that_hang(ground, sizes, hang=hang))
            say(f"beside {sizes.hanging if hang else 0} that hang: {rates[hang][-1]:,.0f}/s")
    alone, beside = median(rates[False]), median(rates[True])
    what = f"one account, {sizes.hanging:,} of its webhooks hang: another one's rate"
    result.figures += [
        Figure(f"{what} without", alone, "/s"),
        against(what, beside, "/s", alone, "without"),
    ]


def _beside_many_that_hang(ground: Ground, sizes: Sizes, *, hang: bool) -> float:
    *silent, host = addresses(51)
    with ExitStack() as open_:
        receiver = open_.enter_context(stamping_receiver({**dict.fromkeys(silent), host: 0.0}))
        url = open_.enter_context(ground.database("run"))
        stack = open_.enter_context(Stack(ground, url))
        urls = [f"http://{each}:{receiver.port}/" for each in (*silent, host)]
        made = stack.do("prepare", urls=urls, each=max(1, sizes.hanging // len(silent)))
        chatbots, last = made["chatbots"], len(silent)
        bad = [bot for place, bot in enumerate(chatbots) if place % len(urls) != last]
        if hang:
            stack.do("pour", chatbots=bad, count=10 * len(bad))
        after = stack.do("pour", chatbots=[chatbots[last]], count=sizes.beside_hanging)
        stack.start_workers()
        return stack.drain(after, [made["webhooks"][last]])


def _trickled(
    stack: Stack,
    receiver: StampingReceiver,
    made: dict[str, Any],
    per_second: float,
    seconds: float,
    after: int = 0,
) -> float:
    """The p99 in ms from COMMIT to arrival of events that come so often."""
    warm = int(per_second * WARM_SECONDS)
    count = warm + max(1, int(per_second * seconds))
    committed = stack.do("trickle", chatbots=made["chatbots"], count=count, per_second=per_second)
    stack.wait_drained(after, made["webhooks"])
    arrived = receiver.arrivals()
    waits = [1000 * (arrived[f"t{n}"] - committed[f"t{n}"]) for n in range(warm, count)]
    return percentile(waits, 0.99)
