"""Every setting of the project, read from the environment once.

A variable that is missing or wrong stops the start with one line that names it (`refuse`).
The table of variables is in docs/configuration.md.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.templatetags.static import static
from django.urls import reverse_lazy

from emitter import __version__

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

VERSION = __version__


def refuse(sentence: str) -> NoReturn:
    """Stop the start with one plain line."""
    sys.exit(f"emitter: {sentence}")


def flag(name: str) -> bool:
    text = os.environ.get(name, "").strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"", "0", "false", "no", "off"}:
        return False
    refuse(f"{name} must be 1 or 0, not {text!r}.")


def is_http_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


SANDBOX = flag("SANDBOX")
DEBUG = False
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()


def made_dir(path: Path) -> Path:
    """`path`, made if need be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{path} cannot be made ({error.strerror}). Check its rights, or set VAR_DIR.")
    return path


def kept_secret(file_name: str, made: str) -> str:
    """A secret that the sandbox made once and keeps under var/."""
    path = made_dir(VAR_DIR) / file_name
    try:
        if not path.exists():
            # Linked in place whole: two processes that start together end with one secret.
            descriptor, draft = tempfile.mkstemp(dir=VAR_DIR)
            with os.fdopen(descriptor, "w") as file:
                file.write(made)
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            Path(draft).unlink()
        return path.read_text().strip()
    except OSError as error:
        refuse(f"{path} cannot be used ({error.strerror}). Check its rights, or set VAR_DIR.")


def required_secret(name: str, file_name: str, made: str, how: str) -> str:
    value = str(env.str(name, default="")).strip()
    if value:
        return value
    if SANDBOX:
        return kept_secret(file_name, made)
    refuse(f"{name} is not set. Outside the sandbox it is required; make one with: {how}")


SECRET_KEY = required_secret(
    "SECRET_KEY",
    "secret_key",
    secrets.token_urlsafe(60),
    "python -c 'import secrets; print(secrets.token_urlsafe(60))'",
)
# Django's own measure, as `check --deploy` has it.
if not SANDBOX and (
    len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure-")
):
    refuse("SECRET_KEY is too short or a well-known default. Use at least 50 random characters.")

ENCRYPTION_KEYS = [
    key.strip()
    for key in required_secret(
        "ENCRYPTION_KEYS",
        "encryption_keys",
        Fernet.generate_key().decode(),
        "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
    ).split(",")
    if key.strip()
]
for _key in ENCRYPTION_KEYS or [""]:
    try:
        Fernet(_key)
    except ValueError:
        refuse("ENCRYPTION_KEYS must be Fernet keys (32 url-safe base64 bytes), comma-separated.")

ALLOWED_HOSTS = [
    host.strip() for host in env.list("ALLOWED_HOSTS", default=[]) if host.strip()
] or (["*"] if SANDBOX else [])
if not ALLOWED_HOSTS:
    refuse(
        "ALLOWED_HOSTS is not set. Outside the sandbox it is required: "
        "the names this is reached by, such as emitter.example.com."
    )
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where an e-mail's link leads. "" where nothing here names one host: it is a path alone then.
_names = [f"https://{host}" for host in ALLOWED_HOSTS if not host.startswith(("*", "."))]
DASHBOARD_ORIGIN: str = next(
    (origin for origin in [*CSRF_TRUSTED_ORIGINS, *_names] if "*" not in origin), ""
)
if SANDBOX and not DASHBOARD_ORIGIN:
    DASHBOARD_ORIGIN = f"http://127.0.0.1:{env.str('PORT', default='8000')}"

try:
    ENDPOINT_ALLOW_NETWORKS = [
        ipaddress.ip_network(network.strip())
        for network in env.list("ENDPOINT_ALLOW_NETWORKS", default=[])
        if network.strip()
    ]
except ValueError as _error:
    refuse(f"ENDPOINT_ALLOW_NETWORKS must be networks such as 10.1.0.0/16: {_error}.")

# Certificate authorities that endpoints are checked against; the usual public ones by default.
ENDPOINT_CA_FILE = env.str("ENDPOINT_CA_FILE", default="")

