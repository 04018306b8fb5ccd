"""What every test can ask for: an account with a chatbot and a key, and a real receiver."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import hypothesis
import psycopg
import pytest
import redis
from django.contrib.auth.models import User
from playwright.sync_api import Browser
from psycopg import sql
from xdist.remote import Producer

from chatbots import allowance
from chatbots.models import Account, ApiKey, Chatbot, Membership, Plan
from tests import browsing, needs, sharing
from tests.receiver import Receiver
from webhooks.diagnosis import budget

# A busy machine is slow; that is no fault of the example.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}
# Those that count time. Coverage makes what it watches take twice as long.
COUNT_TIME = ("alone", "walk", "schemathesis", "soak")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> sharing.Sharing:
    return sharing.Sharing(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what uses the database, so that it can run on each of them, and what coverage is not to
    watch."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: sharing.place(item.nodeid))
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & DATABASE_FIXTURES or item.get_closest_marker("django_db"):
            item.add_marker("database")
            if "webhooks" in item.path.parts:
                item.add_marker("queue")
        if any(map(item.get_closest_marker, COUNT_TIME)):
            item.add_marker("no_cover")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs something that is not here; in CI, where all is to be here, fail."""
    missing = [
        what
        for marker, (is_here, what) in needs.NEEDS.items()
        if item.get_closest_marker(marker) and not is_here()
    ]
    if languages := item.get_closest_marker("languages"):
        missing += needs.missing_programs(*languages.args)
    if missing and needs.IN_CI:
        pytest.fail(f"CI has to have {', '.join(missing)}.", pytrace=False)
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


@pytest.fixture(autouse=True)
def time_for_a_diagnosis(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a diagnosis names hangs on no machine's speed, nor on what is traced; only those that
    count time have the real clock."""
    if not any(map(request.node.get_closest_marker, COUNT_TIME)):
        monkeypatch.setattr(budget, "clock", lambda: time.thread_time() / 50)


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    """Ids come again from test to test; what this process holds for them must not."""
    allowance.forget()


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(name="Acme", plan=Plan.BASIC)


@pytest.fixture
def member(account: Account) -> User:
    """A person of `account` who may log in to the dashboard."""
    user = User.objects.create_user("member", "member@acme.example", "password", is_staff=True)
    Membership.objects.create(account=account, user=user)
    return user


@pytest.fixture
def chatbot(account: Account) -> Chatbot:
    return Chatbot.objects.create(
        account=account, name="Customer Support Bot", support_email="support@acme.example"
    )


@pytest.fixture
def api_key(account: Account) -> str:
    """A key of `account`, in clear."""
    return ApiKey.issue(account)[1]


@pytest.fixture
def live_receiver() -> Iterator[Receiver]:
    """A real HTTP server on 127.0.0.1 that keeps what it gets and answers as told per path."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium (mark the test `browser`)."""
    with browsing.chromium() as browser:
        yield browser


@pytest.fixture
def redis_url() -> str:
    """The Redis of the tests (mark the test `redis`), emptied."""
    with redis.Redis.from_url(needs.REDIS_URL) as client:
        client.flushdb()
    return needs.REDIS_URL


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A new, empty PostgreSQL database (mark the test `postgresql`), dropped afterwards."""
    server, name = needs.POSTGRESQL_URL.rsplit("/", 1)
    own = f"{name}_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(own)))
        yield f"{server}/{own}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(own)))
