"""Each variable, missing and wrong: one line at start that names it, and exit code 1.

The variables are those of docs/configuration.md, which has to have all that the code reads.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import certifi
import pytest

from tests.emitter.group import ROOT, environment
from tests.emitter.test_settings import ENCRYPTION_KEY, SECRET_KEY, production

# Some two hundred starts: a busy machine takes its time over them.
pytestmark = [pytest.mark.timeout(300), pytest.mark.thorough]

# What can be called, and is no function of one thing that gives what is asked of it.
NO_FUNCTION = [
    *("builtins.dict", "chatbots.timestamp.iso", "os.getcwd", "builtins.max", "asyncio.sleep"),
    *("os.fwalk", "os.replace", "chatbots.answering.Answered", "chatbots.priority.Judgement"),
]
# Made by openssl: a list of nothing that was revoked, and no certificate.
CRL = str(Path(__file__).with_name("only-a-crl.pem"))
# What each variable must not be. A word or two of each are what people do put there.
WRONG: dict[str, list[str]] = {
    "SECRET_KEY": ["", "short", "django-insecure-" + SECRET_KEY, "a" * 60, "$OTHER"],
    "ENCRYPTION_KEYS": [
        *("", " , ", "abc", f"{ENCRYPTION_KEY},abc", "ü" * 44, "$OTHER", f"{ENCRYPTION_KEY}="),
        *(f"{ENCRYPTION_KEY} {ENCRYPTION_KEY}", f"{ENCRYPTION_KEY};{ENCRYPTION_KEY}"),
        ENCRYPTION_KEY.replace("=", ""),
    ],
    "ALLOWED_HOSTS": [
        *("", " , ", "https://x.com", "x.com/", "x.com:443", "x.com,https://y.com", "::1", "x y"),
        *("*.x.com", "[::g]", "user@x.com", "bücher.example", "x..com", "-x.com"),
    ],
    "DATABASE_URL": [
        *("", "shop", "mysql://a/b", "postgres://a:b@h:port/c", "postgres://a:b@h", "sqlite://"),
        *("postgres://h:99999/c", "postgres://h:0/c", "postgres://[::1/c", "postgres:/h/c"),
        *("sqlite://:memory:", "sqlite://var/emitter.db", "sqlite:////proc/no/emitter.db"),
        "sqlite:////",
        *(
            f"sqlite:////x.sqlite3?{option}"
            for option in (
                *("AUTOCOMMIT=False", "ATOMIC_REQUESTS=True", "no_such=1", "CONN_MAX_AGE=long"),
                *("timeout=soon", "ENGINE=x", "mode=ro"),
            )
        ),
        *("postgres://h/c%00d", "postgres://u:%00@h/c", "postgres://h/c#d", "sqlite:////C#/x"),
        *(
            f"postgres://h/c?{option}"
            for option in (
                *("sslmode=yes", "connect_timeout=soon", "no_such=1", "CONN_MAX_AGE=long"),
                *("ENGINE=x", "AUTOCOMMIT=False", "ATOMIC_REQUESTS=1", "host=other", "TEST=x"),
                *("sslmode=yes&sslmode=require", "sslmode=", "conn_max_age=1", "keepalives=x"),
                *("target_session_attrs=junk", "gssencmode=junk", "channel_binding=junk"),
                *("options=junk", "options=-c", "options=-c+a", "options=-c+a=1+junk", "service=x"),
                *("client_encoding=junk", "client_encoding=latin1", "hostaddr=h", "sslsni=perhaps"),
                *(
                    "sslrootcert=/nope",
                    "sslrootcert=README.md",
                    "sslrootcert=system&sslmode=require",
                ),
                *(
                    "sslcert=/nope",
                    "sslkey=/nope",
                    "sslcrl=/nope",
                    "sslcrldir=/nope",
                    "passfile=/no",
                ),
                *("ssl_min_protocol_version=9", "require_auth=junk", "load_balance_hosts=junk"),
                *("replication=database", "keepalives_idle=-1", "sslnegotiation=junk"),
            )
        ),
    ],
    "BROKER_URL": [
        *("", "redis", "sqs://", "redis://h:port", "redis://h:99999", "redis://h:0/0", "redis:h"),
        *("redis://h/zero", "redis://", "amqp://", "http://h", "redis://[::1"),
        *("redis://h/0?x=y", "rediss://h/0?ssl_cert_reqs=none", "amqp://h?heartbeat=x"),
        *(
            "redis://:%00@h/0",
            "redis://h/0#1",
            "redis://h/0/",
            "redis://h/²",
            "redis://h//0",
            "redis://h/٣",
        ),
        *("redis://h/-1", "redis://h/0/1", "rediss://h/0/"),
    ],
    "SANDBOX": ["perhaps", "2", "-1", "ja"],
    "CSRF_TRUSTED_ORIGINS": [
        *("junk", "x.com", "https://", "https://x.com/", "https://x.com/a", "ftp://x.com"),
        *("https://x.com,junk", "https://*", "https://u@x.com", "https://x.com:99999", "*"),
        *("https://x.com?a", "https://[::1", "https://x y"),
    ],
    "EMAIL_URL": [
        *("pigeon://home", "mail.example.com", "smtp://", "smtp://h:port", "smtp://h:99999"),
        *("smtp+tls://u:p@:25", "smtp://[::1", "smtp://h#x", "smtp://h/junk"),
        *(
            f"smtp+tls://u:p@h:587?{option}"
            for option in ("EMAIL_USE_SSL=1", "EMAIL_USE_TLS=perhaps", "timeout=soon", "x")
        ),
        *("filemail:///proc/no/mail", "filemail:////proc/no/mail", "filemail:////dev/null/mail"),
        *("filemail://", "filemail://h/mail", "consolemail://?x=y"),
    ],
    "DEFAULT_FROM_EMAIL": [
        *("nobody", "a@", "@b", "Wonderchat", "a b@c", "a@b\nBcc: c@d", "a@b, c@d", "A <a@b"),
        *("A <a@b>, B <c@d>", "a@b <c@d>", "<a@b> x", "A, B <a@b>"),
    ],
    "ENDPOINT_ALLOW_NETWORKS": [
        *("10.1.2.3/8", "x.com", "10.0.0.0/33", "10.0.0.0/8;::/0", "*", "10.0.0.0/8 ::/0"),
        *("::ffff:10.0.0.0/104", "64:ff9b::a00:0/104", "fe80::%lo/64"),
    ],
    "ENDPOINT_CA_FILE": ["/nope", "/", "README.md", "/proc/no/ca.pem", CRL],
    "EVENT_RETENTION_DAYS": ["soon", "0", "-1", "1.5", "1e3", "٣", "9" * 30],
    "API_REQUESTS_PER_MINUTE": ["many", "-1", "1.5", "1_000", "9" * 30],
    "ANSWER_API_URL": [
        *("api.example.com", "https://", "ftp://a.example", "https://a.example:99999/v1"),
        *("https://a b.example/v1", "https://[::1/v1", "https://a.example/v1"),
        *("https://u:p@a.example/v1", "https://a.example/v1#x"),
    ],
    "ANSWER_API_KEY": ["two words", "ключ", "a\tb"],
    "ANSWER_API_MODEL": [""],
    "ANSWER_API_TIMEOUT_SECONDS": ["0", "nan", "inf", "-1", "61", "soon", "1,5", "٣", "1_0", "1e1"],
    "ANSWER_API_AT_ONCE": ["0", "many", "1001", "-1"],
    "ANSWER_FINDER": [
        *("find", "no.such.thing", "chatbots.priority.READ_MESSAGES", "a..b", "."),
        *("chatbots.priority_rules.classify", *NO_FUNCTION),
    ],
    "PRIORITY_CLASSIFIER": [
        *("judge", "no.such.thing", "chatbots.priority.READ_MESSAGES", "os."),
        *("chatbots.own_answers.find", *NO_FUNCTION),
    ],
    "CELERY_BROKER_URL": ["redis://127.0.0.1:1/0", "junk"],
    "CELERY_BROKER_READ_URL": ["redis://127.0.0.1/0"],
    "CELERY_BROKER_WRITE_URL": ["redis://127.0.0.1/0"],
    "CELERY_RESULT_BACKEND": ["junk://x", "rpc://"],
    "RESULT_BACKEND": ["junk://x"],
    "CELERY_LOADER": ["junk"],
    "LOADER": ["junk"],
    "CELERY_CONFIG_MODULE": ["junk"],
    "CONFIG_MODULE": ["junk"],
    "LOG_LEVEL": ["LOUD", "10", "INFO DEBUG"],
    "VAR_DIR": ["/proc/no/var", "/dev/null", "/dev/null/var"],
    "PORT": ["80a", "0", "-1", "65536", "8000.0", "٨٠"],
    "WEB_PROCESSES": ["0", "many", "65"],
    "WORKER_PROCESSES": ["0", "many", "65"],
}
# With what else it has to be.
BESIDE = {
    "ANSWER_API_MODEL": {"ANSWER_API_URL": "https://a.example/v1"},
    "VAR_DIR": {"SANDBOX": "1", "SECRET_KEY": "", "ENCRYPTION_KEYS": "", "DATABASE_URL": ""},
}
OF_UP = {"PORT", "WEB_PROCESSES", "WORKER_PROCESSES"}
# The refusal of the wrong one names another variable: what is missing beside it.
NAMES_ANOTHER = {"ANSWER_API_URL": ["https://a.example/v1"]}
# No settings of ours: Django's and Celery's own, and what `up` tells its children.
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "CELERY_SKIP_CHECKS", "EMITTER_UP_PID"}

# Forks for each case: loading Django for each would take a minute.
TRY = textwrap.dedent("""
    import json, os, sys
    import cryptography.fernet, django, django.urls
    import emitter.celery, emitter.service_urls, emitter.theme

    for case in json.load(sys.stdin):
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            os.environ.update(case)
            os.dup2(1, 2)
            try:
                django.setup()
            except SystemExit as refusal:
                # What Python does with it, without the second that taking itself down costs.
                print(refusal.code, file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        print(f"=== {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}", flush=True)
""")


def of_any(name: str) -> list[str]:
    """What no variable may be, whatever it is: quotes that were kept, and no UTF-8."""
    good = production().get(name, "1")
    return [f'"{good}"', f"'{good}'", '""', f"{good}\udcff"]


def documented(until: str = "## Of the `emitter` command") -> set[str]:
    """The variables of docs/configuration.md, up to those of the command, or of the tests."""
    text = (ROOT / "docs" / "configuration.md").read_text().split(until)[0]
    rows = re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row)}


def started(var: Path, cases: list[dict[str, str]]) -> list[tuple[int, str]]:
    """The exit code of each start of Django, and what it said."""
    done = subprocess.run(
        [sys.executable, "-c", TRY],
        cwd=ROOT,
        env=environment(var, DJANGO_SETTINGS_MODULE="emitter.settings"),
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=250,
        check=True,
    )
    ends = re.split(r"=== (\d+)\n", done.stdout)
    return [(int(code), said) for said, code in zip(ends[0::2], ends[1::2], strict=False)]


def assert_one_line(said: str, name: str) -> None:
    lines = said.strip().splitlines()
    assert len(lines) == 1, said
    assert lines[0].startswith("emitter: "), said
    assert name in lines[0]
    assert lines[0].isprintable()


def test_each_documented_variable_has_its_wrong_values_here() -> None:
    assert documented() == set(WRONG)


def test_each_variable_that_the_code_reads_is_documented() -> None:
    assert read_by_the_code() - NOT_OURS - documented("## Of the tests") == set()
    # Its own last check: what is looked for is found at all.
    assert {"SECRET_KEY", "PORT", "VAR_DIR", "EMITTER_KEY"} <= read_by_the_code()


def read_by_the_code() -> set[str]:
    """What looks like a variable's name, wherever a call or an index could read it."""
    found: set[str] = set()
    for package in ("emitter", "chatbots", "webhooks", "inbox"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_bytes())):
                found |= _read_at(node)
    return {name for name in found if re.fullmatch(r"[A-Z][A-Z0-9_]+", name)}