try:
    EVENT_RETENTION_DAYS = int(env.int("EVENT_RETENTION_DAYS", default=30))
except ValueError:
    EVENT_RETENTION_DAYS = 0
if EVENT_RETENTION_DAYS < 1:
    refuse("EVENT_RETENTION_DAYS must be a whole number of days, 1 or more.")

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
    "chatbots",
    "webhooks",
    "inbox",
    "emitter",
]

MIDDLEWARE = [
    "emitter.unread_body.UnreadBody",
    "emitter.health.Probes",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",
    # The API goes no further; what follows is for people with a browser.
    "emitter.api_path.ApiPath",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "emitter.urls"
WSGI_APPLICATION = "emitter.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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

_database_url = env.str("DATABASE_URL", default="") or f"sqlite:///{VAR_DIR / 'emitter.sqlite3'}"
if _database_url.split("://")[0] not in {"postgres", "postgresql", "sqlite"}:
    refuse("DATABASE_URL must start with postgres:// or sqlite:///.")
try:
    _database = env.db_url_config(_database_url)
except (environ.ImproperlyConfigured, ValueError, KeyError) as _error:
    refuse(f"DATABASE_URL cannot be read ({_error}). Example: postgres://user:password@host/name")
if _database.get("NAME") in {None, "", ":memory:"}:
    # Web and worker are processes of their own: memory is not shared.
    refuse("DATABASE_URL names no database. Example: postgres://user:password@host/name")
if _database.get("ENGINE") == "django.db.backends.sqlite3":
    made_dir(Path(str(_database["NAME"])).parent)
    _database["OPTIONS"] = {
        # A transaction that reads first and writes later cannot be upgraded while another writes:
        # take the write lock at BEGIN, and wait for it.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000;"
        ),
    }
else:
    _database.setdefault("CONN_MAX_AGE", 600)
    _database.setdefault("CONN_HEALTH_CHECKS", True)
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---------------------------------------------------------------- broker

BROKER_URL = env.str("BROKER_URL", default="")
if not BROKER_URL:
    _broker_dir = VAR_DIR / "broker"
    made_dir(_broker_dir / "control")
    CELERY_BROKER_URL = "filesystem://localhost//"
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "data_folder_in": str(_broker_dir),
        "data_folder_out": str(_broker_dir),
        "control_folder": str(_broker_dir / "control"),
        "polling_interval": 0.02,
    }
elif BROKER_URL.split("://")[0] in {"redis", "rediss", "amqp", "amqps", "filesystem"}:
    CELERY_BROKER_URL = BROKER_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = (
        {"socket_timeout": 5, "socket_connect_timeout": 5, "health_check_interval": 10}
        if BROKER_URL.startswith("redis")
        else {}
    )
else:
    refuse("BROKER_URL must start with redis://, rediss://, amqp:// or amqps://.")

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
if SANDBOX:
    CELERY_BEAT_SCHEDULE["play-scenarios"] = {
        "task": "chatbots.tasks.play_scenarios",
        "schedule": 2.0,
        "options": {"expires": MESSAGES_EXPIRE_SECONDS},
    }

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
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
DATETIME_FORMAT = "j M Y, H:i:s e"

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

if SANDBOX and not env.str("EMAIL_URL", default=""):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
else:
    try:
        vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
    except (environ.ImproperlyConfigured, ValueError, KeyError) as _error:
        refuse(f"EMAIL_URL cannot be read ({_error}). Example: smtp+tls://user:password@host:587")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Wonderchat <no-reply@localhost>")

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
ANSWER_API_URL = env.str("ANSWER_API_URL", default="").strip()
ANSWER_API_KEY = env.str("ANSWER_API_KEY", default="").strip()
ANSWER_API_MODEL = env.str("ANSWER_API_MODEL", default="").strip()
try:
    ANSWER_API_TIMEOUT_SECONDS = float(env.float("ANSWER_API_TIMEOUT_SECONDS", default=8.0))
except ValueError:
    ANSWER_API_TIMEOUT_SECONDS = 0.0
