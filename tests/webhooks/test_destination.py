"""One reading of a URL: what is accepted means the same to everybody, the rest is refused."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from webhooks.destination import Destination, check_url, parse


def refusal(url: str) -> str:
    """The sentence with which the form of `url` is refused."""
    with pytest.raises(ValidationError) as refused:
        parse(url)
    [sentence] = refused.value.messages
    assert sentence.endswith((".", "https://.")), sentence
    return sentence


def present_refusal(url: str) -> str:
    """The sentence with which the present settings refuse `url`; "" when they do not."""
    try:
        check_url(url)
    except ValidationError as refused:
        [sentence] = refused.messages
        return str(sentence)
    return ""


@pytest.fixture
def sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://example.com", ("https", "example.com", 443, "/")),
        ("HTTPS://EXAMPLE.com/Path", ("https", "example.com", 443, "/Path")),
        ("https://example.com:8443/a?b=c", ("https", "example.com", 8443, "/a?b=c")),
        ("https://example.com?b=c", ("https", "example.com", 443, "/?b=c")),
        ("http://example.com:080/", ("http", "example.com", 80, "/")),
        ("https://203.0.113.7/", ("https", "203.0.113.7", 443, "/")),
        ("https://[2001:DB8:0::1]:8443/", ("https", "2001:db8::1", 8443, "/")),
        ("https://[::ffff:1.2.3.4]/", ("https", str(ip_address("::ffff:1.2.3.4")), 443, "/")),
        ("https://münchen.example/ü", ("https", "xn--mnchen-3ya.example", 443, "/%C3%BC")),
        ("https://MÜNCHEN.example/", ("https", "xn--mnchen-3ya.example", 443, "/")),
        ("https://faß.example/", ("https", "xn--fa-hia.example", 443, "/")),
        ("https://例え。テスト/", ("https", "xn--r8jz45g.xn--zckzah", 443, "/")),
        ("https://xn--ls8h.example/", ("https", "xn--ls8h.example", 443, "/")),
        ("https://ｅｘａｍｐｌｅ.com/", ("https", "example.com", 443, "/")),
        ("https://my_host.example.com/", ("https", "my_host.example.com", 443, "/")),
        ("https://example.com/a b".replace(" ", "%20"), ("https", "example.com", 443, "/a%20b")),
        ("https://example.com//..//", ("https", "example.com", 443, "//..//")),
        ("https://example.com/@x:y@z", ("https", "example.com", 443, "/@x:y@z")),
        ("https://example.com/?u=http://127.0.0.1", (
            "https", "example.com", 443, "/?u=http://127.0.0.1",
        )),
    ],
)  # fmt: skip
def test_a_url_is_read(url: str, parts: tuple[str, str, int, str]) -> None:
    assert parse(url) == Destination(*parts)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("", "Enter"),
        ("example.com", "https://"),
        ("//example.com/", "https://"),
        ("/path", "https://"),
        ("https:example.com", "https://"),
        ("https:/example.com", "https://"),
        ("https//example.com", "https://"),
        ("://example.com", "https://"),
        ("ht!tp://example.com", "https://"),
        ("file:///etc/passwd", "file://"),
        ("gopher://example.com/", "gopher://"),
        ("ftp://example.com/", "ftp://"),
        ("ws://example.com/", "ws://"),
        ("javascript://example.com/%0aalert(1)", "javascript://"),
        ("https://", "no host"),
        ("https:///path", "no host"),
        ("https://:443/", "no host"),
        ("https://?x", "no host"),
        ("https://user@example.com/", "user name"),
        ("https://user:pass@example.com/", "user name"),
        ("https://@example.com/", "user name"),
        ("http://a@b", "user name"),
        ("http://example.com:80@127.0.0.1/", "user name"),
        ("http://127.0.0.1#@example.com/", "fragment"),
        ("http://example.com#@127.0.0.1/", "fragment"),
        ("https://example.com/#top", "fragment"),
        ("https://example.com/?a#b", "fragment"),
        ("https://example.com:/", "no port"),
        ("https://example.com:0/", "1 to 65535"),
        ("https://example.com:65536/", "1 to 65535"),
        ("https://example.com:99999999999999999999/", "1 to 65535"),
        ("https://example.com:-1/", "1 to 65535"),
        ("https://example.com:+443/", "1 to 65535"),
        ("https://example.com:4_43/", "1 to 65535"),
        ("https://example.com:0x1bb/", "1 to 65535"),
        ("https://example.com:https/", "1 to 65535"),
        ("https://example.com:４４３/", "1 to 65535"),
        ("https://example.com:٤٤٣/", "1 to 65535"),
        ("https://example.com:80:443/", "host name"),
        ("https://example.com./", "dot"),
        ("https://127.0.0.1./", "dot"),
        ("https://example.com\\@127.0.0.1/", "backslash"),
        ("https:\\\\example.com/", "backslash"),
        ("https://example.com/a\\b", "backslash"),
        (" https://example.com/", "space"),
        ("https://example.com/ ", "space"),
        ("https://example.com/a b", "space"),
        ("https://exam ple.com/", "space"),
        ("https://example.com/\t", "control"),
        ("https://example.com/\r\nHost: 127.0.0.1", "control"),
        ("https://example.com\n.evil.example/", "control"),
        ("https://example.com/\0", "control"),
        ("https://example.com/\x7f", "control"),
        ("https://example.com/\u00a0", "space"),
        ("https://example.com/\u2028", "space"),
        ("https://example.com/" + "a" * 2000, "longer than 2000"),
        ("https://example.com/\ud800", "surrogate"),
        ("https://\ud800.example/", "host name"),
    ],
)
def test_what_is_no_endpoint_url_is_refused_with_its_reason(url: str, word: str) -> None:
    assert word in refusal(url)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0X7F.1",
        "127.1",
        "127.0.1",
        "127.0.0.01",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "127.0.0.0x1",
        "127.0.0.256",
        "256.0.0.1",
        "1.2.3.4.5",
        "999",
        "0",
        "0x",
        "example.0x1",
        "example.1",
        "１２７.０.０.１",
        "127。0。0。1",
        "127．0．0．1",
        "①②⑦.0.0.1",
        "١٢٧.0.0.1",
        "0ｘ7f.1",
    ],
)
def test_a_number_in_another_dress_is_no_address(host: str) -> None:
    refusal(f"http://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        "[",
        "]",
        "[]",
        "[::1",
        "::1",
        "[::1]x",
        "x[::1]",
        "[::1].example.com",
        "[[::1]]",
        "[127.0.0.1]",
        "[::1%25lo]",
        "[fe80::1%eth0]",
        "[fe80::1%25eth0]",
        "[v1.x]",
        "[1::2::3]",
        "[0:0:0:0:0:0:0:0:1]",
        "[::12345]",
        "[::１]",
        "[::ffff:127.1]",
        "[::ffff:0177.0.0.1]",
    ],
)
def test_a_broken_ipv6_address_is_refused(host: str) -> None:
    refusal(f"http://{host}/")
    refusal(f"http://{host}:8080/")


@pytest.mark.parametrize(
    "host",
    [
        "exa%6dple.com",
        "%31%32%37.0.0.1",
        "127.0.0.1%00.example.com",
        "example.com%2f@127.0.0.1",
        "-example.com",
        "example-.com",
        "a..b",
        ".example.com",
        "a,b",
        "a;b",
        "a*b",
        "*.example.com",
        "a'b",
        "a!b",
        "a$b",
        "a{b}",
        "a|b",
        "a<b>",
        "a^b",
        "a`b",
        'a"b',
        "x" * 64 + ".example",
        ".".join(["x" * 60] * 5),
        "ü" * 60 + ".example",
        "exam\u200bple.\u200b",
        "\u202ecom.example",
        "example.com\uff0f@127.0.0.1",
        "example.com\uff0f.evil.example",
        "a℀b.example",
        "💩.example",
        "xn--.example",
        "xn--0.example",
        "xn--\x80.example",
        "。",
        "example。",
    ],
)
def test_what_is_no_host_name_is_refused(host: str) -> None:
    refusal(f"https://{host}/")


# ---------------------------------------------------------------- what the settings allow


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "https://example.com:443/",
        "https://example.com:80/",
        "https://example.com:1024/",
        "https://example.com:65535/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://münchen.example/",
    ],
)
def test_https_to_a_public_server_is_allowed(url: str) -> None:
    assert present_refusal(url) == ""


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://example.com/", "HTTPS"),
        ("http://127.0.0.1/", "HTTPS"),
        ("https://example.com:22/", "Port 22"),
        ("https://example.com:25/", "Port 25"),
        ("https://example.com:1/", "Port 1 "),
        ("https://example.com:1023/", "Port 1023"),
        ("https://127.0.0.1/", "loopback"),
        ("https://127.0.0.1:8443/", "loopback"),
        ("https://10.1.2.3/", "private"),
        ("https://169.254.169.254/latest/meta-data/", "metadata"),
        ("https://0.0.0.0/", "not a public address"),
        ("https://[::1]/", "loopback"),
        ("https://[::]/", "not a public address"),
        ("https://[::ffff:127.0.0.1]/", "loopback"),
        ("https://[::ffff:7f00:1]/", "loopback"),
        ("https://[64:ff9b::10.0.0.1]/", "private"),
        ("https://[fe80::1]/", "not a public address"),
        ("https://[fd00:ec2::254]/", "metadata"),
        ("https://localhost/", "private network"),
        ("https://LOCALHOST:8443/", "private network"),
        ("https://ｌｏｃａｌｈｏｓｔ/", "private network"),
        ("https://a.localhost/", "private network"),
        ("https://intranet/", "private network"),
        ("https://printer.local/", "private network"),
        ("https://metadata.google.internal/", "private network"),
        ("https://router.home.arpa/", "private network"),
        ("https://something.onion/", "private network"),
        ("https://something.test/", "private network"),
        ("https://something.invalid/", "private network"),
    ],
)
def test_outside_the_sandbox_the_rest_is_refused(url: str, word: str) -> None:
    assert word in present_refusal(url)


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("https://10.1.2.3/", "10.1.2.3/32"),
        ("https://[fd00::1]:8443/", "fd00::1/128"),
        ("https://[::ffff:10.1.2.3]/", "10.1.2.3/32"),
        ("https://169.254.169.254/", "169.254.169.254/32"),
    ],
)
def test_the_refusal_of_an_address_names_the_setting_that_would_allow_it(
    settings: Settings, url: str, network: str
) -> None:
    assert f"adds {network} to ENDPOINT_ALLOW_NETWORKS." in present_refusal(url)
    settings.ENDPOINT_ALLOW_NETWORKS = [ip_network(network)]
    assert present_refusal(url) == ""


@pytest.mark.parametrize("url", ["https://intranet/", "https://receiver.internal/"])
def test_the_refusal_of_a_private_name_names_the_setting_too(url: str) -> None:
    assert "ENDPOINT_ALLOW_NETWORKS" in present_refusal(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://localhost:3000/hook",
        "http://receiver:3000/",
        "http://127.0.0.1:81/",
        "http://[::1]:3000/",
        "http://192.168.1.20/",
        "http://host.docker.internal:3000/",
    ],
)
@pytest.mark.usefixtures("sandbox")
def test_the_sandbox_allows_what_runs_beside_it(url: str) -> None:
    assert present_refusal(url) == ""


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/", "http://0.0.0.0:8000/", "http://[fe80::1]/", "http://224.0.0.1/"],
)
@pytest.mark.usefixtures("sandbox")
def test_the_sandbox_allows_no_more_than_that(url: str) -> None:
    assert "not a public address" in present_refusal(url)


def test_an_allowed_network_may_be_reached_by_address_and_by_name(settings: Settings) -> None:
    settings.ENDPOINT_ALLOW_NETWORKS = [ip_network("10.1.0.0/16")]
    assert present_refusal("https://10.1.2.3/") == ""
    assert present_refusal("https://hooks.corp.internal/") == ""
    assert "private" in present_refusal("https://10.2.0.1/")
    assert "HTTPS" in present_refusal("http://10.1.2.3/")
