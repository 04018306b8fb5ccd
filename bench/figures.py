"""What a case gives back: figures, each with what it is compared to and what is asked of it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# A worker stays below this, whatever the case.
WORKER_MB = 150.0


@dataclass(frozen=True)
class Figure:
    """`least` and `most` are asked of the ratio where there is one, otherwise of the value."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    # What the ratio is to, measured in the same run.
    to: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether it is as asked; None where nothing is asked."""
        if self.least is None and self.most is None:
            return None
        held = self.value if self.ratio is None else self.ratio
        return (self.least is None or held >= self.least) and (
            self.most is None or held <= self.most
        )

    @property
    def asked(self) -> str:
        unit = f" {self.unit}".replace(" /s", "/s") if self.ratio is None else ""
        bounds = [("≥", self.least), ("≤", self.most)]
        return ", ".join(f"{sign} {bound:,g}{unit}" for sign, bound in bounds if bound is not None)


def against(
    name: str,
    value: float,
    unit: str,
    other: float | None,
    to: str,
    *,
    least: float | None = None,
    most: float | None = None,
) -> Figure:
    """A figure as a ratio to `other`; without `other` nothing is asked of it."""
    if not other:
        return Figure(name, value, unit)
    return Figure(name, value, unit, value / other, to, least, most)


def memory(what: str, megabytes: float) -> Figure:
    return Figure(f"memory of {what}, peak", megabytes, "MB", most=WORKER_MB)


@dataclass
class Result:
    """What one case measured. `series` is what its plot draws beside the figures."""

    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    series: dict[str, Any] = field(default_factory=dict)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))
