"""An API client that speaks JSON, a webhook, and an account beside the first one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from chatbots.models import Account, ApiKey, Chatbot, Plan
from webhooks import subscriptions
from webhooks.models import Webhook

URL = "https://hooks.example.com/wonderchat"
EVENT = "USER_MESSAGE_SENT"


@dataclass
class Api:
    """Calls /api/v1 with one key."""

    key: str

    def call(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        """Send `data` as JSON (bytes go out as they are). A path may be a whole URL of ours."""
        body = data if isinstance(data, bytes) else b"" if data is None else json.dumps(data)
        address = path if path.startswith("http") else f"/api/v1{path}"
        headers = {"Authorization": f"Bearer {self.key}", **headers}
        return Client().generic(
            method,
            address,
            body,
            headers={name: value for name, value in headers.items() if value},
            content_type="application/json",
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, data: Any = None, **headers: str) -> Any:
        return self.call("POST", path, data, **headers)

    def patch(self, path: str, data: Any = None) -> Any:
        return self.call("PATCH", path, data)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)


@pytest.fixture
def api(api_key: str) -> Api:
    return Api(api_key)


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return subscriptions.create(chatbot, url=URL, event=EVENT, secret="s3cret-s3cret")[0]


@pytest.fixture
def stranger(db: None) -> Api:
    """Somebody with a key, and a chatbot, of another account."""
    account = Account.objects.create(name="Other", plan=Plan.PRO)
    Chatbot.objects.create(account=account, name="Other bot")
    return Api(ApiKey.issue(account)[1])


def check_problem(response: Any, status: int) -> dict[str, Any]:
    """Assert that `response` is a problem of `status`, and return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    for error in problem.get("errors", []):
        assert set(error) == {"field", "message"}
    return problem


def fields_of(problem: dict[str, Any]) -> list[str]:
    return [error["field"] for error in problem.get("errors", [])]
