"""Where a delivery stands, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chatbots.counting import counted
from webhooks import experiment
from webhooks.expectation import Verdict
from webhooks.models import Attempt, Delivery, DeliveryStatus, WebhookStatus
from webhooks.next_attempt import Waiting, WaitingFor

# A page that shows a delivery asks again every second while it is due within this time.
SOON_SECONDS = 20
LONGEST_WAIT_SECONDS = 3600

GIVEN_UP: Final = "No retry is left, so it was given up."
SHOWS_HERE: Final = "The answer shows here when it has come."
RESEND: Final = "Resend it when the receiver is mended."
ONCE: Final = "A test is sent once, and does not count for its webhook."
ONCE_SIMULATED: Final = (
    "What misbehaves on purpose is sent once, and does not count for its webhook."
)


@dataclass(frozen=True)
class Standing:
    """A label with its colour and icon, a title, a sentence, and whether it can still change."""

    colour: str
    icon: str
    label: str
    title: str
    sentence: str = ""
    # When the next attempt is due, if that is what the sentence is about.
    next_at: datetime | None = None
    # Nothing happens until somebody does something elsewhere: the page need not ask again.
    is_final: bool = False
    in_flight: bool = False
    # It waits for its own retry alone, and a person need not.
    may_send_now: bool = False
    # What a person can do about it on its webhook's page; "" for nothing.
    at_webhook: str = ""

    def seconds_to_wait(self, now: datetime) -> int | None:
        """How long a page may wait until it asks again; None for never, 0 for every second."""
        if self.is_final:
            return None
        if self.in_flight or self.next_at is None:
            return 0
        left = int((self.next_at - now).total_seconds())
        return 0 if left <= SOON_SECONDS else min(left, LONGEST_WAIT_SECONDS)


# By what it waits for: colour, icon, label and title.
WAITS: dict[WaitingFor, tuple[str, str, str, str]] = {
    WaitingFor.ANSWER: ("blue", "progress_activity", "Sending", "On its way"),
    WaitingFor.TURN: ("blue", "hourglass_top", "Due", "About to be sent"),
    WaitingFor.RETRY: ("amber", "schedule", "Retrying", "Retrying"),
    WaitingFor.RETRY_AFTER: (
        "amber",
        "front_hand",
        "Asked to wait",
        "Its receiver asked to be left alone",
    ),
    WaitingFor.ENDPOINT: ("amber", "front_hand", "Held back", "Its endpoint is held back"),
    WaitingFor.RATE_LIMIT: ("blue", "hourglass_top", "Waiting its turn", "Waiting its turn"),
    WaitingFor.CONVERSATION: (
        "blue",
        "hourglass_top",
        "Waiting its turn",
        "Waiting for the one before it",
    ),
    WaitingFor.WORKER: ("red", "power_off", "No worker", "No worker takes it"),
    WaitingFor.WEBHOOK: ("amber", "pause_circle", "Held", "Waits for its webhook"),
    WaitingFor.PLAN: ("amber", "pause_circle", "Held", "Waits for a plan with webhooks"),
}


# What somebody can end, and its webhook's page has the button for it.
AT_WEBHOOK: Final = {
    WaitingFor.RETRY_AFTER: "Send now, on the webhook’s page",
    WaitingFor.ENDPOINT: "Send now, on the webhook’s page",
    WaitingFor.WEBHOOK: "Enable it, on the webhook’s page",
}


def _waiting(delivery: Delivery, last: Attempt | None, waits: Waiting) -> Standing:
    colour, icon, label, title = WAITS[waits.word]
    sentence = waits.sentence
    if waits.word == WaitingFor.ANSWER:
        # The sentence that a program reads is the title here.
        title, sentence = f"Attempt {delivery.attempts} is on its way", SHOWS_HERE
    failed = f"Attempt {last.number} failed. {last.error} " if last and delivery.failures else ""
    return Standing(
        colour,
        icon,
        label,
        title,
        failed + sentence,
        next_at=waits.next_at,
        is_final=waits.word in (WaitingFor.WEBHOOK, WaitingFor.PLAN),
        in_flight=waits.word == WaitingFor.ANSWER,
        may_send_now=waits.word == WaitingFor.RETRY,
        at_webhook=AT_WEBHOOK.get(waits.word, ""),
    )


def standing(delivery: Delivery, last: Attempt | None, waits: Waiting | None) -> Standing:
    """Where `delivery` stands; `last` is its last attempt, `waits` what it waits for, if it is not
    over."""
    if waits is not None:
        return _waiting(delivery, last, waits)
    judged = experiment.verdict(delivery, last)
    if judged and last:
        return _judged(last, judged, ONCE_SIMULATED if delivery.simulate else ONCE)
    match delivery.status:
        case DeliveryStatus.SUCCEEDED:
            where = (
                "at the first attempt"
                if delivery.attempts == 1
                else (f"on attempt {delivery.attempts}")
            )
            return Standing(
                "green",
                "check_circle",
                "Succeeded",
                f"Succeeded {where}",
                _answer(last) if last else "",
                is_final=True,
            )
        case DeliveryStatus.FAILED:
            title = f"Failed after {counted(delivery.attempts, 'attempt')}"
            sentences = [last.error if last else "", GIVEN_UP]
            if delivery.webhook.status != WebhookStatus.DELETED:
                sentences.append(RESEND)
            return Standing(
                "red", "error", "Failed", title, " ".join(filter(None, sentences)), is_final=True
            )
        case _:
            why = (
                "The webhook was deleted while this waited."
                if delivery.webhook.status == WebhookStatus.DELETED
                else "It will not be sent."
            )
            return Standing("grey", "block", "Cancelled", "Cancelled", why, is_final=True)


def _answer(last: Attempt) -> str:
    return f"The receiver answered {last.status_code} in {last.duration_ms} ms."


def _judged(last: Attempt, verdict: Verdict, once: str) -> Standing:
    """Where an experiment stands that is over: what counts is the verdict."""
    words = _sentence_case(verdict.words)
    return Standing(
        "green" if verdict.is_good else "red",
        "check_circle" if verdict.is_good else "error",
        words,
        words,
        f"{last.error or _answer(last)} {once}",
        is_final=True,
    )


def _sentence_case(words: str) -> str:
    return words[0].upper() + words[1:]


@dataclass(frozen=True)
class Label:
    """A delivery's state for a line of a list: a colour, a word, and what is quiet beside it."""

    colour: str
    word: str
    # "Test", "Simulated" or "".
    kind: str = ""
    note: str = ""


