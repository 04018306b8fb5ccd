"""An endpoint's answer as it comes in: what is kept of it, and what its head says."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin

MOST_KEPT_BYTES = 64 * 1024
MOST_READ_BYTES = 1024 * 1024
MOST_KEPT_HEAD_BYTES = 16 * 1024
# libcurl refuses an answer with more than 5,000 header lines or 300 KiB of them.
MOST_HEADER_LINES = 5_100

# libcurl alone would take "HTTP/1.1 2000" for a 200.
_STATUS_LINE = re.compile(rb"HTTP/[0-9](?:\.[0-9])? +([1-9][0-9]{2})(?![0-9])")


def header_text(value: bytes) -> str:
    """A header as text: UTF-8 where it is that, else one byte, one character."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


@dataclass(slots=True)
class Head:
    """The status line and headers of the answer itself: not those of a 1xx, and no trailers."""

    # At most MOST_KEPT_HEAD_BYTES.
    raw: bytes = b""
    # None when there was no status line, or none that can be understood.
    status: int | None = None
    # Whether it came to its end, and so counts.
    is_whole: bool = False

    def header(self, name: bytes) -> str:
        """The value of the header `name` (lower case), the first one's; "" when there is none."""
        # libcurl takes a bare LF for the end of a line, too.
        for line in self.raw.split(b"\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name:
                return header_text(value.strip())
        return ""

    def location(self, url: str) -> str:
        """Where a redirect of `url` leads, absolute (RFC 3986, 5); "" when it does not say."""
        location = self.header(b"location")
        if not location:
            return ""
        try:
            return urljoin(url, location)
        except ValueError:  # No URL at all, such as http://[.
            return location


@dataclass(slots=True, eq=False)
class Answer:
    """What has come of one answer so far."""

    # Header lines as they come, of 1xx answers and trailers too. Appending is all that is done for
    # each: thousands come in a second.
    lines: deque[bytes] = field(default_factory=lambda: deque(maxlen=MOST_HEADER_LINES))
    body: bytearray = field(default_factory=bytearray)
    body_bytes: int = 0
    is_cut: bool = False

    @property
    def is_truncated(self) -> bool:
        return self.body_bytes > MOST_KEPT_BYTES

    def on_body(self, chunk: bytes) -> int | None:
        """libcurl's WRITEFUNCTION; 0 ends the transfer."""
        self.body_bytes += len(chunk)
        room = MOST_KEPT_BYTES - len(self.body)
        if room > 0:
            self.body += chunk[:room]
        if self.body_bytes > MOST_READ_BYTES:
            self.is_cut = True
            return 0
        return None

    def head(self) -> Head:
        """The head of the answer itself, as far as it has come."""
        raw = b"".join(self.lines)
        found = _STATUS_LINE.match(raw)
        if found and found[1] >= b"200" and raw.find(b"\r\n\r\n") == len(raw) - 4:
            return Head(raw[:MOST_KEPT_HEAD_BYTES], int(found[1]), True)
        return self._head_among_others()

    def _head_among_others(self) -> Head:
        """The same where there are 1xx answers before it, trailers after it, or no end of it."""
        kept: list[bytes] = []
        status, is_whole = None, False
        for line in self.lines:
            if line.startswith(b"HTTP/"):
                kept = []
                found = _STATUS_LINE.match(line)
                status = int(found[1]) if found else None
                if status and status < 200 and status != HTTPStatus.SWITCHING_PROTOCOLS:
                    status = None
            kept.append(line)
            if status and line in (b"\r\n", b"\n"):
                is_whole = True
                break
        return Head(b"".join(kept)[:MOST_KEPT_HEAD_BYTES], status, is_whole)


def is_nothing(came: bytes) -> bool:
    """Whether the first five bytes that came on a connection are no part of an answer: none at all,
    or the alert with which TLS takes its leave (RFC 8446, 6.1; in TLS 1.3 it looks like data of two
    bytes, which would be 19 with their type and tag)."""
    return not came or came[:2] == b"\x15\x03" or came == b"\x17\x03\x03\x00\x13"
