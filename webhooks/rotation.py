"""The secrets before the present one: each signs the Standard Webhooks header for 24 hours more.

Standard Webhooks 1.0, "Signature scheme", zero downtime secret rotation. Kept in the webhook's row
as `[token, when it ends]`, the newest first. Pure: knows no Django, and opens no token.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

# How long a secret signs on after it was replaced.
PREVIOUS_SECRET_HOURS: Final = 24
# Signatures in one header, the present secret's among them: a receiver tries each of them, and a
# header that grows with every click would be refused by its server one day.
MOST_SECRETS: Final = 4


def still_signing(kept: Sequence[Sequence[str]], now: datetime) -> list[tuple[str, datetime]]:
    """The tokens that sign beside the present one at `now`, and until when, the newest first."""
    ends = [(token, datetime.fromisoformat(end)) for token, end in kept]
    return [(token, end) for token, end in ends if end > now][: MOST_SECRETS - 1]


def replaced(kept: Sequence[Sequence[str]], token: str, now: datetime) -> list[list[str]]:
    """What is kept once the secret in `token` was replaced at `now`."""
    end = now + timedelta(hours=PREVIOUS_SECRET_HOURS)
    before = [(token, end), *still_signing(kept, now)]
    return [[token, end.isoformat()] for token, end in before[: MOST_SECRETS - 1]]


def until(kept: Sequence[Sequence[str]], now: datetime) -> datetime | None:
    """When the last of the secrets before ends; None when none signs any more."""
    return max((end for _, end in still_signing(kept, now)), default=None)
