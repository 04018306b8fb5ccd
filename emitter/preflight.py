"""Before anything starts: is what it needs there? If not, one plain line that says what to do."""

from __future__ import annotations

import errno
import math
import socket

from celery import Celery
from django.conf import settings
from django.db import connection
from django.db.utils import Error as DatabaseError
from kombu.exceptions import OperationalError as BrokerError

BROKER_TIMEOUT_SECONDS = 3


class NotReady(Exception):
    """One sentence or two: what is wrong, and what to do."""


def first_line(error: BaseException) -> str:
    """What an error says first. The lines after it are for the driver's authors."""
    lines = str(error).strip().splitlines()
    return lines[0].strip().rstrip(".") if lines else type(error).__name__


def check_port(host: str, port: int) -> str:
    """The address of `host`. Raises NotReady when its `port` cannot be listened on."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise NotReady(f"--host {host} is no address or name that this machine knows.") from None
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise NotReady(
                    f"Port {port} is in use. Stop what listens there, or take another port: "
                    f"make up PORT={port + 1 if port < 65535 else 8000}"
                ) from None
            if error.errno == errno.EADDRNOTAVAIL:
                raise NotReady(
                    f"--host {host} is not an address of this machine. Without it, the web "
                    "listens on 127.0.0.1."
                ) from None
            if error.errno == errno.EACCES:
                raise NotReady(
                    f"Port {port} needs more rights than you have. Take one from 1024 up: "
                    "make up PORT=8000"
                ) from None
            raise NotReady(f"Port {port} cannot be used: {error.strerror}.") from None
    return str(address[0])


def check_database() -> None:
    """Raises NotReady when the database of DATABASE_URL does not answer."""
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        raise NotReady(database_trouble(error)) from None


def database_trouble(error: DatabaseError) -> str:
    """What is wrong with the database, without its password."""
    config = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        return (
            f"The database file {config['NAME']} cannot be used ({first_line(error)}). "
            "Check its folder's rights and free space, or DATABASE_URL."
        )
    where = f"{config.get('HOST') or 'localhost'}:{config.get('PORT') or 5432}"
    return (
        f"The database {config['NAME']} at {where} cannot be used ({first_line(error)}). "
        f"Correct DATABASE_URL or start that server{_in_the_sandbox('SQLite is used')}."
    )


def _in_the_sandbox(otherwise: str) -> str:
    return f"; without it, {otherwise}" if settings.SANDBOX else ""


def check_broker(app: Celery, timeout_seconds: float = BROKER_TIMEOUT_SECONDS) -> None:
    """Raises NotReady when the broker of BROKER_URL does not answer in time."""
    options = dict(settings.CELERY_BROKER_TRANSPORT_OPTIONS)
    if "socket_timeout" in options:
        options |= {"socket_timeout": timeout_seconds, "socket_connect_timeout": timeout_seconds}
    broker = app.connection_for_write(
        connect_timeout=timeout_seconds, transport_options=options, failover_strategy=None
    )
    failures: tuple[type[BaseException], ...] = (
        BrokerError,
        *broker.connection_errors,
        *broker.channel_errors,
    )
    try:
        # kombu counts whole seconds here; the socket's own timeouts are the finer ones.
        broker.ensure_connection(
            max_retries=1, interval_start=0, timeout=math.ceil(timeout_seconds)
        )
    except failures as error:
        raise NotReady(
            f"The broker at {broker.host} cannot be used ({first_line(error)}). "
            f"Correct BROKER_URL or start that server{_in_the_sandbox('none is needed')}."
        ) from None
    finally:
        broker.release()
