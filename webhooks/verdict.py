"""What becomes of a delivery after an attempt, and what the log says of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

from webhooks import expectation, schedule
from webhooks.models import ErrorKind
from webhooks.outcome import Outcome, answer_sentence
from webhooks.queue import Claimed, Finished
from webhooks.signed_request import Sent

logger = logging.getLogger(__name__)


def finished(sent: Sent, url: str, head: bytes, outcome: Outcome) -> Finished:
    """What becomes of a delivery after this outcome: done, failed for good, or due again."""
    claimed = sent.claimed
    made = Finished(claimed, outcome, sent.started_at, url or claimed.url, head, "succeeded")
    if outcome.succeeded:
        return made
    made.outcome, made.status = as_expected(claimed, outcome), "failed"
    if claimed.is_experiment:
        return made
    asked = _asked(sent, outcome)
    made.asked_seconds = schedule.pause(asked)
    if outcome.says_gone:
        # Waits for the webhook, which is being disabled.
        made.status = "pending"
        return made
    wait = schedule.next_delay(claimed.retry_schedule, claimed.failures + 1, asked)
    if wait is not None:
        made.status, made.delay_seconds = "pending", wait
    return made


def as_expected(claimed: Claimed, outcome: Outcome) -> Outcome:
    """The outcome of an attempt. Where an experiment was refused as it should be, its sentence has
    no advice: nothing is to be mended."""
    if not claimed.is_experiment or not expectation.is_refusal(outcome.status_code):
        return outcome
    if not expectation.meets(_expected(claimed), expectation.Expected.REFUSED):
        return outcome
    return replace(outcome, error=answer_sentence(outcome.status_code or 0))


def _expected(claimed: Claimed) -> expectation.Expected:
    return expectation.expected(claimed.simulate, signs_timestamp=claimed.standard_headers)


def _asked(sent: Sent, outcome: Outcome) -> float:
    """For how many seconds the receiver asked to be left alone, by its Retry-After; 0 for not."""
    if outcome.status_code not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return 0.0
    return schedule.retry_after(outcome.retry_after, sent.started_at) or 0.0


def log_failures(batch: Sequence[Finished]) -> None:
    """One line for each webhook and kind of failure in a batch, however many deliveries failed; and
    one for each experiment, whatever came of it."""
    groups: dict[tuple[int, str, bool], list[Finished]] = {}
    for one in batch:
        if one.claimed.is_experiment:
            _log_experiment(one)
        elif not one.outcome.succeeded:
            key = (one.claimed.webhook_id, one.outcome.error_kind, one.status == "pending")
            groups.setdefault(key, []).append(one)
    for (webhook_id, kind, again), failed in groups.items():
        first = failed[0]
        logger.warning(
            "Webhook %s: delivery %s%s failed (%s), attempt %s: %s %s.",
            webhook_id,
            first.claimed.delivery_id,
            f" and {len(failed) - 1} more" if len(failed) > 1 else "",
            kind,
            first.claimed.number,
            first.outcome.error,
            # Whether it is active by then, nobody knows here.
            f"The next try is in {first.delay_seconds:.0f} s if the webhook is active then"
            if again
            else "Given up",
        )


def _log_experiment(one: Finished) -> None:
    claimed, outcome = one.claimed, one.outcome
    verdict = expectation.judge(
        _expected(claimed), claimed.simulate, outcome.status_code, outcome.error_kind
    )
    logger.log(
        # A secret that cannot be read is no receiver's fault.
        logging.WARNING if outcome.error_kind == ErrorKind.INTERNAL else logging.INFO,
        "Webhook %s, %s delivery %s: %s.%s",
        claimed.webhook_id,
        "test" if claimed.is_test else "simulated",
        claimed.delivery_id,
        verdict.words,
        f" {outcome.error}" if outcome.error and not verdict.is_good else "",
    )
