"""What to do about an answer that is no 2xx, by the answer alone. No Django.

What follows for the delivery and its webhook is said where that is decided: webhooks/verdict.py,
webhooks/next_attempt.py, webhooks/delivery_words.py.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

_BY_STATUS: Final = {
    400: "It could not make sense of the request: see its log.",
    401: "It did not accept the signature or asks for a login: check the webhook's secret.",
    403: "It refuses the request: let the User-Agent Wonderchat-Webhooks through its firewall, and "
    "check the webhook's secret.",
    404: "Nothing is there: check the path of the webhook's URL.",
    405: "The route does not accept POST: webhooks are sent by POST.",
    408: "It gave up waiting for the request.",
    410: "It says that it is gone for good: set the webhook's URL to where it is now.",
    413: "Raise its limit for the size of a request.",
    415: "It does not accept application/json.",
    429: "It asks to be sent less: raise its limit, or give the webhook a rate limit.",
}
# For good: whoever asked is to use the new address from now on.
_MOVED: Final = frozenset({301, 308})
_FINAL: Final = "Redirects are not followed: set the webhook's URL to the final address."
_EITHER: Final = (
    "Redirects are not followed. If the endpoint has moved, set the webhook's URL to the final "
    "address; if it has taken the event, let it answer 2xx itself."
)
_LOGIN: Final = (
    "That is a login: let the endpoint be reached without one, and check the signature there."
)
# A web app of Google's answers a POST so when its function has returned ContentService's output.
_APPS_SCRIPT: Final = (
    "Google Apps Script answers so after it has run your doPost: the event has arrived, and "
    "arrives once more with every further attempt. Answer 2xx itself: return "
    'HtmlService.createHtmlOutput("ok") from doPost instead of ContentService\'s output.'
)


def on_status(code: int) -> str:
    """What to do about the status `code`, which is neither a 2xx nor a redirect; "" for nothing."""
    return _BY_STATUS.get(code, "It failed: see its log." if code >= 500 else "")


def on_redirect(code: int, location: str) -> str:
    """What to do about a redirect to `location`, an absolute URL or "" where it names none."""
    try:
        host = (urlsplit(location).hostname or "").lower()
    except ValueError:
        host = ""
    if host == "script.googleusercontent.com":
        return _APPS_SCRIPT
    if host == "accounts.google.com":
        return _LOGIN
    return _FINAL if code in _MOVED else _EITHER
