"""Why the last attempt of each delivery in a list failed, in a label."""

from __future__ import annotations

from django.db.models import Case, OuterRef, QuerySet, Subquery, Value, When

from webhooks.models import Attempt, Delivery, DeliveryStatus, ErrorKind


def with_last_error(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """`rows`, each with `last_error`: a label, empty or None where nothing is wrong any more.

    It is part of the list's own query: one look-up by primary key for each row that is shown.
    """
    label = Case(
        *(When(error_kind=kind, then=Value(str(words))) for kind, words in ErrorKind.choices),
        default=Value(""),
    )
    last = Attempt.objects.filter(delivery_id=OuterRef("pk"), number=OuterRef("attempts"))
    return rows.annotate(
        last_error=Case(
            When(
                status__in=(DeliveryStatus.FAILED, DeliveryStatus.PENDING, DeliveryStatus.HELD),
                failures__gt=0,
                then=Subquery(last.annotate(label=label).values("label")[:1]),
            ),
            default=Value(""),
        )
    )
