"""Texts that are no digest at all, given where a signature should be, and what each means."""

from __future__ import annotations

import re
from typing import Final

_NO_HEADER: Final = (
    "No header was read: header names may be in lower case (x-wonderchat-signature), and some "
    "frameworks give none by another name."
)
_NOT_READ: Final = "This is {shown}, not a signature. " + _NO_HEADER
_NOTHING: Final = frozenset(
    {
        "undefined", "null", "none", "nil", "nan", "false", "true", "0", "<nil>", "(null)", "n/a",
        "nothing", "optional.empty", "none()", "[]", "{}", "-", "map[]", "array", '""', "''",
        "<null>", "<none>", "<undefined>", "<empty>", "<missing>", "<unset>", "(nil)", "(none)",
        "(empty)", "not found", "not set", "missing", "empty", "unset", "key not found", "no value",
        "[null]", "[nil]", "[none]", "[undefined]", '[""]', "['']", "[,]", '("",)', "(none,)",
        "string(0)", "array(0) {}", "[]string{}", "[]string(nil)", "headers {}", "headers{}",
        "httpheaders {}", "dict_values([])",
    }
)  # fmt: skip
# What an optional value with nothing in it is printed as, and a list of nothing.
_WRAPPED: Final = re.compile(
    r"(?:Optional|Some|Ok|Just|Maybe|Right)(?:\(|\s)([^()\s]*)\)?", re.IGNORECASE
)
_OBJECT: Final = (
    "This is an object printed as text, not a signature. Give the header's own value: "
    f'headers["x-wonderchat-signature"], or headers.get(…). {_NO_HEADER}'
)
_PROMISE: Final = (
    "This is a promise or a function printed as text, not a signature: await it, or call it."
)
_METHOD: Final = "This is a method printed as text, not a signature: call it, as in hexdigest()."
_HMAC: Final = (
    "This is the HMAC object printed as text, not its digest: ask it for the hex "
    '(digest("hex") in Node, hexdigest() in Python and Ruby).'
)
_BYTES: Final = (
    "These are the digest's bytes printed as an object, which does not show them. Write them "
    "as lower-case hex."
)
_TEMPLATE: Final = "This is a template or a format that was not filled in, not a signature."
_TIMESTAMP: Final = (
    "This is a timestamp, such as X-Wonderchat-Timestamp has it, not a signature. Take the "
    "header X-Wonderchat-Signature."
)
_STANDARD: Final = (
    "This has the form of the header webhook-signature of Standard Webhooks (v1 and base64), "
    "not of X-Wonderchat-Signature, which is 64 hex characters."
)
_KEY: Final = "This is an API key, not a signature. The signature comes with each request."
_JSON_WEB: Final = (
    "This is a JSON Web Token, not a signature: X-Wonderchat-Signature is 64 hex characters."
)
_MAX_LENGTH: Final = 2_000
# A pattern of the whole text, and what to say of it; the first that fits counts. None tries a text
# again from each of its characters: of two `.*` in a row the first would, so that goes up to the
# first of what is to follow it, as `[^(]*` and `(?:(?!hash).)*` do.
_KNOWN: Final[tuple[tuple[str, str], ...]] = (
    (r"\[object (?:Object|Undefined|Null|Headers|Array|Map)\]|#<\w+>|Headers ?\{.*", _OBJECT),
    (r"System\.(?:String|Object)(?:\[\])?|\[Ljava\.lang\.String;@[0-9a-f]+", _OBJECT),
    (r"System\.Collections\..*|Microsoft\.\w+\..*|java\.\w+\.\w+@[0-9a-f]+", _OBJECT),
    (r"\[object (?:Promise|AsyncFunction)\]|Promise \{.*|<coroutine object .*", _PROMISE),
    (r"(?:.*\b)?Task`?1?\[.*|\[?Function.*|function .*|async .*|\(\) => .*", _PROMISE),
    (r"<(?:built-in |bound )?method .*|<function .*|#<Method: .*", _METHOD),
    (r"<(?:(?!HMAC|hash).)*(?:HMAC|hash)(?:(?! object).)* object.*", _HMAC),
    (r"#<OpenSSL::HMAC.*|Hmac \{.*|\[object Hmac\]", _HMAC),
    (r"System\.Security\.Cryptography\..*|javax\.crypto\.Mac@.*|&?hmac\..*", _HMAC),
    (r"\[object (?:ArrayBuffer|Uint8Array|Buffer)\]|System\.Byte\[\]|\[B@[0-9a-f]+", _BYTES),
    (r"<memory at .*|ArrayBuffer \{.*|kotlin\.ByteArray@.*|\d+ bytes", _BYTES),
    (r"%![^(]*\([^=]*=.*\)|\{\{.*\}\}|\$\{.*\}|\$\(.*\)|<%=.*%>|%[sxd]|\$\w+", _TEMPLATE),
    (r"\d{4}-\d\d-\d\d[T ].*|\d{10}|\d{13}", _TIMESTAMP),
    (r"v\da?,[A-Za-z0-9+/=]+(?: v\da?,[A-Za-z0-9+/=]+)*", _STANDARD),
    (r"(?:application|text|multipart)/.*", "This is a content type, not a signature."),
    (r"https?://\S+", "This is a URL, not a signature."),
    (r"wc_[\w-]{20,}", _KEY),
    (r"whsec_\S*", "This is a secret, not a signature made with one."),
    (r"eyJ[\w-]+\.[\w-]+\.[\w-]*", _JSON_WEB),
    (
        r"LIVE_CHAT_INITIATED|USER_MESSAGE_SENT|HUMAN_HANDOVER",
        "This is the event's name, not a signature.",
    ),
    (r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?", "This is an address, not a signature."),
    (
        r"[\w.-]+/\d+(?:\.\d+)*(?: .*)?",
        "This is a User-Agent or another header's value, not a signature.",
    ),
    (
        r"x-wonderchat-\w+|webhook-\w+|content-\w+|authorization",
        f"This is a header's name, not its value. {_NO_HEADER}",
    ),
    (r"\{.*|\[.*", "This is JSON or an object, not a signature."),
)


def _is_nothing(text: str) -> bool:
    lower = text.lower()
    if lower in _NOTHING:
        return True
    wrapped = _WRAPPED.fullmatch(lower)
    if wrapped is not None:
        lower = wrapped[1].strip("\"'") or "nil"
    # The same header twice, of which neither was there.
    return all(part.strip() in _NOTHING for part in lower.split(","))


def _shown(text: str) -> str:
    if text.isalpha():
        return f"the word {text}"
    return f"the words {text}" if text.replace(" ", "").isalpha() else text


def sentence(signature: str, secret: str, body: str, message_id: str) -> str:
    """What the text is instead of a signature; "" where that cannot be told."""
    text = signature.strip().strip("\"'").strip()
    if not text:
        return "The signature is empty. " + _NO_HEADER
    if _is_nothing(text):
        return _NOT_READ.format(shown=_shown(text))
    if secret and text == secret.strip():
        return "This is the secret itself, not a signature made with it."
    if body and text == body.strip():
        return "This is the body, not its signature."
    if message_id and text == message_id:
        return "This is the webhook-id, not a signature. Take the header X-Wonderchat-Signature."
    if len(text) > _MAX_LENGTH:
        return f"This has {len(text)} characters; a signature has 64."
    for pattern, said in _KNOWN:
        if re.fullmatch(pattern, text, re.DOTALL | re.IGNORECASE):
            return said
    return ""
