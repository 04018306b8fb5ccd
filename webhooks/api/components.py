"""The things in the API's answers, as OpenAPI 3.1 components, and what a webhook receives."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from chatbots.events import PAYLOADS
from webhooks.api.documents import COUNT, FLAG, MOMENT, SETTINGS, Json, ref, text, thing
from webhooks.expectation import Expected
from webhooks.models import DeliveryStatus, ErrorKind
from webhooks.next_attempt import WaitingFor

WHEN_OR_NULL: Final[Json] = {"type": ["string", "null"], "format": "date-time"}
TEXT_OR_NULL: Final[Json] = {"type": ["string", "null"]}
HEADERS: Final[Json] = {"type": "object", "additionalProperties": {"type": "string"}}
EXACT_BYTES: Final[Json] = {"type": "string", "contentEncoding": "base64"}
PAYLOAD: Final[Json] = {
    "type": "object",
    "description": "The exact JSON that is signed and sent.",
    "required": ["event", "timestamp", "data"],
    "properties": {"event": text(), "timestamp": MOMENT, "data": {"type": "object"}},
}
SENT_TO: Final[Json] = {
    "type": "array",
    "items": thing(
        {"id": text(), "webhookId": text(), "url": text(), "status": text()},
        required=("id", "webhookId", "url"),
    ),
}
OUTCOME: Final[Json] = {
    "number": COUNT,
    "startedAt": MOMENT,
    "durationMs": COUNT,
    "statusCode": {"type": ["integer", "null"]},
    "errorKind": {"type": ["string", "null"], "enum": [*ErrorKind.values, None]},
    "error": TEXT_OR_NULL,
}

SCHEMAS: Final[Json] = {
    "Problem": {
        "type": "object",
        "description": "An error (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": text(),
            "title": text(),
            "status": {"type": "integer"},
            "detail": text("What is wrong, and what to do."),
            "code": text("A word that does not change, such as unknown_parameter."),
            "errors": {
                "type": "array",
                "items": thing({"field": text(), "message": text()}, required=("field", "message")),
            },
        },
    },
    "Webhook": thing(
        {
            "id": text(),
            "chatbotId": text(),
            **{name: schema for name, schema in SETTINGS.items() if name != "secret"},
            "status": text(enum=["active", "disabled"]),
            "statusReason": text(),
            "secretHint": text("Enough of the secret to recognise it."),
            "secret": text("One that was made is shown once, when it is made."),
            "createdAt": MOMENT,
            "failingSince": {**WHEN_OR_NULL, "description": "Every delivery failed since then."},
            "lastSuccessAt": {**WHEN_OR_NULL, "description": "To within ten seconds."},
            "heldBackUntil": {
                **WHEN_OR_NULL,
                "description": (
                    "Nothing is sent before: its endpoint is held back, or its receiver asked for "
                    "it with Retry-After. `statusReason` says which."
                ),
            },
            "previousSecretUntil": {
                **WHEN_OR_NULL,
                "description": "The secrets before a rotation sign until then as well.",
            },
        },
        strict=False,
    ),
    "Event": thing(
        {
            "id": text(),
            "event": text(),
            "timestamp": MOMENT,
            "chatbotId": text(),
            "chatlogId": TEXT_OR_NULL,
            "source": text(enum=["chat", "api", "test"]),
            "payload": PAYLOAD,
            "createdAt": MOMENT,
            "deliveries": SENT_TO,
        },
        strict=False,
    ),
    "MadeEvent": thing(
        {
            "id": text(),
            "event": text(),
            "timestamp": MOMENT,
            "payload": PAYLOAD,
            "deliveries": SENT_TO,
            "reason": text("Why nothing is sent now; empty when it is."),
        },
        required=("id", "event", "timestamp", "payload", "deliveries", "reason"),
    ),
    "Delivery": thing(
        {
            "id": text(),
            "eventId": text(),
            "event": text(),
            "chatbotId": text(),
            "webhookId": text(),
            "url": text(),
            "status": text(enum=list(DeliveryStatus.values)),
            "inFlight": FLAG,
            "isTest": FLAG,
            "simulate": {"anyOf": [ref("Simulate"), {"type": "null"}]},
            "expected": {
                "type": ["string", "null"],
                "enum": [*(word.value for word in Expected), None],
                "description": (
                    "What the receiver is expected to do with a test, or with what misbehaves on "
                    "purpose; null for a real delivery."
                ),
            },
            "verdict": {
                **TEXT_OR_NULL,
                "description": "What it did, such as `refused, as it should be`; null until then.",
            },
            "asExpected": {
                "type": ["boolean", "null"],
                "description": "Whether that is what was expected.",
            },
            "attemptCount": COUNT,
            "nextAttemptAt": {
                **WHEN_OR_NULL,
                "description": (
                    "The first moment at which it can be tried, always ahead; null where it is "
                    "over, or nobody can know."
                ),
            },
            "waitingFor": {
                "type": ["string", "null"],
                "enum": [*(word.value for word in WaitingFor), None],
                "description": "What it waits for; null when it is over.",
            },
            "waitingReason": {
                **TEXT_OR_NULL,
                "description": "The same in a sentence, as the dashboard shows it.",
            },
            "createdAt": MOMENT,
            "finishedAt": WHEN_OR_NULL,
            "lastAttempt": {"anyOf": [thing(OUTCOME), {"type": "null"}]},
            "attempts": {"type": "array", "items": ref("Attempt")},
        },
        strict=False,
    ),
    "Attempt": thing(
        {
            **OUTCOME,
            "remoteAddress": TEXT_OR_NULL,
            "request": thing({"method": text(), "url": text(), "headers": HEADERS, "body": text()}),
            "response": thing(
                {"headers": HEADERS, "body": text(), "bodyBase64": EXACT_BYTES, "truncated": FLAG}
            ),
        }
    ),
    "RecoveryCount": thing(
        {
            "dryRun": {"const": True},
            "since": MOMENT,
            "until": MOMENT,
            "total": {**COUNT, "description": "How many would be sent again."},
            "oldestCreatedAt": WHEN_OR_NULL,
            "newestCreatedAt": WHEN_OR_NULL,
        },
        required=("dryRun", "since", "until", "total", "oldestCreatedAt", "newestCreatedAt"),
    ),
    "Recovery": thing(
        {
            "id": text(),
            "webhookId": text(),
            "since": MOMENT,
            "until": MOMENT,
            "status": text(
                "stopped: before its time, for statusReason.",
                enum=["running", "finished", "stopped"],
            ),
            "statusReason": text(),
            "total": {**COUNT, "description": "How many had failed when it was asked for."},
            "requeued": {**COUNT, "description": "How many are re-queued so far."},
            "succeeded": {**COUNT, "description": "Of these, how many have succeeded since."},
            "failed": {**COUNT, "description": "How many have failed again."},
            "waiting": {**COUNT, "description": "How many are yet to succeed or fail."},
            "cancelled": {**COUNT, "description": "How many went with their webhook."},
            "requestedBy": text("The API key or the person."),
            "createdAt": MOMENT,
            "finishedAt": WHEN_OR_NULL,
        },
        strict=False,
    ),
    "Simulate": thing(
        {
            "badSignature": FLAG,
            "timestampSkewSeconds": {"type": "integer"},
            "copies": {"type": "integer", "minimum": 1, "maximum": 100},
            "unknownEvent": FLAG,
        }
    ),
}


# In the order of a first visit: talk, send, subscribe, look, mend.
TAGS: Final = (
    ("Chat", "Talk to a chatbot as its visitors do."),
    ("Events", "Make an event happen, and see what happened."),
    ("Webhooks", "Where events are sent."),
    ("Deliveries", "What was sent, every attempt of it."),
    ("Signatures", "Why a signature is wrong."),
    ("What you receive", "The requests your endpoint gets."),
)


def payload_schemas() -> Json:
    """The data of each event, from the very classes that make them."""
    _, components = msgspec.json.schema_components(
        PAYLOADS.values(), ref_template="#/components/schemas/{name}"
    )
    return dict(components)


def received() -> Json:
    """OpenAPI's `webhooks`: what a receiver gets for each event."""
    return {
        event: {
            "post": {
                "operationId": f"receive{payload.__name__}",
                "summary": event,
                "tags": ["What you receive"],
                "security": [],
                "parameters": [
                    {
                        "name": name,
                        "in": "header",
                        "required": True,
                        "description": said,
                        "schema": {"type": "string"},
                    }
                    for name, said in (
                        ("X-Wonderchat-Signature", "HMAC-SHA256 of the body, lower-case hex."),
                        ("X-Wonderchat-Timestamp", "When it was sent, ISO 8601."),
                    )
                ],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["event", "timestamp", "data"],
                                "properties": {
                                    "event": {"const": str(event)},
                                    "timestamp": MOMENT,
                                    "data": ref(payload.__name__),
                                },
                            }
                        }
                    }
                },
                "responses": {"2XX": {"description": "Received. Anything else is retried."}},
            }
        }
        for event, payload in PAYLOADS.items()
    }


def complete(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """drf-spectacular's POSTPROCESSING_HOOKS: the components, and the errors of every call."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {}).update(SCHEMAS | payload_schemas())
    components.setdefault("responses", {})["Problem"] = {
        "description": "What is wrong, and what to do.",
        "content": {"application/problem+json": {"schema": ref("Problem")}},
    }
    components["securitySchemes"] = {
        "apiKey": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of the account; in a POST also as apiKey in the JSON body.",
        }
    }
    for path in result.get("paths", {}).values():
        for call in path.values():
            responses = call.setdefault("responses", {})
            for status in ("4XX", "5XX"):
                responses.setdefault(status, {"$ref": "#/components/responses/Problem"})
            call["security"] = [{"apiKey": []}]
    result["webhooks"] = received()
    result["tags"] = [{"name": name, "description": said} for name, said in TAGS]
    return result
