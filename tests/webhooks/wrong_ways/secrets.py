"""The secret, wrong."""

from __future__ import annotations

import base64
import hashlib

from tests.webhooks.wrong_ways.way import WrongWay, keyed

_BARE = "whsec_"


def _node_base64(text: str) -> bytes:
    """Node takes base64url too, and skips nothing else here."""
    kept = text.rstrip("=").replace("-", "+").replace("_", "/")
    kept = kept[:-1] if len(kept) % 4 == 1 else kept
    return base64.b64decode(kept + "=" * (-len(kept) % 4))


WAYS: tuple[WrongWay, ...] = (
    keyed("a no-break space after it", "no-break space", lambda s: s + "\u00a0"),
    keyed("\\\\n of a .env file", "two characters", lambda s: s + "\\n"),
    keyed("export in front", "the whole line", lambda s: f"export WEBHOOK_SECRET={s}"),
    keyed("a secrets manager's JSON", "secrets manager", lambda s: f'{{"WEBHOOK_SECRET":"{s}"}}'),
    keyed("echo | base64", "line break", lambda s: base64.b64encode(f"{s}\n".encode())),
    keyed("read from a file with its line break", "a line break at its end", lambda s: s + "\n"),
    keyed("read from a Windows file", "a line break (CR LF) at its end", lambda s: s + "\r\n"),
    keyed("copied with a space after it", "a space at its end", lambda s: s + " "),
    keyed("copied with a space before it", "a space at its start", lambda s: " " + s),
    keyed("copied with a tab", "a tab at its end", lambda s: s + "\t"),
    keyed("double quotes from a .env file", "quotes around it", lambda s: f'"{s}"'),
    keyed("single quotes from a .env file", "quotes around it", lambda s: f"'{s}'"),
    keyed("a byte order mark from Notepad", "byte order mark", lambda s: "\ufeff" + s),
    keyed("whsec_ left out", "whsec_", lambda s: s.removeprefix(_BARE)),
    keyed("decoded as Standard Webhooks has it", "base64", lambda s: base64.b64decode(s[6:])),
    keyed("Buffer.from(secret, 'base64')", "base64", _node_base64),
    keyed("encoded in base64", "in base64", lambda s: base64.b64encode(s.encode())),
    keyed("encoded in hex", "in hex", lambda s: s.encode().hex()),
    keyed(
        "sha256 of it in hex", "hashes the secret", lambda s: hashlib.sha256(s.encode()).hexdigest()
    ),
    keyed(
        "sha256 of it in upper-case hex (C#)",
        "upper-case hex",
        lambda s: hashlib.sha256(s.encode()).hexdigest().upper(),
    ),
    keyed("sha256 of it", "hashes the secret", lambda s: hashlib.sha256(s.encode()).digest()),
    keyed("md5 of it", "hashes the secret", lambda s: hashlib.md5(s.encode()).hexdigest()),
    keyed("upper case", "upper case", str.upper),
    keyed("lower case", "lower case", str.lower),
    keyed("nothing", "no secret", lambda s: ""),
    keyed("undefined", "undefined", lambda s: "undefined"),
    keyed("null", "null", lambda s: "null"),
    keyed("None", "None", lambda s: "None"),
    keyed(
        "the variable's name", "WONDERCHAT_WEBHOOK_SECRET", lambda s: "WONDERCHAT_WEBHOOK_SECRET"
    ),
    keyed(
        "process.env in quotes", "process.env", lambda s: "process.env.WONDERCHAT_WEBHOOK_SECRET"
    ),
    keyed("a placeholder", "placeholder", lambda s: "your-webhook-secret"),
    keyed("the line of the .env file", "the whole line", lambda s: f"WEBHOOK_SECRET={s}"),
    keyed("the last character not copied", "without its last character", lambda s: s[:-1]),
    keyed("the first character not copied", "without its first character", lambda s: s[1:]),
    keyed("padding stripped", "without", lambda s: s.rstrip("=")),
    keyed("str() of bytes in Python", "b'…'", lambda s: str(s.encode())),
    keyed("JSON of it", "quotes around it", lambda s: f'"{s}"'),
    keyed("encoded for a URL", "for a URL", lambda s: s.replace("=", "%3D")),
    keyed("UTF-16", "UTF-16", lambda s: s.encode("utf-16-le")),
    keyed("cut to 32 bytes", "first 32 characters", lambda s: s[:32]),
    keyed("Bearer in front", "Bearer", lambda s: f"Bearer {s}"),
    keyed("cut at the = of a .env file", "first =", lambda s: s.partition("=")[0]),
)
