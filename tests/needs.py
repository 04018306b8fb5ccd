"""What some tests need beside Python: is it here? Otherwise they are skipped, except in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cache

import psycopg
import redis

POSTGRESQL_URL = os.environ.get(
    "TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/emitter_tests"
)
# A database number of the tests' own: they empty it.
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


@cache
def postgresql() -> bool:
    """Does the server of POSTGRESQL_URL answer? (The tests make their databases themselves.)"""
    server = POSTGRESQL_URL.rsplit("/", 1)[0] + "/postgres"
    try:
        with psycopg.connect(server, connect_timeout=3):
            return True
    except psycopg.OperationalError:
        return False


@cache
def redis_server() -> bool:
    """Does the server of REDIS_URL answer?"""
    with redis.Redis.from_url(REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


@cache
def chromium() -> str:
    """The path of a Chromium or Chrome; empty where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), "")


@cache
def node() -> str:
    """The path of node; empty where there is none."""
    return shutil.which("node") or ""


# What the tests marked `languages` run: the program, and Debian's package with it.
PROGRAMS = {"ruby": "ruby", "php": "php-cli", "go": "golang-go", "perl": "perl", "jq": "jq"}


def missing_programs(*names: str) -> list[str]:
    """Those of `names` (all of PROGRAMS if none is named) that are not installed here."""
    return [
        f"{name} (package {PROGRAMS[name]})"
        for name in names or PROGRAMS
        if shutil.which(name) is None
    ]


# By marker: is it here, and what to install or start if not.
NEEDS: dict[str, tuple[Callable[[], object], str]] = {
    "postgresql": (postgresql, "PostgreSQL (TEST_DATABASE_URL)"),
    "redis": (redis_server, "Redis (TEST_REDIS_URL)"),
    "browser": (chromium, "Chromium"),
    "node": (node, "node"),
}
