"""Each call of the API as its OpenAPI 3.1 operation: the arguments of `@extend_schema`."""

from __future__ import annotations

from typing import Any, Final

from chatbots.models import EventType
from webhooks.api import filters
from webhooks.api.filters import Filter
from webhooks.models import RetrySchedule
from webhooks.rate import MOST_PER_SECOND
from webhooks.what_waits import ON_CHANGE

Json = dict[str, Any]


def camel(name: str) -> str:
    """A field's name as the API has it."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def text(description: str = "", **more: Any) -> Json:
    return {"type": "string", **({"description": description} if description else {}), **more}


def thing(properties: Json, *, required: tuple[str, ...] = (), strict: bool = True) -> Json:
    made: Json = {"type": "object", "properties": properties}
    if required:
        made["required"] = list(required)
    if strict:
        made["additionalProperties"] = False
    return made


MOMENT: Final = text("ISO 8601; without an offset it is UTC.", format="date-time")
FLAG: Final[Json] = {"type": "boolean"}
COUNT: Final[Json] = {"type": "integer", "minimum": 0}
EVENT: Final = text("One of Wonderchat's events.", enum=list(EventType.values))
UNSET: Final[Json] = {
    "type": "array",
    "items": {"type": "string"},
    "description": "Keys of `data` to leave out, as JavaScript's undefined would be.",
}
DATA: Final[Json] = {
    "type": "object",
    "description": (
        "Laid over a sample of the event. null stays null; keys the event does not have follow "
        "after its own."
    ),
}
SETTINGS: Final[Json] = {
    "url": text("Where to POST to: HTTPS and public, except in the sandbox.", maxLength=2000),
    "event": EVENT,
    "secret": text("Signs the requests. Written, never read back.", minLength=1, maxLength=500),
    "description": text("For people.", maxLength=200),
    "retrySchedule": text("When to retry.", enum=list(RetrySchedule.values), default="standard"),
    "standardHeaders": {**FLAG, "description": "Send the Standard Webhooks headers as well."},
    "ordered": {**FLAG, "description": "Keep the order within a conversation."},
    "rateLimit": {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": MOST_PER_SECOND,
        "description": "Deliveries per second at most, over all workers; null for no limit.",
    },
}
NEW_EVENT: Final[Json] = {"event": EVENT, "data": DATA, "timestamp": MOMENT, "unset": UNSET}

# Put into every answer of the API: two accounts' examples would be one too many.
EXAMPLE_BOT: Final = "clm0987654321fedcba"


def operation(
    name: str,
    summary: str,
    *,
    tag: str,
    answers: dict[int, Json | None],
    body: Json | None = None,
    needs_body: bool = True,
    example: Json | None = None,
    path: str = "",
    narrowed_by: tuple[Filter, ...] | None = None,
    headers: tuple[Json, ...] = (),
    description: str = "",
) -> Json:
    """The arguments of `@extend_schema` for one operation. Errors are added to each elsewhere."""
    parameters: list[Json] = [
        {"name": path, "in": "path", "required": True, "schema": {"type": "string"}}
    ] * bool(path)
    if narrowed_by is not None:  # A list, then.
        schemas = {row.name: dict(row.schema) for row in narrowed_by} | PAGED
        parameters += [{"name": key, "in": "query", "schema": schemas[key]} for key in schemas]
    parameters += headers
    made: Json = {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        "security": [{"apiKey": []}],
        "responses": {
            str(status): {
                "description": PHRASES[status],
                **({"content": {"application/json": {"schema": schema}}} if schema else {}),
            }
            for status, schema in answers.items()
        },
    }
    if description:
        made["description"] = description
    if parameters:
        made["parameters"] = parameters
    if body is not None:
        media: Json = {"schema": body}
        if example is not None:
            media["example"] = example
        made["requestBody"] = {"required": needs_body, "content": {"application/json": media}}
    return {"operation": made}


PHRASES: Final = {200: "Done.", 201: "Added.", 202: "Accepted.", 204: "Done; no content."}
PAGED: Final[dict[str, Json]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    "cursor": text("Comes with `next`."),
}
IDEMPOTENCY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "The same key and request within 24 hours happen once, and answer the same.",
}


def listing(item: str) -> Json:
    return thing(
        {
            "results": {"type": "array", "items": ref(item)},
            "next": {"type": ["string", "null"], "format": "uri"},
        },
        required=("results", "next"),
    )


POST_EVENT: Final = operation(
    "makeEvent",
    "Make an event happen",
    tag="Events",
    description=(
        "Sends the event to every webhook of the chatbot that subscribes to it. `simulate` makes "
        "its deliveries misbehave on purpose, in the sandbox."
    ),
    headers=(IDEMPOTENCY,),
    body=thing(
        {"chatbotId": text(), **NEW_EVENT, "simulate": ref("Simulate")},
        required=("chatbotId", "event"),
    ),
    example={
        "chatbotId": EXAMPLE_BOT,
        "event": "USER_MESSAGE_SENT",
        "data": {"userMessage": "What are your business hours?", "name": "Zoë"},
        "unset": ["email"],
    },
    answers={202: ref("MadeEvent")},
)
POST_EVENT_BATCH: Final = operation(
    "makeEvents",
    "Make up to 500 events happen, all or none",
    tag="Events",
    headers=(IDEMPOTENCY,),
    body=thing(
        {
            "chatbotId": text(),
            "events": {
                "type": "array",
                "minItems": 1,
                "maxItems": 500,
                "items": thing(NEW_EVENT, required=("event",)),
            },
        },
        required=("chatbotId", "events"),
    ),
    example={
        "chatbotId": EXAMPLE_BOT,
        "events": [{"event": "USER_MESSAGE_SENT"}, {"event": "HUMAN_HANDOVER"}],
    },
    answers={
        202: thing(
            {"ids": {"type": "array", "items": {"type": "string"}}, "deliveries": COUNT},
            required=("ids", "deliveries"),
        )
    },
)
LIST_EVENTS: Final = operation(
    "listEvents",
    "What happened, newest first",
    tag="Events",
    narrowed_by=filters.EVENTS,
    answers={200: listing("Event")},
)
GET_EVENT: Final = operation(
    "getEvent",
    "One event, and where it went",
    tag="Events",
    path="event_id",
    answers={200: ref("Event")},
)
LIST_WEBHOOKS: Final = operation(
    "listWebhooks",
    "The webhooks of the account",
    tag="Webhooks",
    narrowed_by=filters.WEBHOOKS,
    answers={200: listing("Webhook")},
)
POST_WEBHOOK: Final = operation(
    "addWebhook",
    "Add a webhook",
    tag="Webhooks",
    description="Without `secret` one is made, and shown in this answer only.",
    body=thing({"chatbotId": text(), **SETTINGS}, required=("chatbotId", "url", "event")),
    example={
        "chatbotId": EXAMPLE_BOT,
        "url": "https://example.com/webhooks/wonderchat",
        "event": "USER_MESSAGE_SENT",
    },
    answers={201: ref("Webhook")},
)
GET_WEBHOOK: Final = operation(
    "getWebhook", "One webhook", tag="Webhooks", path="webhook_id", answers={200: ref("Webhook")}
)
PATCH_WEBHOOK: Final = operation(
    "changeWebhook",
    "Change a webhook",
    tag="Webhooks",
    description=(
        "A new secret is a rotation. What becomes of deliveries that wait:\n\n"
        + "\n".join(f"- `{camel(field)}`: {said}" for field, said in ON_CHANGE.items())
    ),
    path="webhook_id",
    body=thing(SETTINGS),
    example={"description": "Orders team"},
    answers={200: ref("Webhook")},
)
DELETE_WEBHOOK: Final = operation(
    "deleteWebhook",
    "Delete a webhook",
    tag="Webhooks",
    description="Cancels what waits for it. The log of its deliveries stays.",
    path="webhook_id",
    answers={204: None},
)
TEST_WEBHOOK: Final = operation(
    "testWebhook",
    "Send the sample payload",
    tag="Webhooks",
    description="On the very path real events take, once. Works for a disabled webhook too.",
    path="webhook_id",
    body=thing({"data": DATA, "unset": UNSET, "simulate": ref("Simulate")}),
    needs_body=False,
    example={"data": {"userMessage": "Hello"}},
    answers={202: thing({"deliveryId": text()}, required=("deliveryId",))},
)
ENABLE_WEBHOOK: Final = operation(
    "enableWebhook",
    "Send again",
    tag="Webhooks",
    description="Everything that was held is sent; `released` says how many deliveries.",
    path="webhook_id",
    answers={200: {"allOf": [ref("Webhook"), thing({"released": COUNT}, strict=False)]}},
)
DISABLE_WEBHOOK: Final = operation(
    "disableWebhook",
    "Stop sending",
    tag="Webhooks",
    description="What happens meanwhile is held and sent when the webhook is enabled.",
    path="webhook_id",
    body=thing({"reason": text("Shown in the dashboard.", maxLength=300)}),
    needs_body=False,
    answers={200: {"allOf": [ref("Webhook"), thing({"held": COUNT}, strict=False)]}},
)
ROTATE_SECRET: Final = operation(
    "rotateSecret",
    "Sign with a new secret from now on",
    tag="Webhooks",
    description=(
        "Without `secret` one is made, and shown in this answer only. X-Wonderchat-Signature uses "
        "the new secret at once; the Standard Webhooks header is made with each secret of the last "
        "24 hours, four at most."
    ),
    path="webhook_id",
    body=thing({"secret": SETTINGS["secret"]}),
    needs_body=False,
    answers={200: ref("Webhook")},
)
RECOVER_WEBHOOK: Final = operation(
    "recoverWebhook",
    "Send again what failed in a window of time",
    tag="Webhooks",
    description=(
        "Every failed delivery that was made, or given up, in the window; tests are left out. The "
        "first 2,000 are re-queued at once, the others in the background: follow it with the "
        "recovery's id. With `dryRun` nothing is changed, and the answer (200) says how many there "
        "are. Asking twice for the same window gives the same recovery while it runs, and as long "
        "as nothing else failed."
    ),
    path="webhook_id",
    body=thing(
        {
            "since": MOMENT,
            "until": {**MOMENT, "description": "Not included; now, if it is absent or later."},
            "dryRun": {**FLAG, "description": "Only count."},
        },
        required=("since",),
    ),
    example={"since": "2023-10-15T14:00:00Z", "dryRun": True},
    answers={200: ref("RecoveryCount"), 202: ref("Recovery")},
)
LIST_RECOVERIES: Final = operation(
    "listRecoveries",
    "The recoveries of a webhook, newest first",
    tag="Webhooks",
    path="webhook_id",
    narrowed_by=filters.RECOVERIES,
    answers={200: listing("Recovery")},
)
GET_RECOVERY: Final = operation(
    "getRecovery",
    "How far a recovery came",
    tag="Webhooks",
    path="webhook_id",
    answers={200: ref("Recovery")},
)
GET_RECOVERY["operation"]["parameters"].append(
    {"name": "recovery_id", "in": "path", "required": True, "schema": {"type": "string"}}
)
LIST_DELIVERIES: Final = operation(
    "listDeliveries",
    "The delivery log, newest first",
    tag="Deliveries",
    description=(
        "`statusCode` and `errorKind` look at the last attempt. A page is looked for in a bounded "
        "stretch of the log: it may be short, or empty, and yet have a `next`."
    ),
    narrowed_by=filters.DELIVERIES,
    answers={200: listing("Delivery")},
)
GET_DELIVERY: Final = operation(
    "getDelivery",
    "One delivery with every attempt",
    tag="Deliveries",
    path="delivery_id",
    answers={200: ref("Delivery")},
)
RESEND_DELIVERY: Final = operation(
    "resendDelivery",
    "Send a delivery again",
    tag="Deliveries",
    description=(
        "The same bytes, a new attempt. 409 while an attempt is on its way. What misbehaved "
        "does so once more."
    ),
    path="delivery_id",
    answers={202: ref("Delivery")},
)
DIAGNOSE: Final = operation(
    "diagnoseSignature",
    "Find out why a signature is wrong",
    tag="Signatures",
    description=(
        "Give what your code computed and the body as it arrived; the answer names the mistake. "
        "`timestamp` and `webhookMessageId` are those of the request, where you use them. The "
        "secrets of the account's other webhooks are tried too, deleted ones included; "
        "`webhookId` in the answer is whose it was. No call takes more than 0.3 seconds of "
        "computing: `notTried` says what there was no time for."
    ),
    body=thing(
        {
            "secret": text("Or webhookId.", minLength=1, maxLength=500),
            "webhookId": text("Take the secret of this webhook."),
            "body": text("The request's body, as text."),
            "signature": text("What your code computed."),
            "timestamp": text("The request's X-Wonderchat-Timestamp."),
            "webhookMessageId": text("The request's webhook-id."),
        },
        required=("body", "signature"),
    ),
    example={"secret": "s3cret", "body": '{"event":"X"}', "signature": "c0ffee"},
    answers={
        200: thing(
            {
                "matches": {**FLAG, "description": "Whether the signature is right."},
                "expected": {
                    "type": ["string", "null"],
                    "description": "The right signature; null where a webhookId was given.",
                },
                "diagnosis": text("What is wrong, in a sentence or two."),
                "recipe": text("What to do about it, with code."),
                "candidates": {
                    "type": "array",
                    "description": "Every explanation that fits, the likeliest first.",
                    "items": thing(
                        {
                            "diagnosis": text('Continues "Your code …".'),
                            "library": {
                                "type": ["string", "null"],
                                "description": "The serialiser that writes so, with its options.",
                            },
                            "language": {"type": ["string", "null"]},
                        },
                        required=("diagnosis", "library", "language"),
                    ),
                },
                "webhookId": {
                    "type": ["string", "null"],
                    "description": "The webhook whose secret was used, where it is another one.",
                },
                "notTried": {
                    "type": ["string", "null"],
                    "description": "What there was no time for, in a sentence.",
                },
            },
            required=(
                "matches",
                "expected",
                "diagnosis",
                "recipe",
                "candidates",
                "webhookId",
                "notTried",
            ),
        )
    },
)
