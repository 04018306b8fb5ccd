"""Database, broker and mail server: what their URLs say, as Django's and Celery's settings.

A URL that cannot be read is not quoted in the refusal, nor is what its parser says of it: there is
a password in it.
"""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import SplitResult, parse_qsl, urlsplit

import environ

from emitter import environment, libpq_options, private_files

DATABASES: Final = ("postgres", "postgresql", "sqlite")
BROKERS: Final = ("redis", "rediss", "amqp", "amqps", "filesystem")
MAIL_SERVERS: Final = ("smtp", "smtp+tls", "smtp+ssl", "smtps")
# Of environ's; for trying things out.
NO_MAIL_SERVERS: Final = ("consolemail", "filemail", "memorymail", "dummymail")

CELERY_READS: Final = (
    *("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL"),
    # Celery's command hands each of the short ones on as the one before it.
    *("CELERY_LOADER", "LOADER", "CELERY_CONFIG_MODULE", "CONFIG_MODULE"),
    *("CELERY_RESULT_BACKEND", "RESULT_BACKEND"),
)

ENCODE: Final = "Special characters in a password are percent-encoded"


def database(name: str, default: Path | None) -> dict[str, Any]:
    """The settings of the database that `name` names; the SQLite file `default` where it names
    none. Without a default it must."""
    example = "postgres://user:password@host:5432/name"
    url = environment.text(name)
    if not url:
        # A path, and no URL: whatever its letters are, they mean themselves.
        return _sqlite(default, "VAR_DIR") if default else _required(name, example)
    parts = _read(name, url, DATABASES, example)
    if parts.scheme == "sqlite" and parts.netloc:
        environment.refuse(f"{name} needs three slashes and a path: sqlite:////srv/emitter.sqlite3")
    try:
        config: dict[str, Any] = environ.Env.db_url_config(_with_plus(url))
    except (environ.ImproperlyConfigured, ValueError, KeyError):
        environment.refuse(f"{name} cannot be read. {ENCODE}. Example: {example}")
    if config.get("NAME") in {None, "", ":memory:"}:
        # Web and worker are processes of their own: memory is not shared.
        environment.refuse(f"{name} names no database. Example: {example}")
    if parts.scheme == "sqlite":
        if parts.query:
            environment.refuse(
                f"{name} takes nothing behind a ? with sqlite://. A ? in the path is written %3F."
            )
        return _sqlite(Path(config["NAME"]), name)
    _check_options(name, parts.query)
    config["ENGINE"] = "emitter.postgresql"
    config.setdefault("CONN_MAX_AGE", 600)
    config.setdefault("CONN_HEALTH_CHECKS", True)
    config["OPTIONS"] = libpq_options.TCP | config.get("OPTIONS", {})
    return config


def _check_options(name: str, query: str) -> None:
    """Refuse what follows the "?" if libpq has no such option, or would not take its value."""
    if why := libpq_options.refused({}):
        names = ", ".join(libpq_options.variables())
        environment.refuse(
            "PostgreSQL's library does not take what it reads of the environment beside "
            f"{name} ({why}). Correct it, or leave it out: {names}."
        )
    pairs = parse_qsl(query, keep_blank_values=True)
    if why := libpq_options.wrong(pairs):
        environment.refuse(
            f"{name} has an option behind its ? that PostgreSQL's library does not take ({why}). "
            "Example: postgres://user:password@host:5432/name?sslmode=verify-full"
        )


def _with_plus(url: str) -> str:
    """`url` for environ, which takes a + in its user, password and path for a space."""
    scheme, _, rest = url.partition("://")
    spelled, mark, query = rest.partition("?")
    return f"{scheme}://{spelled.replace('+', '%2B')}{mark}{query}"


def _sqlite(path: Path, named_by: str) -> dict[str, Any]:
    # SQLite would take "file:…" for a URL of its own.
    path = path.absolute()
    private_files.folder(path.parent, named_by)
    private_files.database(path, named_by)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            # A transaction that reads first and writes later cannot be upgraded while another
            # writes: take the write lock at BEGIN, and wait for it.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000;"
            ),
        },
    }


