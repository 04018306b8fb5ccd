"""The newest rows that a list's filters let through, at a bounded cost however long the log is.

The log is one long table of many accounts, and most of what it is filtered by has no index, because
each would be written with every delivery. So the log is walked from its newest end, a stretch at a
time, in the lanes that the asking account's rows lie in (deliveries: its webhooks; events: its
chatbots), each of which has an index that ends with the id. A stretch is at most STRETCH rows, a
page at most STRETCHES of them; who wants to see further goes on from where the walk ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from django.db.models import F, Func, IntegerField, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.lookups import LessThan

Row = TypeVar("Row", bound=Model)
Id = Any  # A number, or text in the order of its bytes.

STRETCH: Final = 4000
# Of what has to be looked at row by row: a fifth of a second of the processor's time, in a log of a
# million.
STRETCHES: Final = 3
# At most so many lanes in one stretch, so that each has some depth.
LANES: Final = 200


@dataclass(frozen=True)
class Lanes(Generic[Row]):
    """Where rows lie: `of` are the lanes, `column` the rows' link to theirs, `rows` those that may
    be walked (all of them, or those of a partial index)."""

    of: QuerySet[Any]
    column: str
    rows: QuerySet[Row]


@dataclass(frozen=True)
class Found(Generic[Row]):
    """Rows, newest first; `rest_below` is where the walk ended before its end, else None."""

    rows: list[Row]
    rest_below: Id | None = None


def few(ids: QuerySet[Any], below: Id | None) -> list[Id] | None:
    """The ids of an indexed choice of rows, such as an event's; None if they are not few."""
    if below is not None:
        ids = ids.filter(pk__lt=below)
    found = list(ids.values_list("pk", flat=True)[: STRETCH + 1])
    return found if len(found) <= STRETCH else None


def plain(lanes: Lanes[Row], rows: QuerySet[Row], below: Id | None, want: int) -> Found[Row]:
    """The newest `want` of all that the lanes hold."""
    stretch, _ = _stretch(lanes, below, want, want)
    return Found(list(rows.filter(pk__in=stretch[:want]).order_by("-pk")))


def filtered(
    lanes: Lanes[Row],
    rows: QuerySet[Row],
    below: Id | None,
    want: int,
    bounds: Callable[[], tuple[Id | None, Id | None]],
) -> Found[Row]:
    """The newest `want` of `rows`, which are filtered and lie in `lanes`.

    `bounds` is asked when the first stretch was not all: ids that nothing wanted lies below, and
    above, if they are known.
    """
    found: list[Row] = []
    lowest: Id | None = None
    for number in range(STRETCHES):
        stretch, floor = _stretch(lanes, below, LANES, STRETCH)
        if stretch:
            found += rows.filter(pk__in=stretch).order_by("-pk")[: want - len(found)]
        if len(found) >= want or floor is None:
            return Found(found)
        below = floor
        if number == 0:
            lowest, highest = bounds()
            if highest is not None:
                below = min(below, highest)
        if lowest is not None and below <= lowest:
            return Found(found)
    return Found(found, rest_below=below)


def _stretch(
    lanes: Lanes[Row], below: Id | None, most_lanes: int, most_rows: int
) -> tuple[list[Id], Id | None]:
    """The next ids below `below`, newest first and without a gap; and the lowest of what was
    covered, or None where nothing lies below it."""
    here = lanes.rows if below is None else lanes.rows.filter(pk__lt=below)
    of_lane = _of_lane(lanes, below).values("pk")
    heads = list(
        lanes.of.annotate(head=Subquery(of_lane[:1]))
        .order_by(F("head").desc(nulls_last=True))
        .values_list("pk", "head")[: most_lanes + 1]
    )
    heads = [(lane, head) for lane, head in heads if head is not None]
    floors = []
    if len(heads) > most_lanes:
        # What the other lanes hold lies below this.
        heads = heads[:most_lanes]
        floors.append(heads[-1][1])
    if not heads:
        return [], None
    chosen = [lane for lane, _ in heads]
    depth = max(1, most_rows // len(heads)) if most_rows > most_lanes else most_rows
    last = lanes.of.filter(pk__in=chosen).annotate(last=Subquery(of_lane[depth - 1 : depth]))
    floors += [floor for floor in last.values_list("last", flat=True) if floor is not None]
    floor = max(floors, default=None)
    covered = here.filter(**{f"{lanes.column}__in": chosen})
    if floor is not None:
        covered = covered.filter(pk__gte=floor)
    # Sorted here: the database would take the order of the ids for a reason to walk all of them.
    return sorted(covered.values_list("pk", flat=True), reverse=True), floor


def _of_lane(lanes: Lanes[Row], below: Id | None) -> QuerySet[Row]:
    """The rows of one lane below `below`, newest first, for a subquery of a query of lanes.

    Said so that only the lanes' own index gives this order. With a plain "=", PostgreSQL may walk
    the primary key for it: the whole log, for a lane in which little happens.
    """
    lane, last = F(lanes.column), OuterRef("pk")
    rows = lanes.rows.filter(**{f"{lanes.column}__gte": last})
    if below is None:
        rows = rows.filter(**{f"{lanes.column}__lte": last})
    else:
        rows = rows.filter(LessThan(_row(lane, F("pk")), _row(last, Value(below))))
    return rows.order_by(lane.desc(), "-pk")


def _row(*values: F | Value) -> Func:
    return Func(*values, template="(%(expressions)s)", output_field=IntegerField())
