"""The REST API, one call at a time, with every failure as a sentence and an exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import parse_qs

import requests
from urllib3.exceptions import ProtocolError

from emitter.cli import answers, terminal
from emitter.cli.access import Access
from emitter.cli.ending import CannotReach, Ending, TheAnswerIsNo, WrongUse

TIMEOUT_SECONDS = 30
PAGES = 50
NOT_ALLOWED = 403
CONFLICT = 409


class Refused(TheAnswerIsNo):
    """The state of the thing is in the way (409), or the plan (403)."""


class Rest:
    """`with Rest(access) as rest:` keeps one connection for all of its calls."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._session = requests.Session()
        # The emitter is named by --url: a proxy of the environment or a .netrc has no say.
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {access.key}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, path: str, **query: object) -> Any:
        """GET /api/v1{path}. Raises Ending."""
        given = {k: v for k, v in query.items() if v is not None}
        for name, value in given.items():
            if not terminal.is_text(str(value)):
                raise WrongUse(f"{name} is not UTF-8.")
        return self._call("GET", path, params=given)

    def newest(self, path: str, most: int, **query: object) -> list[Any]:
        """The newest `most` rows of a list. Raises Ending.

        The server looks at a bounded stretch of its log for each page: a page may be short, or
        empty, and yet have a `next`. Nobody waits for more than PAGES of them.
        """
        rows: list[Any] = []
        cursor: str | None = None
        for _ in range(PAGES):
            page = self.get(path, limit=most, cursor=cursor, **query)
            rows += page["results"]
            cursor = _cursor(page["next"])
            if len(rows) >= most or cursor is None:
                break
        return rows[:most]

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST /api/v1{path}; what is None in `body` is left out. Raises Ending."""
        given = {name: value for name, value in body.items() if value is not None}
        headers = {"Content-Type": "application/json"}
        return self._call("POST", path, data=_json(given), headers=headers)

    def _call(self, method: str, path: str, **given: Any) -> Any:
        url = self.access.url
        try:
            response = self._session.request(
                method,
                f"{url}/api/v1{path}",
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                **given,
            )
        except requests.Timeout:
            raise CannotReach(f"{url} did not answer within {TIMEOUT_SECONDS} seconds.") from None
        except requests.exceptions.SSLError:
            raise CannotReach(
                f"{url} speaks no TLS, or its certificate is not trusted here. Look at --url."
            ) from None
        except requests.ConnectionError as error:
            raise CannotReach(_why_not(url, error)) from None
        except (requests.exceptions.InvalidURL, UnicodeError):
            raise WrongUse(f"{url} is not an address. Look at --url.") from None
        except requests.RequestException as error:
            raise CannotReach(f"{url} could not be asked: {type(error).__name__}.") from None
        return self._read(method, path, response)

    def _read(self, method: str, path: str, response: requests.Response) -> Any:
        status = response.status_code
        try:
            answer = response.json()
        except (ValueError, RecursionError):
            answer = None
        if 200 <= status < 300 and answers.is_one(method, path, answer):
            return answer
        detail = answer.get("detail") if isinstance(answer, dict) else None
        if not isinstance(detail, str) or status >= 500 or status < 400:
            what = f": {detail}" if isinstance(detail, str) else ""
            raise CannotReach(
                f"{self.access.url} answered {status}{what or ', not as an emitter does.'}"
            )
        raise _refusal(status, detail)


def _why_not(url: str, error: requests.ConnectionError) -> str:
    if error.args and isinstance(error.args[0], ProtocolError):
        return f"{url} closed the connection before it answered. Try again, or look at --url."
    return f"Nothing answers at {url}. Is the emitter running (`make up`)?"


def _json(value: Mapping[str, Any]) -> bytes:
    """As it is counted against the API's limit: UTF-8, without escapes. Raises WrongUse."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise WrongUse("What was given is not UTF-8, or holds half of a surrogate pair.") from None
    except (ValueError, RecursionError):
        raise WrongUse("What was given is no JSON that the emitter takes.") from None


def _cursor(following: object) -> str | None:
    """The `cursor` in a page's `next`; None after the last page."""
    if not isinstance(following, str):
        return None
    # Of an address that is none, too; the key goes to --url alone.
    return parse_qs(following.partition("?")[2]).get("cursor", [None])[0]


def _refusal(status: int, detail: str) -> Ending:
    if status in (NOT_ALLOWED, CONFLICT):
        return Refused(detail)
    if status == requests.codes.too_many_requests:
        return CannotReach(detail)
    return WrongUse(detail)