def _read_at(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        reads = re.match(r"(os\.(environ\.\w+|getenv)|environment\.\w+|service_urls\.\w+)$", called)
        given = [node.args[0]] if (reads or called == "required_secret") and node.args else []
        given += [each.value for each in node.keywords if each.arg == "envvar"]
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
        given = [node.slice]
    else:
        return set()
    return {
        text.value
        for each in given
        for text in ast.walk(each)
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, int, str]]]:
    """For each variable its wrong values, and how a start with each ended."""
    tried = [
        (name, value) for name in sorted(set(WRONG) - OF_UP) for value in WRONG[name] + of_any(name)
    ]
    cases = [production(**(BESIDE.get(name, {}) | {name: value})) for name, value in tried]
    found: dict[str, list[tuple[str, int, str]]] = {}
    for (name, value), (code, said) in zip(
        tried, started(tmp_path_factory.mktemp("var"), cases), strict=True
    ):
        found.setdefault(name, []).append((value, code, said))
    return found


@pytest.mark.parametrize("name", sorted(set(WRONG) - OF_UP))
def test_a_wrong_value_is_named_in_one_line(
    name: str, ends: dict[str, list[tuple[str, int, str]]]
) -> None:
    for value, code, said in ends[name]:
        assert code == 1, (value, said)
        known = value in NAMES_ANOTHER.get(name, [])
        assert_one_line(said, "ANSWER_API_MODEL" if known else name)


