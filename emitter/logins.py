"""Whoever guesses passwords is stopped, and whose password it is can still get in.

django-axes keeps the attempts and stands before Django's own check of the password; what is told
here is when it says no. Three counts of wrong passwords go on until none is added for 15 minutes:

- one name from one address: stopped after 10;
- any name from one address, and one name from any address: stopped after 50 and 100, but not for
  someone who logged in under that name from that address in the last 30 days. So neither the joker
  of the office nor a thousand machines can keep somebody out where they usually come from.

What is tried while it is stopped is not counted, so that it does not go on for ever.
"""

from __future__ import annotations

import ipaddress
import logging
from datetime import timedelta
from typing import Any, Final

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from chatbots import visitor_throttle
from chatbots.address_block import block_of
from chatbots.counting import counted
from chatbots.printable import line

PAUSE: Final[timedelta] = settings.AXES_COOLOFF_TIME
OF_NAME_AND_ADDRESS: Final = 10
OF_ADDRESS: Final = 50
OF_NAME: Final = 100
REMEMBERED: Final = timedelta(days=30)
BATCH: Final = 1000
# Of a name that is tried; what a user can have is shorter.
LONGEST_NAME: Final = 255

STOPPED: Final = (
    f"Too many wrong passwords. Try again in {counted(PAUSE.seconds // 60, 'minute')}. "
    "Nothing that is entered until then is looked at."
)

log = logging.getLogger(__name__)


def address_of(request: HttpRequest) -> str | None:
    """The address that counts: of IPv6 the /64, which is what one customer of a provider has."""
    block = block_of(visitor_throttle.address_of(request)).partition("/")[0]
    try:
        ipaddress.ip_address(block)
    except ValueError:
        return None
    return block


def name_of(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The name that was entered, as far as a name can go (AXES_USERNAME_CALLABLE)."""
    return str((credentials or {}).get("username") or "")[:LONGEST_NAME]


class Brake(AxesDatabaseHandler):
    """When a login is stopped (AXES_HANDLER)."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """1 when one of the three counts is full, else 0: AXES_FAILURE_LIMIT is 1."""
        name, address = name_of(request, credentials), request.axes_ip_address
        of_name, of_address = Q(username=name), Q(ip_address=address)
        since = request.axes_attempt_time - PAUSE
        wrong = AccessAttempt.objects.filter(
            of_name | of_address, attempt_time__gte=since
        ).aggregate(
            both=Sum("failures_since_start", filter=of_name & of_address, default=0),
            address=Sum("failures_since_start", filter=of_address, default=0),
            name=Sum("failures_since_start", filter=of_name, default=0),
        )
        if wrong["both"] >= OF_NAME_AND_ADDRESS:
            return 1
        if wrong["address"] < OF_ADDRESS and wrong["name"] < OF_NAME:
            return 0
        return int(not _is_known(name, address))

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **more: Any
    ) -> None:
        super().user_login_failed(sender, credentials, request, **more)
        # Only a password that was looked at has been counted; with the last of them it begins.
        if request is not None and request.axes_failures_since_start:
            name = name_of(request, credentials)
            # People type their password where the name belongs: a log is no place for it.
            is_one = get_user_model().objects.filter(username=name).exists()
            log.warning(
                "Logins %s from %s are stopped for %s minutes: too many wrong passwords.",
                f'of "{line(name, 150)}"' if is_one else "of a name that nobody has",
                request.axes_ip_address or "an unknown address",
                PAUSE.seconds // 60,
            )

    def reset_user_attempts(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """After the right password: of this name from this address, and of no other."""
        name = name_of(request, credentials)
        found = AccessAttempt.objects.filter(username=name, ip_address=request.axes_ip_address)
        return int(found.delete()[0])


def _is_known(name: str, address: str | None) -> bool:
    """Whether somebody logged in under `name` from `address` not long ago."""
    logins = AccessLog.objects.filter(username=name, ip_address=address)
    return bool(logins.filter(attempt_time__gte=timezone.now() - REMEMBERED).exists())


def stopped(
    request: HttpRequest, response: HttpResponse | None, credentials: object
) -> HttpResponse:
    """The answer to a login that is stopped (AXES_LOCKOUT_CALLABLE): the page, with the reason."""
    wait = {"Retry-After": str(PAUSE.seconds), "Cache-Control": "no-store"}
    context = response.context_data if isinstance(response, TemplateResponse) else None
    if not isinstance(response, TemplateResponse) or not context or "form" not in context:
        return HttpResponse(STOPPED, "text/plain; charset=utf-8", status=429, headers=wait)
    form = context["form"]
    form.errors.clear()
    form.add_error(None, STOPPED)
    page = TemplateResponse(request, response.template_name, context, status=429, headers=wait)
    return page.render()


def forget() -> int:
    """Remove what no login needs any more: attempts, logins and sessions; returns how many."""
    now = timezone.now()
    return sum(
        _remove(old)
        for old in (
            AccessAttempt.objects.filter(attempt_time__lt=now - PAUSE),
            AccessLog.objects.filter(attempt_time__lt=now - REMEMBERED),
            Session.objects.filter(expire_date__lt=now),
        )
    )


def _remove(old: QuerySet[Any]) -> int:
    """In small transactions: whoever logs in meanwhile does not wait for all of it."""
    removed = 0
    while ids := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        removed += old.filter(pk__in=ids).delete()[0]
    return removed
