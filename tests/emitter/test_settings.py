"""What settings that are right give. Those that are wrong: test_environment.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.emitter.group import ROOT, environment

pytestmark = pytest.mark.thorough

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
    """What production cannot start without, and `variables`. No server is asked for anything."""
    needed = {
        "SECRET_KEY": SECRET_KEY,
        "ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "ALLOWED_HOSTS": "emitter.example",
        "DATABASE_URL": "postgres://emitter@127.0.0.1/emitter",
        "BROKER_URL": "redis://127.0.0.1/0",
    }
    return needed | variables


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


@pytest.mark.parametrize(
    ("variables", "origin"),
    [
        (production(), "https://emitter.example"),
        (production(ALLOWED_HOSTS=".example,*,dashboard.example"), "https://dashboard.example"),
        (production(CSRF_TRUSTED_ORIGINS="https://people.example"), "https://people.example"),
        (production(ALLOWED_HOSTS=".example"), ""),
        ({"SANDBOX": "1", "PORT": "8123"}, "http://127.0.0.1:8123"),
    ],
)
def test_a_link_in_an_email_leads_to_the_dashboard(
    tmp_path: Path, variables: dict[str, str], origin: str
) -> None:
    told = "from django.conf import settings; print(f'<{settings.DASHBOARD_ORIGIN}>')"
    done = manage(tmp_path, "shell", "--verbosity=0", "-c", told, **variables)
    assert done.stdout.strip() == f"<{origin}>", done.stderr


def test_names_are_kept_as_they_are_compared(tmp_path: Path) -> None:
    show = "from django.conf import settings as s; print(s.ALLOWED_HOSTS, s.CSRF_TRUSTED_ORIGINS)"
    done = manage(
        tmp_path,
        "shell",
        "--command",
        show,
        **production(
            ALLOWED_HOSTS="emitter.example.,.example.com",
            CSRF_TRUSTED_ORIGINS="HTTPS://Emitter.example:443,https://a.example:,https://b.example:8443",
        ),
    )
    assert done.stdout.splitlines()[-1] == (
        "['emitter.example', '.example.com'] "
        "['https://emitter.example', 'https://a.example', 'https://b.example:8443']"
    )
