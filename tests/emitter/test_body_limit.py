"""No address takes an upload, or a body that is larger than anything it could mean."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from chatbots.models import Chatbot
from emitter import body_limit

ADDRESSES = ["/login/", "/chatbots/chatbot/add/", "/chatbot/{chatbot}/messages", "/inbox/x/answer"]


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    """Where uploads would land."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    settings.FILE_UPLOAD_TEMP_DIR = None
    settings.SANDBOX = True
    return tmp_path


def _post(address: str, chatbot: Chatbot, data: dict[str, Any], client: Client) -> int:
    return client.post(address.format(chatbot=chatbot.pk), data).status_code


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_file_is_refused_and_lands_nowhere(
    address: str, chatbot: Chatbot, uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (10, 60_000, 4_000_000):
        files = {"username": SimpleUploadedFile("a.txt", os.urandom(size))}
        assert _post(address, chatbot, files, Client()) in {302, 400, 403, 404, 413, 415}
        assert list(uploads.iterdir()) == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_body_past_the_bound_is_refused_before_it_is_read(
    address: str, chatbot: Chatbot, uploads: Path
) -> None:
    path = address.format(chatbot=chatbot.pk)
    most = body_limit.limit_of(path)
    kind = "application/x-www-form-urlencoded"
    answer = Client().post(path, b"a" * (most + 1), content_type=kind)
    assert answer.status_code == 413
    for length in (most + 1, 2**40, 2**80):
        request = RequestFactory().post(path, b"", content_type=kind, CONTENT_LENGTH=str(length))
        # What comes after this reads nothing, because it is not asked.
        assert body_limit.BodyLimit(_never)(request).status_code == 413


def _never(request: HttpRequest) -> HttpResponse:
    raise AssertionError("It got past the bound.")


def test_a_form_without_files_is_taken_in_both_ways_a_form_is_sent(member: User) -> None:
    given = {"username": "member", "password": "password"}
    assert Client().post("/login/", given).status_code == 302
    as_text = "username=member&password=password"
    kind = "application/x-www-form-urlencoded"
    assert Client().post("/login/", as_text, content_type=kind).status_code == 302


def test_every_address_has_a_bound_below_two_mebibytes() -> None:
    for path in ("/", "/anything", "/login/", "/chatbot/x", "/inbox/x"):
        assert body_limit.limit_of(path) < 2 * 1024 * 1024
