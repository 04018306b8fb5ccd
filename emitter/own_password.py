"""Change one's own password: the old one is asked for, and cannot be guessed at length.

Whoever sits at somebody's open browser, or has their session, is logged in and yet must not find
out the password. So tries are counted by person, from wherever they come, over all web processes.
A try with the right old password and a new one that is no good counts too.
"""

from __future__ import annotations

import math
from typing import Any, Final

from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from unfold.forms import AdminOwnPasswordChangeForm

from chatbots import allowance
from chatbots.counting import counted
from emitter.logins import OF_NAME_AND_ADDRESS, PAUSE

MOST_TRIES: Final = OF_NAME_AND_ADDRESS


class OwnPasswordForm(AdminOwnPasswordChangeForm):  # type: ignore[misc]  # The theme's: no types.
    """Looks at the old password unless there were too many tries; then says how long to wait."""

    wait_seconds = 0

    def clean_old_password(self) -> str:
        wait = allowance.seconds_to_wait(f"password:{self.user.pk}", MOST_TRIES, PAUSE.seconds)
        self.wait_seconds = math.ceil(wait)
        if self.wait_seconds:
            minutes = counted(math.ceil(wait / 60), "minute")
            raise ValidationError(
                f"There were too many tries to change this password. Try again in {minutes}. "
                "Nothing that is entered until then is looked at."
            )
        old: str = super().clean_old_password()
        return old


class OwnPassword(PasswordChangeView):
    """The page; 429 while it is stopped."""

    form_class = OwnPasswordForm

    def form_invalid(self, form: PasswordChangeForm[Any]) -> HttpResponse:
        page = super().form_invalid(form)
        if wait := getattr(form, "wait_seconds", 0):
            page.status_code = 429
            page["Retry-After"] = str(wait)
        return page
