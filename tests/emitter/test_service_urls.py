"""What a URL of a service means is what its letters say."""

from __future__ import annotations

import pytest

from emitter import service_urls


@pytest.mark.parametrize("spelled", ["a+b", "a%2Bb"])
def test_a_plus_is_a_plus(spelled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "DATABASE_URL", f"postgres://{spelled}:{spelled}@h/{spelled}?sslmode=require"
    )
    found = service_urls.database("DATABASE_URL", None)
    assert {found["USER"], found["PASSWORD"], found["NAME"]} == {"a+b"}
    assert found["OPTIONS"]["sslmode"] == "require"
    monkeypatch.setenv("EMAIL_URL", f"smtp+tls://{spelled}:{spelled}@h:587")
    mail = service_urls.mail("EMAIL_URL", "")
    assert (mail["EMAIL_HOST_USER"], mail["EMAIL_HOST_PASSWORD"]) == ("a+b", "a+b")
    assert mail["EMAIL_USE_TLS"] is True
