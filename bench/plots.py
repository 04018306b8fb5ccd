"""What is drawn of each case."""

from __future__ import annotations

from typing import Any

from bench.svg import Bar, bars, shares


def delivering(series: dict[str, Any]) -> str:
    rates = series["rates"]
    pgbench = rates.get("pgbench -N -c 8")
    return bars(
        "Delivering a backlog",
        "PostgreSQL and Redis, deliveries a second, every attempt recorded",
        [
            Bar(
                name,
                rate,
                f"{rate:,.0f}/s" + (f", {rate / pgbench:.2f} of pgbench" if pgbench else ""),
                "c0" if name.endswith(("worker", "workers")) else "c1",
            )
            for name, rate in rates.items()
        ],
    )


def accepting(series: dict[str, Any]) -> str:
    rows = [
        Bar(name, each["arrived"], f"{each['arrived']:,.0f}/s") for name, each in series.items()
    ]
    pgbench = next((each["pgbench"] for each in series.values()), None)
    if pgbench:
        rows = [
            Bar(row.name, row.value, f"{row.said}, {row.value / pgbench:.2f} of pgbench")
            for row in rows
        ]
        rows.append(Bar("pgbench -N -c 8", pgbench, f"{pgbench:,.0f}/s", "c1"))
    return bars(
        "Accepting and delivering at once",
        "Single POST /events on 16 connections, events a second until the last arrival",
        rows,
    )


def latency(series: dict[str, Any]) -> str:
    return shares("From COMMIT to arrival", "Share of the events that had arrived", "ms", series)


def isolation(series: dict[str, Any]) -> str:
    rows = []
    for name, each in series.items():
        without, bad = each["p99"]
        share = each["rate"]
        rows += [
            Bar(f"{name}: rate", share, f"{share:.2f} of without"),
            Bar(f"{name}: p99", bad / without, f"{bad / without:.2f} × ({bad:.0f} ms)", "c2"),
        ]
    return bars(
        "The others, while some of 50 endpoints hang",
        "Their rate and their p99 as ratios to the same run without the bad ones",
        rows,
        mark=(1.0, "the same"),
    )


def flat(series: dict[str, Any]) -> str:
    rows = []
    for group in series.values():
        first = next(iter(group.values()))
        rows += [
            Bar(
                name,
                rate / first,
                f"{rate:,.0f}/s, {rate / first:.2f}",
                "c1" if rate is first else "c0",
            )
            for name, rate in group.items()
        ]
    return bars(
        "With what lies in the tables already",
        "The same backlog, as a ratio to the grey bar above",
        rows,
        mark=(1.0, "the same"),
    )


PLOTS = {plot.__name__: plot for plot in (delivering, accepting, latency, isolation, flat)}
