"""Database, broker and mail server: what their URLs say, as Django's and Celery's settings.

A URL that cannot be read is not quoted in the refusal, nor is what its parser says of it: there is
a password in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import environ

from emitter import environment, private_files

DATABASES: Final = ("postgres", "postgresql", "sqlite")
BROKERS: Final = ("redis", "rediss", "amqp", "amqps", "filesystem")
MAIL_SERVERS: Final = ("smtp", "smtp+tls", "smtp+ssl", "smtps")
# Of environ's; for trying things out.
NO_MAIL_SERVERS: Final = ("consolemail", "filemail", "memorymail", "dummymail")

# Of libpq. A server that is gone without a word is noticed within 25 s, also by who asks nothing.
TCP: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

ENCODE: Final = "Special characters in a password are percent-encoded"


def database(name: str, default: str) -> dict[str, Any]:
    """The settings of the database that `name` names; `default` is a URL, or "" where it must."""
    example = "postgres://user:password@host:5432/name"
    url = environment.text(name, default)
    if not url:
        _required(name, example)
    parts = _read(name, url, DATABASES, example)
    if parts.scheme == "sqlite" and parts.netloc:
        environment.refuse(f"{name} needs three slashes and a path: sqlite:////srv/emitter.sqlite3")
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except (environ.ImproperlyConfigured, ValueError, KeyError):
        environment.refuse(f"{name} cannot be read. {ENCODE}. Example: {example}")
    if config.get("NAME") in {None, "", ":memory:"}:
        # Web and worker are processes of their own: memory is not shared.
        environment.refuse(f"{name} names no database. Example: {example}")
    if parts.scheme == "sqlite":
        return _sqlite(config, name if environment.text(name) else "VAR_DIR")
    config["ENGINE"] = "emitter.postgresql"
    config.setdefault("CONN_MAX_AGE", 600)
    config.setdefault("CONN_HEALTH_CHECKS", True)
    config["OPTIONS"] = TCP | config.get("OPTIONS", {})
    return config


def _sqlite(config: dict[str, Any], named_by: str) -> dict[str, Any]:
    path = Path(str(config["NAME"]))
    private_files.folder(path.parent, named_by)
    private_files.database(path, named_by)
    return config | {
        "OPTIONS": {
            # A transaction that reads first and writes later cannot be upgraded while another
            # writes: take the write lock at BEGIN, and wait for it.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000;"
            ),
        }
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
    if parts.scheme.startswith("redis"):
        if not (number := parts.path.strip("/")).isdigit() and number:
            environment.refuse(f"{name} must end in the number of a database. Example: {example}")
        return url, {"socket_timeout": 5, "socket_connect_timeout": 5, "health_check_interval": 10}
    return url, {}


def mail(name: str, default: str) -> dict[str, Any]:
    """Django's EMAIL_ settings."""
    example = "smtp+tls://user:password@host:587"
    url = environment.text(name, default)
    parts = _read(name, url, MAIL_SERVERS + NO_MAIL_SERVERS, example)
    if parts.scheme in MAIL_SERVERS and not parts.hostname:
        environment.refuse(f"{name} names no host. Example: {example}")
    try:
        config: dict[str, Any] = environ.Env.email_url_config(url)
    except (environ.ImproperlyConfigured, ValueError, KeyError):
        environment.refuse(f"{name} cannot be read. {ENCODE}. Example: {example}")
    return config


def _required(name: str, example: str) -> None:
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
    except ValueError:
        parts, is_possible = SplitResult("", "", "", "", ""), False
    if not is_possible:
        environment.refuse(f"{name} cannot be read. {ENCODE}. Example: {example}")
    return parts
