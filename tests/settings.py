"""The settings of the tests: as in production, without TLS and with a directory of their own."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

# Whoever runs the tests may have an emitter of their own set up in this shell.
for _name in (
    "API_REQUESTS_PER_MINUTE",
    "SANDBOX",
    "BROKER_URL",
    "ALLOWED_HOSTS",
    "ANSWER_API_AT_ONCE",
    "ANSWER_API_KEY",
    "ANSWER_API_MODEL",
    "ANSWER_API_TIMEOUT_SECONDS",
    "ANSWER_API_URL",
    "ANSWER_FINDER",
    "CSRF_TRUSTED_ORIGINS",
    "DEFAULT_FROM_EMAIL",
    "EMAIL_URL",
    "ENDPOINT_ALLOW_NETWORKS",
    "ENDPOINT_CA_FILE",
    "EVENT_RETENTION_DAYS",
    "LOG_LEVEL",
    "PRIORITY_CLASSIFIER",
    "VAR_DIR",
):
    os.environ.pop(_name, None)

# One directory per test run; each of its processes has its own in it, and the first clears up.
_run = os.environ.get("EMITTER_TEST_RUN")
if "pytest" not in sys.modules:
    # mypy's plugin reads the settings too, and leaves without clearing up.
    _run = str(Path(__file__).resolve().parent.parent / ".mypy_cache" / "var")
elif _run is None or not Path(_run).is_dir():
    _run = os.environ["EMITTER_TEST_RUN"] = tempfile.mkdtemp(prefix="emitter-tests-")
    atexit.register(shutil.rmtree, _run, ignore_errors=True)
_own = Path(_run) / (str(os.getpid()) if "pytest" in sys.modules else "tools")
(_own / "static").mkdir(parents=True, exist_ok=True)

os.environ["VAR_DIR"] = str(_own)
os.environ["ALLOWED_HOSTS"] = "testserver"
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_own / 'emitter.sqlite3'}")
os.environ["BROKER_URL"] = "filesystem://"
os.environ["SECRET_KEY"] = "tests-only-" + "k9Vq2xW7" * 8
os.environ["ENCRYPTION_KEYS"] = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="

from emitter.settings import *  # noqa: E402, F403
from emitter.settings import DATABASES, INSTALLED_APPS, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, not memory: WAL and several connections are what the product runs on.
    DATABASES["default"]["TEST"] = {"NAME": str(_own / "test.sqlite3")}
else:
    # A connection that outlives its test keeps the test database from being dropped.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    # No test in this process is about a server that crashes: none waits for its disk.
    DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"

INSTALLED_APPS += ["tests"]  # Its `flush`.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
# No collectstatic before a test run.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
