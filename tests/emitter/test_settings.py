"""Settings that are wrong or missing stop the start with one line that names the variable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.emitter.group import ROOT, environment

SECRET_KEY = "p9Zk3" * 12
ENCRYPTION_KEY = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="


def manage(var: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(var, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def production(**variables: str) -> dict[str, str]:
    needed = {
        "SECRET_KEY": SECRET_KEY,
        "ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "ALLOWED_HOSTS": "emitter.example",
    }
    return needed | variables


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"ENCRYPTION_KEYS": ENCRYPTION_KEY}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": SECRET_KEY}, "ENCRYPTION_KEYS is not set"),
        (
            {"SECRET_KEY": SECRET_KEY, "ENCRYPTION_KEYS": ENCRYPTION_KEY, "SANDBOX": ""},
            "ALLOWED_HOSTS is not set",
        ),
        (production(SECRET_KEY="short"), "SECRET_KEY is too short"),
        (production(SECRET_KEY="django-insecure-" + SECRET_KEY), "SECRET_KEY is too short or"),
        (production(SECRET_KEY="a" * 60), "SECRET_KEY is too short or"),
        (production(ENCRYPTION_KEYS="abc"), "ENCRYPTION_KEYS must be Fernet keys"),
        (production(ENCRYPTION_KEYS=" , "), "ENCRYPTION_KEYS"),
        (production(ALLOWED_HOSTS=""), "ALLOWED_HOSTS is not set"),
        (production(ALLOWED_HOSTS=" , "), "ALLOWED_HOSTS is not set"),
        (production(DATABASE_URL="mysql://a/b"), "DATABASE_URL must start with"),
        (production(DATABASE_URL="postgres://a:b@h:port/c"), "DATABASE_URL cannot be read"),
        (production(DATABASE_URL="postgres://a:b@h"), "DATABASE_URL names no database"),
        (production(DATABASE_URL="sqlite://"), "DATABASE_URL names no database"),
        (production(BROKER_URL="sqs://"), "BROKER_URL must start with"),
        (production(EMAIL_URL="pigeon://home"), "EMAIL_URL cannot be read"),
        (production(ENDPOINT_ALLOW_NETWORKS="10.1.2.3/8"), "ENDPOINT_ALLOW_NETWORKS must be"),
        (production(LOG_LEVEL="LOUD"), "LOG_LEVEL must be"),
        (production(ANSWER_API_URL="api.example.com"), "ANSWER_API_URL must be an http or https"),
        (production(ANSWER_API_URL="https://"), "ANSWER_API_URL must be an http or https"),
        (production(ANSWER_API_URL="https://a.example/v1"), "ANSWER_API_MODEL is not set"),
        (production(ANSWER_API_KEY="two words"), "ANSWER_API_KEY must be printable ASCII"),
        (production(ANSWER_API_TIMEOUT_SECONDS="0"), "ANSWER_API_TIMEOUT_SECONDS must be a number"),
        (
            production(ANSWER_API_TIMEOUT_SECONDS="nan"),
            "ANSWER_API_TIMEOUT_SECONDS must be a number",
        ),
        (production(ANSWER_API_AT_ONCE="0"), "ANSWER_API_AT_ONCE must be a whole number"),
        (production(ANSWER_API_AT_ONCE="many"), "ANSWER_API_AT_ONCE must be a whole number"),
        (production(ANSWER_FINDER="find"), "ANSWER_FINDER must be the dotted path of a function"),
        (production(PRIORITY_CLASSIFIER="no.such.thing"), "PRIORITY_CLASSIFIER must be the dotted"),
        (production(PRIORITY_CLASSIFIER="chatbots.priority.READ_MESSAGES"), "cannot be called"),
        (production(SANDBOX="perhaps"), "SANDBOX must be 1 or 0"),
        (production(EVENT_RETENTION_DAYS="soon"), "EVENT_RETENTION_DAYS must be"),
        (production(EVENT_RETENTION_DAYS="0"), "EVENT_RETENTION_DAYS must be"),
    ],
)
def test_a_wrong_variable_is_named_in_one_line(
    tmp_path: Path, variables: dict[str, str], named: str
) -> None:
    done = manage(tmp_path, "check", **variables)
    assert done.returncode == 1
    assert not done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("emitter: ")
    assert named in lines[0]


def test_a_refusal_does_not_show_the_secret_in_it(tmp_path: Path) -> None:
    url = "postgres://someone:hidden-word@h:port/shop"
    assert "hidden-word" not in manage(tmp_path, "check", **production(DATABASE_URL=url)).stderr


def test_a_var_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = manage(tmp_path / "file" / "var", "check", SANDBOX="1")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "VAR_DIR" in done.stderr


def test_production_settings_pass_djangos_deployment_check(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "INFO", **production())
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_the_sandbox_makes_its_secrets_once_and_keeps_them_private(tmp_path: Path) -> None:
    assert manage(tmp_path, "check", SANDBOX="1").returncode == 0
    kept = {name: (tmp_path / name).read_text() for name in ("secret_key", "encryption_keys")}
    assert manage(tmp_path, "check", SANDBOX="1").returncode == 0
    for name, text in kept.items():
        assert (tmp_path / name).read_text() == text
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_the_migrations_are_what_the_models_say(tmp_path: Path) -> None:
    done = manage(tmp_path, "makemigrations", "--check", "--dry-run", SANDBOX="1")
    assert done.returncode == 0, done.stdout
