"""What to do about each kind of wrong signature, in words and in code. Knows no Django."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

NODE: Final = """\
// Node, Express
app.post("/webhooks/wonderchat", express.raw({ type: "application/json" }), (req, res) => {
  const expected = crypto.createHmac("sha256", SECRET).update(req.body).digest("hex");
  const given = req.get("X-Wonderchat-Signature") || "";
  const same = given.length === expected.length &&
    crypto.timingSafeEqual(Buffer.from(given), Buffer.from(expected));
  if (!same) return res.status(401).send("Invalid signature");
  const { event, data } = JSON.parse(req.body);
  res.sendStatus(200);
});"""

PYTHON: Final = """\
# Python
by_name = {name.lower(): value for name, value in headers.items()}
expected = hmac.new(SECRET.encode(), request_body_bytes, hashlib.sha256).hexdigest()
valid = hmac.compare_digest(expected, by_name.get("x-wonderchat-signature", ""))"""

CODE: Final = f"{NODE}\n\n{PYTHON}"

RIGHT: Final = (
    "The signature is HMAC-SHA256 with the secret as the key and the body as the message, "
    f"in lower-case hex:\n\n{CODE}"
)
COMPARE: Final = f"Nothing to mend. Compare in constant time, as here:\n\n{CODE}"
HEADER: Final = (
    "Compare with the whole X-Wonderchat-Signature header, 64 characters, as it came. Header "
    f"names are case-insensitive; some frameworks have them in lower case.\n\n{CODE}"
)
# The digest as lower-case hex, by language as in serialisers.py.
_HEX: Final = {
    "JavaScript": 'Node: hmac.digest("hex").',
    "Python": "Python: mac.hexdigest().",
    "PHP": "PHP: hash_hmac('sha256', $body, $secret), which writes hex; bin2hex($digest) of bytes.",
    "Ruby": 'Ruby: OpenSSL::HMAC.hexdigest("SHA256", secret, body).',
    "Go": "Go: mac.Write(body), then hex.EncodeToString(mac.Sum(nil)).",
    "C#": "C#: Convert.ToHexString(digest).ToLowerInvariant().",
    "Java": "Java: HexFormat.of().formatHex(digest), from Java 17 on.",
    "Kotlin": 'Kotlin: digest.joinToString("") { "%02x".format(it) }.',
    "Rust": "Rust: hex::encode(mac.finalize().into_bytes()).",
    "Swift": 'Swift: code.map { String(format: "%02x", $0) }.joined().',
    "Elixir": "Elixir: Base.encode16(digest, case: :lower).",
    "Perl": "Perl: hmac_sha256_hex($body, $secret).",
    "shell": 'Shell: openssl dgst -sha256 -hmac "$SECRET" -r body.json | cut -d" " -f1.',
}
HEX: Final = "Write the digest as lower-case hex with nothing around it."
WHICH_KEY: Final = (
    "Use the secret exactly as it was entered, as UTF-8 text, with nothing added, removed or "
    "decoded. Where it comes from a file or an environment variable, look for a line break or "
    "quotes around it, and that it is set where your code runs:\n\n"
    "// Node\n"
    "const SECRET = process.env.WONDERCHAT_WEBHOOK_SECRET.trim();\n\n"
    "# Python\n"
    'SECRET = os.environ["WONDERCHAT_WEBHOOK_SECRET"].strip()'
)
RAW_BODY: Final = (
    "Sign the bytes of the request's body as they arrived, before anything parses them: express."
    "raw() or the verify hook of express.json() in Node, request.get_data() in Flask, request.body "
    "in Django, await request.body() in FastAPI, file_get_contents('php://input') in PHP.\n\n"
    f"{CODE}"
)
BODY_ALONE: Final = (
    "X-Wonderchat-Signature covers the body alone. Leave the timestamp and the id out; check the "
    f"timestamp for age by itself, if at all.\n\n{CODE}"
)
EXACT_BYTES: Final = (
    "Nothing to mend in the code. The exact bytes of a body are in the delivery's page under Exact "
    "bytes, and in GET /api/v1/deliveries/{id} as attempts[].request.body; `emitter deliveries ID "
    "--json` has them too. Give these, without a line break after them."
)
ANOTHER_EVENT: Final = (
    "Each event has a signature of its own: compare the body and the signature of one and the same "
    "request. Both are in the delivery's page, and in GET /api/v1/deliveries/{id}. A request that "
    f"came with this body and this signature is to be refused, as this code does:\n\n{CODE}"
)
OTHER_WEBHOOK: Final = (
    "Each webhook has its own secret. Give your code the one of the webhook that sends to it, or "
    "give both webhooks the same secret. A secret is not shown again; rotate it where you do not "
    "have it any more."
)
UNKNOWN: Final = (
    "Check in this order: that the secret is that of this webhook (rotate it when in doubt), that "
    "the body is the one of this very delivery, byte for byte (its log shows both), and that the "
    f"code is this:\n\n{CODE}"
)

# How to get at the raw bytes, by language as in serialisers.py.
_RAW: Final = {
    "JavaScript": 'Node: express.raw({ type: "application/json" }), then req.body is the bytes.',
    "Python": (
        "Python: request.get_data() in Flask, request.body in Django, await request.body() in "
        "FastAPI; no json.dumps."
    ),
    "PHP": "PHP: file_get_contents('php://input'), or $request->getContent(); no json_encode.",
    "Ruby": "Ruby: request.raw_post in Rails, request.body.read in Sinatra; no to_json.",
    "Go": "Go: body, err := io.ReadAll(r.Body), before anything decodes it; no json.Marshal.",
    "C#": (
        "C#: Request.EnableBuffering(), copy Request.Body to a MemoryStream, and use its "
        "ToArray(); no Serialize. Convert.ToHexString(…).ToLowerInvariant() writes the hex."
    ),
    "Java": (
        "Java: @RequestBody byte[] body in Spring, or request.getInputStream().readAllBytes(); "
        "no Gson, no ObjectMapper."
    ),
    "Kotlin": "Kotlin: call.receive<ByteArray>() in Ktor, @RequestBody ByteArray in Spring.",
    "Rust": "Rust: take axum::body::Bytes (or web::Bytes) and deserialise after the check.",
    "Swift": "Swift: request.body.data in Vapor, before it is decoded.",
    "Elixir": "Elixir: a body_reader for Plug.Parsers that keeps the raw body.",
    "Perl": "Perl: $c->req->body in Mojolicious, $self->req->raw_body in Dancer; no encode_json.",
    "shell": 'Shell: openssl dgst -sha256 -hmac "$SECRET" body.json, with the file as it came.',
}
_NAMED: Final = {
    "key": WHICH_KEY,
    "other webhook": OTHER_WEBHOOK,
    "raw body": RAW_BODY,
    "right": RIGHT,
    "body alone": BODY_ALONE,
}


def _hex(languages: Iterable[str]) -> str:
    """In these languages; in all where none is known."""
    lines = [_HEX[language] for language in languages if language in _HEX][:4]
    return "\n".join([HEX, *(lines or _HEX.values())])


def recipe(names: Iterable[str], languages: Iterable[str]) -> str:
    """What to do about each of these mistakes, and how in the languages it was made in."""
    distinct, spoken = list(dict.fromkeys(names)), list(dict.fromkeys(languages))
    known = {**_NAMED, "hex": _hex(spoken)}
    raw = [_RAW[language] for language in spoken if language in _RAW][:4]
    if "raw body" not in distinct:
        raw = []
    return "\n\n".join([*raw, *(known[name] for name in distinct)])


def named_in(text: str) -> list[str]:
    """The languages that a mistake is said to be typical of, as in "Go's mac.Sum"."""
    return [language for language in _HEX if f"{language}'s" in text]
