"""What to tell whoever sent a request that Django refuses to read: its fault, never ours."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError

REFUSALS: Final = (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError)
WRONG_HOST: Final = (
    "This is not reached by the name in the Host header. Call it by a name that ALLOWED_HOSTS has."
)
UNREADABLE: Final = "The request could not be read: its head or its form breaks the rules of HTTP."


def status(error: Exception) -> int:
    """The status to answer one of REFUSALS with."""
    return 413 if isinstance(error, RequestDataTooBig) else 400


def sentence(error: Exception) -> str:
    """What is wrong with the request, and what to do; nothing of Django's own words."""
    match error:
        case DisallowedHost():
            return WRONG_HOST
        case TooManyFieldsSent():
            most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
            return f"The request has more than {most} parameters. Send fewer."
        case TooManyFilesSent():
            return "No file is taken here. Send the request without one."
        case RequestDataTooBig():
            return "The request is too large. Send less."
        case UnreadablePostError():
            return "The connection broke before all of the request had come. Send it again."
    return UNREADABLE
