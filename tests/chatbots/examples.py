"""Hypothesis' examples as a list, so that one node process can judge them all."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st


def collect(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """`count` examples of a strategy, so that one node process can judge them all."""
    made: list[Any] = []

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def gather(value: Any) -> None:
        made.append(value)

    gather()
    return made
