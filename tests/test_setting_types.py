"""The roots that access tokens are sent to: what passes is what a person would write."""

import pytest

from gateway.settings import Settings
from tests.test_settings import faults_of


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("graph.microsoft.com", id="no scheme"),
        pytest.param("//graph.microsoft.com", id="no scheme, but slashes"),
        pytest.param("ftp://graph.microsoft.com", id="another scheme"),
        pytest.param("https:graph.microsoft.com", id="no slashes"),
        pytest.param("https:\\\\graph.microsoft.com", id="backslashes"),
        pytest.param("https://", id="no host"),
        pytest.param("https://:443", id="a port alone"),
        pytest.param("https://graph.microsoft.com/beta", id="a path"),
        pytest.param("https://graph.microsoft.com//", id="two slashes behind"),
        pytest.param("https://graph.microsoft.com?", id="an empty query"),
        pytest.param("https://graph.microsoft.com#", id="an empty fragment"),
        pytest.param("https://me@graph.microsoft.com", id="a user"),
        pytest.param("https://:pw@graph.microsoft.com", id="a password without a user"),
        pytest.param("https://@graph.microsoft.com", id="an empty user"),
        pytest.param("https://graph.microsoft.com\n", id="a line break behind"),
        pytest.param("https://graph.\nmicrosoft.com", id="a line break within"),
        pytest.param("https://graph.microsoft.com\t", id="a tab"),
        pytest.param(" https://graph.microsoft.com", id="a space before"),
        pytest.param("https://graph microsoft.com", id="a space within"),
        pytest.param("https://graph.microsoft.com\\@evil.example", id="a backslash"),
        pytest.param("https://graph.microsoft.com%2eevil.example", id="an encoded dot"),
        pytest.param("https://graph.microsoft.com.", id="a dot behind"),
        pytest.param("https://graph..microsoft.com", id="two dots"),
        pytest.param("https://graph\u3002microsoft.com", id="a dot that is none"),
        pytest.param("https://mic\u212aey.example", id="a letter that is none"),
        pytest.param("https://graph.microsoft.com:", id="an empty port"),
        pytest.param("https://graph.microsoft.com:0", id="port 0"),
        pytest.param("https://graph.microsoft.com:65536", id="port 65536"),
        pytest.param("https://graph.microsoft.com:99999", id="port 99999"),
        pytest.param("https://graph.microsoft.com:-1", id="a negative port"),
        pytest.param("https://graph.microsoft.com:\u0661", id="an Arabic digit for a port"),
        pytest.param("https://[::1", id="half a bracket"),
        pytest.param("https://[:::]", id="no address in brackets"),
        pytest.param("https://[127.0.0.1]", id="an address that needs no brackets"),
        pytest.param("https://[::1]evil.example", id="more behind the brackets"),
        pytest.param("https://${HOST}", id="a template"),
    ],
)
def test_a_root_is_scheme_host_and_port(url: str) -> None:
    """Access tokens go there: what two readers could take for two places is refused, and so is what means nothing."""
    said = "must be scheme, host and no more than a port, such as https://graph.microsoft.com"
    assert faults_of({"GATEWAY_GRAPH_URL": url}) == (f"GATEWAY_GRAPH_URL={url!r}: {said}",)


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("HTTPS://Graph.Microsoft.COM", "https://graph.microsoft.com"),
        ("https://graph.microsoft.com:443/", "https://graph.microsoft.com"),
        ("https://graph.microsoft.com:65535", "https://graph.microsoft.com:65535"),
        ("http://localhost:80", "http://localhost"),
        ("https://my_graph:8443", "https://my_graph:8443"),
        ("https://[FE80::1]", "https://[fe80::1]"),
    ],
)
def test_a_root_is_written_in_one_way(url: str, root: str) -> None:
    """As Graph begins its links: they are compared with it."""
    assert Settings.from_environ({"GATEWAY_GRAPH_URL": url}).graph_url == root


def test_loopback_may_be_plain() -> None:
    """The emulator has no certificate for Graph, and needs none."""
    for url in ("http://127.0.0.1:8001", "http://localhost:8001/", "http://[::1]:8001"):
        assert Settings.from_environ({"GATEWAY_GRAPH_URL": url}).graph_url == url.rstrip("/")