if not 0 < ANSWER_API_TIMEOUT_SECONDS <= 60:
    refuse("ANSWER_API_TIMEOUT_SECONDS must be a number of seconds, above 0 and at most 60.")
# Of a web process's threads (16), how many may wait for an answer of it at a time.
try:
    ANSWER_API_AT_ONCE = int(env.int("ANSWER_API_AT_ONCE", default=8))
except ValueError:
    ANSWER_API_AT_ONCE = 0
if not 1 <= ANSWER_API_AT_ONCE <= 1000:
    refuse("ANSWER_API_AT_ONCE must be a whole number, 1 to 1000.")
if ANSWER_API_URL and not is_http_url(ANSWER_API_URL):
    refuse("ANSWER_API_URL must be an http or https URL, such as https://api.example.com/v1.")
if ANSWER_API_URL and not ANSWER_API_MODEL:
    refuse("ANSWER_API_MODEL is not set. With ANSWER_API_URL it is required: the model's name.")
if not re.fullmatch(r"[!-~]*", ANSWER_API_KEY):
    refuse("ANSWER_API_KEY must be printable ASCII without spaces.")

# Functions of one's own, by dotted path (docs/chat.md).
ANSWER_FINDER = env.str("ANSWER_FINDER", default="") or (
    "chatbots.answer_api.find" if ANSWER_API_URL else "chatbots.own_answers.find"
)
PRIORITY_CLASSIFIER = (
    env.str("PRIORITY_CLASSIFIER", default="") or "chatbots.priority_rules.classify"
)

# ---------------------------------------------------------------- API

# Per key; 0 is no limit. The sandbox has none.
try:
    API_REQUESTS_PER_MINUTE = int(env.int("API_REQUESTS_PER_MINUTE", default=12_000))
except ValueError:
    API_REQUESTS_PER_MINUTE = -1
if API_REQUESTS_PER_MINUTE < 0:
    refuse("API_REQUESTS_PER_MINUTE must be a whole number of requests; 0 is no limit.")
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

UNFOLD = {
    "SITE_TITLE": "Wonderchat",
    "SITE_HEADER": "Wonderchat",
    "SITE_SUBHEADER": "Webhooks",
    "SITE_URL": None,
    "SITE_ICON": lambda request: static("emitter/logo.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("emitter/logo.svg"),
        }
    ],
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "emitter.dashboard.environment",
    "STYLES": [lambda request: static("emitter/dashboard.css")],
    "SCRIPTS": [lambda request: static("emitter/dashboard.js")],
    "BORDER_RADIUS": "8px",
    "SIDEBAR": {"navigation": "emitter.dashboard.navigation"},
    "COLORS": {
        "base": {
            "50": "oklch(98.4% .003 265)",
            "100": "oklch(96.6% .005 265)",
            "200": "oklch(92.6% .009 265)",
            "300": "oklch(87% .014 265)",
            "400": "oklch(70.5% .022 265)",
            "500": "oklch(55% .026 265)",
            "600": "oklch(44.5% .028 265)",
            "700": "oklch(36.5% .028 265)",
            "800": "oklch(27% .026 265)",
            "900": "oklch(20.5% .024 265)",
            "950": "oklch(14.5% .022 265)",
        },
        "primary": {
            "50": "oklch(96.8% .016 270)",
            "100": "oklch(93.6% .032 270)",
            "200": "oklch(88% .062 270)",
            "300": "oklch(79.5% .106 270)",
            "400": "oklch(69% .158 270)",
            "500": "oklch(60.5% .196 269)",
            "600": "oklch(53% .213 268)",
            "700": "oklch(46.5% .2 268)",
            "800": "oklch(40.5% .168 268)",
            "900": "oklch(36% .13 269)",
            "950": "oklch(26.5% .088 270)",
        },
    },
}

# ---------------------------------------------------------------- logging

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    refuse("LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Any scanner can send a wrong Host header; Django answers 400 and that is enough.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    }
    | {name: {"level": LOG_LEVEL} for name in ("emitter", "chatbots", "webhooks", "inbox")},
}
