"""One connection to the mail server for several e-mails, and what a failure tells.

A server that cannot be reached, or says nothing, costs EMAIL_TIMEOUT once: whoever has more to send
stops there, and comes back later.
"""

from __future__ import annotations

import contextlib
from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupportedError,
    SMTPServerDisconnected,
)
from types import TracebackType
from typing import Final, Self

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import smtp

# What sending one may raise; ValueError: a header that the mail library refuses.
ERRORS: Final = (OSError, SMTPException, ValueError)
OF_THE_SERVER: Final = (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPHeloError,
    SMTPNotSupportedError,
    SMTPServerDisconnected,
)


def is_of_the_server(error: Exception) -> bool:
    """Whether the next e-mail would fail as well, not this one alone."""
    if isinstance(error, SMTPException):
        return isinstance(error, OF_THE_SERVER)
    return isinstance(error, OSError)


class MailServer:
    """`with MailServer() as server:` connects with the first e-mail."""

    def __init__(self) -> None:
        self._connection = get_connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(*ERRORS):
            self._connection.close()

    def send(self, message: EmailMessage) -> None:
        """Raises one of ERRORS."""
        if isinstance(self._connection, smtp.EmailBackend):
            # Open already: it is kept then.
            self._connection.open()
        message.connection = self._connection
        message.send()
