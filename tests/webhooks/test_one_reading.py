"""What is accepted as a URL means the same to urllib, to libcurl and to browsers."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

import pycurl
import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests import needs
from tests.webhooks.raw_server import RawServer, answer_and_close
from webhooks import destination
from webhooks.destination import Destination, parse

letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
hosts = st.one_of(
    st.from_regex(r"[a-zA-Z0-9_-]{1,12}(\.[a-zA-Z0-9-]{1,12}){0,3}", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.ip_addresses(v=6).map(lambda address: f"[{address.exploded.upper()}]"),
    st.text(letters, min_size=1, max_size=8).map(lambda label: label + ".example"),
    st.text("0123456789abcdefx.。．０１xX%", min_size=1, max_size=14),
)
ports = st.one_of(st.just(""), st.integers(0, 70000).map(lambda port: f":{port}"))
rests = st.one_of(
    st.just(""),
    st.text(letters, max_size=12).map(lambda text: "/" + text),
    st.text("/?&=%@:.;\\#'\"[]{}|^`<> a0", max_size=16).map(lambda text: "/" + text),
    st.text("?&=%@:/.a0", max_size=8).map(lambda text: "?" + text),
)
urls = st.builds(
    lambda *parts: "".join(parts), st.sampled_from(["http", "https", "HTTP"]), st.just("://"),
    hosts, ports, rests,
)  # fmt: skip
# What a hostile person types: the separators that parsers disagree on, anywhere.
tricky = st.lists(
    st.sampled_from(
        ["http", "https", ":", "//", "/", "\\", "@", "#", "?", "example.com", "127.0.0.1", "[::1]",
         "[", "]", ":80", ":0", "%00", "%2f", "。", "．", "０", ".", "-", "xn--", "ü", "\t", "a"]
    ),
    max_size=8,
).map(lambda parts: "http://" + "".join(parts))  # fmt: skip


def accepted(url: str) -> Destination:
    """The reading of `url`; what is refused is not of interest here."""
    try:
        return parse(url)
    except ValidationError:
        assume(False)
        raise


@given(st.text() | urls | tricky)
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        parsed = parse(text)
    except ValidationError as refused:
        [sentence] = refused.messages
        assert len(sentence) > 15
    else:
        assert parsed.url.isascii()
        assert re.fullmatch(r"[!-~]+", parsed.url)
        assert "#" not in parsed.url


@given(urls | tricky)
def test_what_was_read_is_read_the_same_again(url: str) -> None:
    parsed = accepted(url)
    assert parse(parsed.url) == parsed
    assert parse(parsed.origin) == Destination(parsed.scheme, parsed.host, parsed.port, "/")


@given(urls | tricky)
def test_urllib_reads_the_same_host_and_port(url: str) -> None:
    parsed = accepted(url)
    split = urlsplit(parsed.url)
    assert (split.scheme, split.hostname) == (parsed.scheme, parsed.host)
    assert (split.port or destination.DEFAULT_PORTS[split.scheme]) == parsed.port
    assert split.username is None


@pytest.fixture(scope="module")
def curl_reads() -> Iterator[Callable[[str], str]]:
    """The host and port that libcurl asks a proxy to connect it to for a URL."""
    asked: list[bytes] = []
    refuse = answer_and_close(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
    with RawServer(refuse) as proxy:

        def read(url: str) -> str:
            handle = pycurl.Curl()
            handle.setopt(pycurl.URL, url)
            handle.setopt(pycurl.PROXY, proxy.origin)
            handle.setopt(pycurl.NOPROXY, "")
            handle.setopt(pycurl.HTTPPROXYTUNNEL, 1)
            handle.setopt(pycurl.TIMEOUT, 10)
            with pytest.raises(pycurl.error):
                handle.perform()
            handle.close()
            return proxy.requests.pop().split(b" ")[1].decode()

        yield read
    assert asked == []


@given(url=urls | tricky)
@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_libcurl_reads_the_same_host_and_port(curl_reads: Callable[[str], str], url: str) -> None:
    parsed = accepted(url)
    assert curl_reads(parsed.url).lower() == f"{parsed.url_host}:{parsed.port}"


NODE_READS = """
require("readline").createInterface({input: process.stdin}).on("line", (line) => {
  let answer = null;
  try {
    const url = new URL(JSON.parse(line));
    answer = [url.protocol, url.hostname, url.port, url.username + url.password];
  } catch (error) {}
  console.log(JSON.stringify(answer));
});
"""


@pytest.fixture(scope="module")
def node_reads() -> Iterator[Callable[[str], list[str] | None]]:
    """What `new URL(…)` of node makes of a text: [protocol, host, port, user], or None."""
    with subprocess.Popen(
        [needs.node(), "-e", NODE_READS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def read(text: str) -> list[str] | None:
            stdin.write(json.dumps(text) + "\n")
            stdin.flush()
            answer: list[str] | None = json.loads(stdout.readline())
            return answer

        yield read
        process.stdin.close()


@pytest.mark.node
@given(url=urls | tricky)
@hypothesis_settings(deadline=None)
def test_a_browser_reads_the_same_host_and_port_even_from_what_was_typed(
    node_reads: Callable[[str], list[str] | None], url: str
) -> None:
    parsed = accepted(url)
    for text in (parsed.url, url):
        answer = node_reads(text)
        if answer is None:
            # Refused, not misread: punycode of characters that its tables do not have.
            assert "xn--" in parsed.host
            continue
        protocol, host, port, user = answer
        assert protocol == parsed.scheme + ":"
        assert (int(port) if port else destination.DEFAULT_PORTS[parsed.scheme]) == parsed.port
        assert user == ""
        if ":" in parsed.host:
            assert ip_address(host.strip("[]")) == ip_address(parsed.host)
        else:
            assert host == parsed.host
