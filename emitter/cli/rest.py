"""The REST API, one call at a time, with every failure as a sentence and an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import requests

from emitter.cli.access import Access
from emitter.cli.ending import CannotReach, Ending, TheAnswerIsNo, WrongUse

TIMEOUT_SECONDS = 30
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
        return self._call("GET", path, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST /api/v1{path}; what is None in `body` is left out. Raises Ending."""
        return self._call("POST", path, json={k: v for k, v in body.items() if v is not None})

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
        except requests.ConnectionError:
            raise CannotReach(
                f"Nothing answers at {url}. Is the emitter running (`make up`)?"
            ) from None
        except (requests.exceptions.InvalidURL, UnicodeError):
            raise WrongUse(f"{url} is not an address. Look at --url.") from None
        except requests.RequestException as error:
            raise CannotReach(f"{url} could not be asked: {type(error).__name__}.") from None
        return self._read(response)

    def _read(self, response: requests.Response) -> Any:
        status = response.status_code
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if 200 <= status < 300 and isinstance(answer, dict):
            return answer
        detail = answer.get("detail") if isinstance(answer, dict) else None
        if not isinstance(detail, str) or status >= 500 or status < 400:
            what = f": {detail}" if isinstance(detail, str) else ""
            raise CannotReach(
                f"{self.access.url} answered {status}{what or ', not as an emitter does.'}"
            )
        raise _refusal(status, detail)


def _refusal(status: int, detail: str) -> Ending:
    if status in (NOT_ALLOWED, CONFLICT):
        return Refused(detail)
    if status == requests.codes.too_many_requests:
        return CannotReach(detail)
    return WrongUse(detail)