def test_a_var_dir_that_is_no_folder_is_named_in_production_too(tmp_path: Path) -> None:
    wrong = ["/dev/null", "/dev/null/var", "/proc/self/status/var"]
    ends = started(tmp_path, [production(VAR_DIR=value) for value in wrong])
    assert [code for code, _ in ends] == [1, 1, 1]
    for _, said in ends:
        assert_one_line(said, "VAR_DIR")
    # It need not be there, nor be writable: only beat and collectstatic write to it.
    assert started(tmp_path, [production(VAR_DIR=str(tmp_path / "not" / "yet"))]) == [(0, "")]
    assert not (tmp_path / "not").exists()


@pytest.mark.parametrize("name", sorted(OF_UP))
def test_a_wrong_value_is_named_by_up(tmp_path: Path, name: str) -> None:
    for value in WRONG[name]:
        done = run([sys.executable, "manage.py", "up"], tmp_path, SANDBOX="1", **{name: value})
        assert done.returncode == 1, value
        assert_one_line(done.stderr, name)


WEB = ["emitter.web_server", "--port=1"]
WORKER = ["celery", "--quiet", "--app=emitter", "worker", "--loglevel=WARNING"]
BEAT = ["celery", "--quiet", "--app=emitter", "beat", "--pidfile=", "--loglevel=WARNING"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_URL", ""), ("ENDPOINT_CA_FILE", "/nope"), ("ANSWER_FINDER", "a.b")],
)
@pytest.mark.parametrize("process", [WEB, WORKER, BEAT, ["manage"]], ids=lambda each: each[0])
def test_each_process_says_it(tmp_path: Path, process: list[str], name: str, value: str) -> None:
    command = [
        sys.executable,
        *(["manage.py", "check"] if process == ["manage"] else ["-m", *process]),
    ]
    done = run(command, tmp_path, **production(**{name: value}))
    assert done.returncode == 1
    said = done.stdout + done.stderr
    # A server that starts its processes again says it for each of them.
    for line in set(said.strip().splitlines()):
        assert_one_line(line, name)
    assert said.strip()


