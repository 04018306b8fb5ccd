"""Lists, newest first, a page at a time. A cursor says where a page ended, whatever is added."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from webhooks.api.answer import answer
from webhooks.api.filters import INVALID
from webhooks.api.newest import Found
from webhooks.api.problem import Problem
from webhooks.api.scope import is_id, number

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200

Row = TypeVar("Row", bound=Model)


Find = Callable[[Any, int], Found[Row]]


def page(
    request: Request,
    rows: QuerySet[Row],
    shape: Callable[[Sequence[Row]], list[dict[str, Any]]],
    find: Find[Row] | None = None,
) -> HttpResponse:
    """`{"results": […], "next": URL or null}`, newest first.

    The query's `limit` (50, at most 200) is a page's length; `cursor` comes with `next`, which
    carries the other parameters. Where `find` (the id to stay below, or None; how many) looks for
    the rows, a page may be shorter than its limit and yet have a `next`: see newest.py.
    """
    limit = _limit(request.query_params.get("limit"))
    cursor = request.query_params.get("cursor")
    below = None if cursor is None else _position(cursor, rows.model)
    if find is not None:
        found = find(below, limit + 1)
    else:
        if below is not None:
            rows = rows.filter(pk__lt=below)
        found = Found(list(rows.order_by("-pk")[: limit + 1]))
    following = None
    if len(found.rows) > limit:
        following = _next(request, str(found.rows[limit - 1].pk))
    elif found.rest_below is not None:
        following = _next(request, str(found.rest_below))
    return answer({"results": shape(found.rows[:limit]), "next": following})


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    limit = number(text)
    if not limit or limit > MAX_LIMIT:
        wrong = f"must be a whole number from 1 to {MAX_LIMIT}."
        raise Problem(400, errors=[("limit", wrong)], code=INVALID)
    return limit


def _position(cursor: str, model: type[Model]) -> str | int:
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"==").decode()
    except (binascii.Error, ValueError):
        text = ""
    in_numbers = model._meta.pk.get_internal_type() != "CharField"
    position = number(text) if in_numbers else text
    if not is_id(text) or not position:
        raise Problem(
            400,
            errors=[("cursor", "is not one of ours; take it from the `next` of a page.")],
            code=INVALID,
        )
    return position


def _next(request: Request, last: str) -> str:
    query = request.query_params.copy()
    query["cursor"] = base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