def broker(name: str, default: str, folder: Path) -> tuple[str, dict[str, object]]:
    """The broker's URL and its transport's options; filesystem:// keeps its files in `folder`."""
    example = "redis://host:6379/0"
    url = environment.text(name, default)
    if not url:
        _required(name, example)
    parts = _read(name, url, BROKERS, example)
    if parts.scheme == "filesystem":
        private_files.folder(folder, "VAR_DIR")
        private_files.folder(folder / "control", "VAR_DIR")
        return "filesystem://localhost//", {
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.02,
        }
    if not parts.hostname:
        environment.refuse(f"{name} names no host. Example: {example}")
    if parts.query:
        environment.refuse(f"{name} takes nothing behind a ?. Example: {example}")
    if parts.scheme.startswith("redis"):
        if not re.fullmatch(r"/?|/[0-9]{1,9}", parts.path):
            environment.refuse(f"{name} must end in the number of a database. Example: {example}")
        return url, {"socket_timeout": 5, "socket_connect_timeout": 5, "health_check_interval": 10}
    return url, {}


def broker_tls(url: str) -> dict[str, Any] | None:
    """What is asked of a broker's certificate (BROKER_USE_SSL): that it is valid, and the host's.

    kombu asks nothing of Redis's by itself, and not for the name in RabbitMQ's.
    """
    parts = urlsplit(url)
    if parts.scheme == "rediss":
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    if parts.scheme == "amqps":
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname}
    return None


def mail(name: str, default: str) -> dict[str, Any]:
    """Django's EMAIL_ settings."""
    example = "smtp+tls://user:password@host:587"
    url = environment.text(name, default)
    parts = _read(name, url, MAIL_SERVERS + NO_MAIL_SERVERS, example)
    if parts.scheme in MAIL_SERVERS and not parts.hostname:
        environment.refuse(f"{name} names no host. Example: {example}")
    if parts.query or (parts.scheme in MAIL_SERVERS and parts.path.strip("/")):
        environment.refuse(
            f"{name} takes nothing behind its host and port; whether it is TLS says its beginning, "
            f"smtp+tls:// or smtp+ssl://. Example: {example}"
        )
    try:
        config: dict[str, Any] = environ.Env.email_url_config(_with_plus(url))
    except (environ.ImproperlyConfigured, ValueError, KeyError):
        environment.refuse(f"{name} cannot be read. {ENCODE}. Example: {example}")
    if parts.scheme == "filemail":
        folder = Path(config["EMAIL_FILE_PATH"])
        if parts.netloc or not folder.is_absolute():
            environment.refuse(f"{name} needs four slashes and a folder: filemail:////srv/mail")
        if not os.access(private_files.folder(folder, name), os.W_OK):
            environment.refuse(f"{folder} cannot be written to. Check its rights, or {name}.")
    return config


def refuse_what_celery_reads(name: str) -> None:
    """Refuse variables that Celery reads by itself, and believes before the settings.

    `name` is the one with the broker's URL.
    """
    # Celery's own command has handed BROKER_URL on as this one.
    if environment.text("CELERY_BROKER_URL") == environment.text(name):
        os.environ.pop("CELERY_BROKER_URL", None)
    for each in CELERY_READS:
        if environment.text(each):
            instead = f"Put it into {name}, and leave" if "BROKER" in each else "Leave"
            environment.refuse(f"{each} would have Celery overlook its settings. {instead} it out.")


def _required(name: str, example: str) -> NoReturn:
    environment.refuse(f"{name} is not set. Outside the sandbox it is required. Example: {example}")


def _read(name: str, url: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    """The parts of `url`, which starts as one of `schemes` does and has no impossible port."""
    scheme, colon, _ = url.partition("://")
    if not colon or scheme not in schemes:
        starts = ", ".join(f"{each}://" for each in schemes[:-1])
        environment.refuse(f"{name} must start with {starts} or {schemes[-1]}://.")
    try:
        parts = urlsplit(url)
        is_possible = parts.port != 0 and url.isprintable() and " " not in parts.netloc
        # No part of it holds a NUL; what C takes would end there.
        is_possible = is_possible and "%00" not in url
    except ValueError:
        parts, is_possible = SplitResult("", "", "", "", ""), False
    if not is_possible:
        environment.refuse(f"{name} cannot be read. {ENCODE}. Example: {example}")
    if "#" in url:
        # What follows it would be read by nobody.
        environment.refuse(f"{name} has a #; written %23 it is a part of the password or path.")
    return parts
