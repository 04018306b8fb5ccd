"""What lists can be narrowed by, from the query string."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from webhooks.api import reading
from webhooks.api.problem import Problem
from webhooks.api.scope import is_id, number

Row = TypeVar("Row", bound=Model)


class Filters:
    """The filters of one request. Each method narrows `rows` when the query names its filter."""

    def __init__(self, request: Request) -> None:
        self._query = request.query_params

    def text(self, rows: QuerySet[Row], name: str, column: str) -> QuerySet[Row]:
        """Rows whose `column` is the text given."""
        value = self._query.get(name)
        if value is None:
            return rows
        return rows.filter(**{column: value}) if is_id(value) else rows.none()

    def number(self, rows: QuerySet[Row], name: str, column: str) -> QuerySet[Row]:
        """Rows whose `column` is the numeric id given."""
        value = self._query.get(name)
        if value is None:
            return rows
        return rows.filter(**{column: number(value)})

    def choice(
        self, rows: QuerySet[Row], name: str, column: str, choices: Sequence[str]
    ) -> QuerySet[Row]:
        """Rows whose `column` is one of `choices`; another value is a mistake worth an error."""
        value = self._query.get(name)
        if value is None:
            return rows
        if value not in choices:
            raise Problem(400, errors=[(name, f"must be one of {', '.join(choices)}.")])
        return rows.filter(**{column: value})

    def window(self, rows: QuerySet[Row], column: str) -> QuerySet[Row]:
        """Rows from `since` (included) to `until` (not included)."""
        since, until = self._moment("since"), self._moment("until")
        if since:
            rows = rows.filter(**{f"{column}__gte": since})
        if until:
            rows = rows.filter(**{f"{column}__lt": until})
        return rows

    def _moment(self, name: str) -> datetime | None:
        value = self._query.get(name)
        if value is None:
            return None
        try:
            return reading.moment(value)
        except ValueError as error:
            raise Problem(400, errors=[(name, str(error))]) from None