COLOUR_OF: Final = {
    DeliveryStatus.PENDING: "blue",
    DeliveryStatus.HELD: "amber",
    DeliveryStatus.SUCCEEDED: "green",
    DeliveryStatus.FAILED: "red",
    DeliveryStatus.CANCELLED: "grey",
}


def label(delivery: Delivery, last: Attempt | None) -> Label:
    """The label of a delivery; `last` is needed of one that misbehaves alone."""
    colour, word = COLOUR_OF[DeliveryStatus(delivery.status)], delivery.get_status_display()
    if not delivery.is_experiment:
        # Annotated by with_last_error.
        return Label(colour, word, note=getattr(delivery, "last_error", None) or "")
    judged = experiment.verdict(delivery, last) if delivery.simulate else None
    if judged:
        colour, word = "green" if judged.is_good else "red", _sentence_case(judged.words)
    note = "" if judged else getattr(delivery, "last_error", None) or ""
    return Label(colour, word, "Test" if delivery.is_test else "Simulated", note)


def labelled(rows: Iterable[Delivery]) -> list[tuple[Delivery, Label]]:
    """Deliveries of a list, each with its label."""
    found = list(rows)
    last = experiment.last_attempts(row for row in found if row.simulate)
    return [(row, label(row, last.get(row.pk))) for row in found]
