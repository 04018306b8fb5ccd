"""The real node, as a receiver runs it: `JSON.stringify(JSON.parse(body))`, many bodies at once."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess

NODE = shutil.which("node")

# One line of base64 in, one out: bodies may hold anything but are never split.
SCRIPT = """
const lines = require("fs").readFileSync(0, "latin1").split("\\n").filter(Boolean);
for (const line of lines) {
  const text = Buffer.from(line, "base64").toString("utf8");
  const again = JSON.stringify(JSON.parse(text));
  process.stdout.write(Buffer.from(again, "utf8").toString("base64") + "\\n");
}
"""

# As Wonderchat's page verifies, after express.json() has parsed the body.
VERIFY = """
const crypto = require("crypto");
function verifyWebhookSignature(payload, signature, secret) {
  const hmac = crypto.createHmac("sha256", secret);
  hmac.update(JSON.stringify(payload));
  const expectedSignature = hmac.digest("hex");
  return signature === expectedSignature;
}
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(([body, signature, secret]) =>
  verifyWebhookSignature(
    JSON.parse(Buffer.from(body, "base64").toString("utf8")), signature, secret))));
"""


def run(script: str, given: bytes) -> bytes:
    assert NODE is not None
    return subprocess.run(
        [NODE, "-e", script], input=given, capture_output=True, check=True, timeout=60
    ).stdout


def stringify_parse(bodies: list[bytes]) -> list[bytes]:
    """What node makes of each body."""
    answer = run(SCRIPT, b"\n".join(base64.b64encode(body) for body in bodies))
    return [base64.b64decode(line) for line in answer.split()]


def verify(cases: list[tuple[bytes, str, str]]) -> list[bool]:
    """What the page's own verifyWebhookSignature says of each (body, signature, secret)."""
    given = json.dumps([(base64.b64encode(b).decode(), s, k) for b, s, k in cases]).encode()
    answer: list[bool] = json.loads(run(VERIFY, given))
    return answer
