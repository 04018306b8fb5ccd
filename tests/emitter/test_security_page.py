"""docs/security.md names files, settings and tests that are there."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from chatbots import printable
from emitter import log_lines, logins
from tests.emitter.group import ROOT
from webhooks import answer, outcome
from webhooks.api import authentication, parsing

PAGE = (ROOT / "docs" / "security.md").read_text()


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:tests|emitter|webhooks|chatbots)/[\w/]+\.py)`", PAGE)))
)
def test_a_file_that_it_names_is_there(path: str) -> None:
    assert (ROOT / path).is_file()


def test_each_test_that_it_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 3
    written = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in named if f"def {name}(" not in written} == set()


@pytest.mark.parametrize(
    "said",
    [
        f"{logins.OF_NAME_AND_ADDRESS} of one name from one address, {logins.OF_ADDRESS} from one",
        f"{logins.OF_NAME} of one name; then {logins.PAUSE.seconds // 60} minutes of 429",
        f"{authentication.WRONG_KEYS_PER_MINUTE} a minute from one address",
        f"`API_REQUESTS_PER_MINUTE`, {settings.API_REQUESTS_PER_MINUTE:,}",
        f"{parsing.MAX_BODY_BYTES // 1024} KiB, a batch",
        f"{outcome.TOTAL_SECONDS} s in all, {answer.MOST_KEPT_BYTES // 1024} KiB of the answer",
        f"{printable.LONGEST_LINE} characters, a log line {log_lines.LONGEST:,}",
        f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 2**20:g} MiB, 1,000 fields, no files",
    ],
)
def test_a_limit_is_what_it_says(said: str) -> None:
    assert said in PAGE
