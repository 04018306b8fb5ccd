"""Every setting of the project, read from the environment once.

A variable that is missing or wrong stops the start with one line that names it (environment.py).
The table of variables is in docs/configuration.md.
"""

from __future__ import annotations

import os
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.urls import reverse_lazy

from emitter import __version__, environment, private_files, service_urls, theme

BASE_DIR = Path(__file__).resolve().parent.parent

VERSION = __version__

SANDBOX = environment.flag("SANDBOX")
DEBUG = False
VAR_DIR = Path(environment.text("VAR_DIR", str(BASE_DIR / "var"))).resolve()
if SANDBOX:
    # Sessions, secrets and what visitors wrote are in files there.
    os.umask(0o077)
    private_files.folder(VAR_DIR, "VAR_DIR")
else:
    private_files.refuse_what_is_no_folder(VAR_DIR, "VAR_DIR")


def required_secret(name: str, made: str, how: str) -> str:
    """The variable; in the sandbox one that was made once and is kept under var/."""
    value = environment.text(name)
    if not value and not SANDBOX:
        environment.refuse(
            f"{name} is not set. Outside the sandbox it is required; make one with: {how}"
        )
    return value or private_files.kept_secret(VAR_DIR / name.lower(), made)


SECRET_KEY = required_secret(
    "SECRET_KEY",
    private_files.random_secret(),
    "python -c 'import secrets; print(secrets.token_urlsafe(60))'",
)
# Django's own measure, as `check --deploy` has it.
if not SANDBOX and (
    len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure-")
):
    environment.refuse(
        "SECRET_KEY is too short or a well-known default. Use at least 50 random characters."
    )

ENCRYPTION_KEYS = [
    key.strip()
    for key in required_secret(
        "ENCRYPTION_KEYS",
        Fernet.generate_key().decode(),
        "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
    ).split(",")
    if key.strip()
]
# Fernet itself reads over what is no base64, and would take two keys with a space between for one.
if not ENCRYPTION_KEYS or not all(
    re.fullmatch(r"[A-Za-z0-9_-]{43}=", key) for key in ENCRYPTION_KEYS
):
    environment.refuse(
        "ENCRYPTION_KEYS must be Fernet keys (32 random bytes each, in url-safe base64), "
        "comma-separated."
    )

ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS")
if SANDBOX:
    # Not every name: a web page elsewhere may let its own name lead to this machine.
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
if not ALLOWED_HOSTS:
    environment.refuse(
        "ALLOWED_HOSTS is not set. Outside the sandbox it is required: "
        "the names this is reached by, such as emitter.example.com."
    )
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")
# Where an e-mail's link leads. "" where nothing here names one host: it is a path alone then.
_names = (
    [f"http://127.0.0.1:{environment.whole_number('PORT', 8000, 1, 65535)}"]
    if SANDBOX
    else [f"https://{host}" for host in ALLOWED_HOSTS if not host.startswith(("*", "."))]
)
DASHBOARD_ORIGIN: str = next(
    (origin for origin in [*CSRF_TRUSTED_ORIGINS, *_names] if "*" not in origin), ""
)


ENDPOINT_ALLOW_NETWORKS = environment.networks("ENDPOINT_ALLOW_NETWORKS")
# Certificate authorities that endpoints are checked against; the usual public ones by default.
ENDPOINT_CA_FILE = environment.certificates("ENDPOINT_CA_FILE")

EVENT_RETENTION_DAYS = environment.whole_number("EVENT_RETENTION_DAYS", 30, 1, 36_500)

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "emitter.dashboard_config.DashboardConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "chatbots",
    "webhooks",
    "inbox",
    "emitter",
]

MIDDLEWARE = [
    "emitter.unread_body.UnreadBody",
    "emitter.health.Probes",
    "emitter.content_policy.ContentPolicy",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",
    # The API goes no further; what follows is for people with a browser.
    "emitter.api_path.ApiPath",
    "emitter.readable.Readable",
    "emitter.body_limit.BodyLimit",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "emitter.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # In a copy of the project, or as installed by pip (pyproject.toml).
        "DIRS": [BASE_DIR / "templates", BASE_DIR / "emitter" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# ---------------------------------------------------------------- database

_database = service_urls.database("DATABASE_URL", VAR_DIR / "emitter.sqlite3" if SANDBOX else None)
# Whether statements and silence are limited (chatbots/patience.py): not for a person's command,
# such as a migration.
DATABASE_IS_LIMITED = Path(sys.argv[0]).name not in {"manage.py", "emitter"}
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---------------------------------------------------------------- broker

CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = service_urls.broker(
    "BROKER_URL", "filesystem://" if SANDBOX else "", VAR_DIR / "broker"
)
service_urls.refuse_what_celery_reads("BROKER_URL")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# For ever: a worker delivers without a broker too, and is woken again once there is one.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "emitter"
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
# A message tells its age by the clocks of two machines, and one may be an hour off. Doing what a
# late one asks for does no harm.
MESSAGES_EXPIRE_SECONDS = 7200.0
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "send-support-emails": {
        "task": "chatbots.tasks.send_support_emails",
        "schedule": 2.0,
        "options": {"expires": MESSAGES_EXPIRE_SECONDS},
    },
    "upkeep": {
        "task": "webhooks.tasks.upkeep",
        "schedule": 60.0,
        "options": {"expires": MESSAGES_EXPIRE_SECONDS},
    },
    "prune": {
        "task": "webhooks.tasks.prune",
        "schedule": 3600.0,
        "options": {"expires": MESSAGES_EXPIRE_SECONDS},
    },
}
CELERY_BEAT_SCHEDULE["forget-logins"] = {
    "task": "emitter.tasks.forget_logins",
    "schedule": 3600.0,
    "options": {"expires": MESSAGES_EXPIRE_SECONDS},
}
if SANDBOX:
    CELERY_BEAT_SCHEDULE["play-scenarios"] = {
        "task": "chatbots.tasks.play_scenarios",
        "schedule": 2.0,
        "options": {"expires": MESSAGES_EXPIRE_SECONDS},
    }

CELERY_BROKER_USE_SSL = service_urls.broker_tls(CELERY_BROKER_URL)

# ---------------------------------------------------------------- people, texts, files

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# When a login is stopped, and what is said then: logins.py.
AXES_HANDLER = "emitter.logins.Brake"
AXES_LOCKOUT_CALLABLE = "emitter.logins.stopped"
AXES_USERNAME_CALLABLE = "emitter.logins.name_of"
AXES_CLIENT_IP_CALLABLE = "emitter.logins.address_of"
AXES_FAILURE_LIMIT = 1
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
LOGIN_URL = reverse_lazy("admin:login")
CSRF_FAILURE_VIEW = "emitter.errors.csrf_failure"
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
FORMAT_MODULE_PATH = "emitter.formats"

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "emitter" / "assets"]
# The sandbox serves files from where they lie, so that `make up` has no collect step.
WHITENOISE_USE_FINDERS = SANDBOX
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if SANDBOX
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

