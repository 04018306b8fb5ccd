"""For whoever watches: /health/live, /health/ready and /metrics."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse

from chatbots.printable import line
from emitter import metrics, preflight
from emitter.celery import app as celery_app
from emitter.preflight import NotReady

BROKER_TIMEOUT_SECONDS = 1.0

# The log says more.
WRONG = {
    "database": "It does not answer. The log says why.",
    "migrations": "Some are not applied. Run: python manage.py migrate",
    "broker": "It does not answer. The log says why.",
}

log = logging.getLogger(__name__)
_told: dict[str, str] = {}

# Once applied, migrations stay applied for as long as this process runs this code.
_migrated: set[str] = set()


def live() -> HttpResponse:
    """200 as long as this process serves at all."""
    return JsonResponse({"status": "ok"})


def ready() -> HttpResponse:
    """200 when all it needs answers, else 503; each part with "ok" or what is wrong with it.

    Whoever may ask learns no host, no version and no error's own words: these are in the log.
    """
    checks: dict[str, Callable[[], None]] = {
        "database": preflight.check_database,
        "migrations": check_migrations,
        "broker": lambda: preflight.check_broker(celery_app, BROKER_TIMEOUT_SECONDS),
    }
    parts: dict[str, str] = {}
    for name, check in checks.items():
        if name == "migrations" and parts["database"] != "ok":
            parts[name] = "Not known while the database does not answer."
            continue
        parts[name] = "ok"
        trouble = ""
        try:
            check()
        except NotReady as error:
            parts[name], trouble = WRONG[name], str(error)
        _tell(name, trouble)
    well = all(part == "ok" for part in parts.values())
    return JsonResponse(
        {"status": "ok" if well else "unavailable", **parts}, status=200 if well else 503
    )


def _tell(name: str, trouble: str) -> None:
    """Once for each trouble: probes come every few seconds."""
    if trouble and _told.get(name) != trouble:
        log.warning("Not ready: %s", line(trouble))
    _told[name] = trouble


def check_migrations() -> None:
    """Raises NotReady when the database has not all of this code's migrations."""
    database = str(settings.DATABASES["default"]["NAME"])
    if database in _migrated:
        return
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise NotReady(preflight.database_trouble(error)) from None
    if waiting:
        raise NotReady(f"{len(waiting)} migrations wait. Run: python manage.py migrate")
    _migrated.add(database)


class Probes:
    """Answers the probes before anything else does.

    They come from inside, without TLS and by an address that is not in ALLOWED_HOSTS. A sandbox is
    asked by its names alone: what comes by another may be a web page's, rebound to this machine.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = {
            "/health/live": live,
            "/health/ready": ready,
            "/metrics": metrics.exposition,
        }.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        if settings.SANDBOX:
            request.get_host()  # Raises DisallowedHost, which is answered 400.
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = answer()
        response["Cache-Control"] = "no-store"
        return response