@pytest.mark.parametrize("process", [WEB, WORKER, BEAT, ["manage"]], ids=lambda each: each[0:4:3])
@pytest.mark.parametrize("module", ["mysite.settings", "emitter.nothing", "..", "a..b"])
def test_settings_that_are_not_there_are_named(
    tmp_path: Path, process: list[str], module: str
) -> None:
    test_each_process_says_it(tmp_path, process, "DJANGO_SETTINGS_MODULE", module)


def test_what_libpq_reads_of_the_environment_is_named(tmp_path: Path) -> None:
    wrong = {"PGSSLMODE": "junk", "PGTARGETSESSIONATTRS": "junk", "PGREQUIREAUTH": "junk"}
    ends = started(tmp_path, [production(**{name: value}) for name, value in wrong.items()])
    for name, (code, said) in zip(wrong, ends, strict=True):
        assert code == 1
        assert_one_line(said, name)
        assert "DATABASE_URL" in said


def run(command: list[str], var: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(var, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def unannotated(question):  # type: ignore[no-untyped-def]
    return None


def test_what_is_right_starts(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(Path(certifi.where()).read_bytes())
    right = [
        production(),
        production(ALLOWED_HOSTS="emitter.example.com,.example.org,10.0.0.1,[::1],*, a_b.c "),
        production(CSRF_TRUSTED_ORIGINS="https://x.com,https://*.y.com,http://[::1]:8000"),
        production(BROKER_URL="amqps://u:p%23@h:5671/shop"),
        production(BROKER_URL="filesystem://"),
        production(DATABASE_URL=f"sqlite:///{tmp_path / 'emitter.sqlite3'}"),
        production(DATABASE_URL="postgresql://u:p%40@[::1]:5432/shop?sslmode=require"),
        *(
            production(DATABASE_URL=f"postgres://h/c?{option}")
            for option in (
                *("options=-c%20statement_timeout%3D5s", "options=--geqo=off+-cwork_mem=8MB"),
                *("options=-c%20search_path=a%5C%20b", "hostaddr=10.0.0.1,::1", "keepalives=0"),
                *(
                    "sslmode=verify-full&sslrootcert=system",
                    "client_encoding=utf-8",
                    "CONN_MAX_AGE=0",
                ),
                *(f"sslmode=verify-ca&sslrootcert={tmp_path}/ca.pem", "application_name=shop+1"),
                *("gssencmode=disable&channel_binding=prefer", "target_session_attrs=read-write"),
            )
        ),
        *(production(BROKER_URL=f"redis://h{path}") for path in ("", "/", "/15")),
        production(EMAIL_URL=f"filemail:///{tmp_path}/mail"),
        production(EMAIL_URL="smtp://h:25/"),
        # Celery's own command hands it on so.
        production(CELERY_BROKER_URL="redis://127.0.0.1/0"),
        production(CELERY_BROKER_URL="", PGSSLMODE="require", PGAPPNAME="shop"),
        production(ANSWER_FINDER=f"{__name__}.unannotated", PRIORITY_CLASSIFIER="copy.copy"),
        production(EMAIL_URL="smtp+tls://u:p%40@mail.example.com:587", SANDBOX="0"),
        production(DEFAULT_FROM_EMAIL="no-reply@example.com"),
        production(ENDPOINT_CA_FILE=str(tmp_path / "ca.pem")),
        production(ENDPOINT_ALLOW_NETWORKS="10.20.0.0/16, fd00:12::/48,10.1.1.1"),
        production(ANSWER_API_URL="http://10.0.0.1:8000/v1", ANSWER_API_MODEL="small"),
        production(LOG_LEVEL="debug"),
        {"SANDBOX": "1"},
        {"SANDBOX": "yes", "ALLOWED_HOSTS": "box.local"},
    ]
    ends = started(tmp_path, right)
    assert ends == [(0, "")] * len(right)


def test_a_refusal_shows_no_part_of_a_password(tmp_path: Path) -> None:
    urls = [
        "hidden-word",
        "hidden/word",
        "hidden:word",
        "hidden#word",
        "[hidden-word",
        "hidden word",
    ]
    cases = [
        production(**{name: f"{scheme}://someone:{password}@h:port/shop"})
        for password in urls
        for name, scheme in (
            ("DATABASE_URL", "postgres"),
            ("BROKER_URL", "redis"),
            ("EMAIL_URL", "smtp"),
        )
    ]
    for code, said in started(tmp_path, cases):
        assert code == 1, said
        assert "hidden" not in said