if SANDBOX and not environment.text("EMAIL_URL"):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
else:
    vars().update(service_urls.mail("EMAIL_URL", "consolemail://"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = environment.sender("DEFAULT_FROM_EMAIL", "Wonderchat <no-reply@localhost>")

# ---------------------------------------------------------------- what may be sent to it

# Nothing here takes a file, so none is written anywhere: not to memory, not to /tmp.
FILE_UPLOAD_HANDLERS: list[str] = []
DATA_UPLOAD_MAX_NUMBER_FILES = 0
# The body of a form; body_limit.py has a bound for each kind of address.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1536 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# ---------------------------------------------------------------- security

SESSION_COOKIE_NAME = "emitter_session"
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if not SANDBOX:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # A call of the API is refused instead (api_path.py).
    SECURE_REDIRECT_EXEMPT = [r"^api/(?!v1/(?:docs|schema)$)"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# ---------------------------------------------------------------- answers and priorities

# An OpenAI-compatible endpoint that answers in the chatbots' place, from their knowledge.
ANSWER_API_URL = environment.http_url("ANSWER_API_URL")
ANSWER_API_KEY = environment.secret("ANSWER_API_KEY")
ANSWER_API_MODEL = environment.text("ANSWER_API_MODEL")
ANSWER_API_TIMEOUT_SECONDS = environment.seconds("ANSWER_API_TIMEOUT_SECONDS", 8.0, 60.0)
# Of a web process's threads (16), how many may wait for an answer of it at a time.
ANSWER_API_AT_ONCE = environment.whole_number("ANSWER_API_AT_ONCE", 8, 1, 1000)
if ANSWER_API_URL and not ANSWER_API_MODEL:
    environment.refuse(
        "ANSWER_API_MODEL is not set. With ANSWER_API_URL it is required: the model's name."
    )

# Functions of one's own, by dotted path (docs/chat.md); chatbots/plugged_in.py checks them.
ANSWER_FINDER = environment.text(
    "ANSWER_FINDER",
    "chatbots.answer_api.find" if ANSWER_API_URL else "chatbots.own_answers.find",
)
PRIORITY_CLASSIFIER = environment.text("PRIORITY_CLASSIFIER", "chatbots.priority_rules.classify")

# ---------------------------------------------------------------- API

# Per key; 0 is no limit. The sandbox has none.
API_REQUESTS_PER_MINUTE = environment.whole_number(
    "API_REQUESTS_PER_MINUTE", 12_000, 0, 1_000_000_000
)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["webhooks.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["webhooks.api.throttle.KeyThrottle"],
    "DEFAULT_PARSER_CLASSES": ["webhooks.api.parsing.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "webhooks.api.negotiation.OneFormat",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "webhooks.api.problem.handle",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Wonderchat emitter",
    "VERSION": "1",
    "DESCRIPTION": "Chat with chatbots, make their events happen, and see every webhook sent.",
    "OAS_VERSION": "3.1.0",
    "SERVE_PUBLIC": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["webhooks.api.components.complete"],
    # The page and all its files come from here; the validator's badge would not.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "persistAuthorization": True,
        "displayRequestDuration": True,
        "validatorUrl": None,
    },
}

# ---------------------------------------------------------------- dashboard

UNFOLD = theme.UNFOLD

# ---------------------------------------------------------------- logging

LOG_LEVEL = environment.choice(
    "LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "emitter.log_lines.OneLine",
            "format": "{asctime} {levelname:<7} {name}: {message}",
            "style": "{",
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Any scanner can send what Django refuses to read: a 400 is enough of it.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django.security.RequestDataTooBig": {"level": "CRITICAL"},
        "django.security.TooManyFieldsSent": {"level": "CRITICAL"},
        "django.security.TooManyFilesSent": {"level": "CRITICAL"},
        # It would say each wrong password twice, without the name; logins.py says when it counts.
        "axes": {"level": "ERROR"},
    }
    | {name: {"level": LOG_LEVEL} for name in ("emitter", "chatbots", "webhooks", "inbox")},
}
