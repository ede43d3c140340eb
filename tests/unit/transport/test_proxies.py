from __future__ import annotations

import pytest

from dashboard.call.events import Cause
from dashboard.resilience.retry import LinkError
from dashboard.transport.proxies import Proxy, proxy_for

HTTP = ("https://bot.test/", "http://bot.test/")
SOCKETS = ("wss://bot.test/ws", "ws://bot.test/ws")


@pytest.fixture(autouse=True)
def no_proxies(no_proxy_set: None) -> None:
    """The environment of whoever runs the tests plays no part."""


@pytest.mark.parametrize("url", HTTP + SOCKETS)
def test_without_a_proxy_in_the_environment_the_way_is_direct(url: str) -> None:
    assert proxy_for(url) is None


@pytest.mark.parametrize("url", ["https://bot.test/", "wss://bot.test/ws"])
def test_https_and_wss_go_by_the_same_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://user:s3cr3t@proxy.test:3128")
    proxy = proxy_for(url)
    assert proxy == Proxy("http://user:s3cr3t@proxy.test:3128", "proxy.test", 3128)
    assert "s3cr3t" not in repr(proxy)


@pytest.mark.parametrize("url", HTTP)
def test_one_proxy_may_be_named_for_all_http(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "proxy.test:3128")
    assert proxy_for(url) == Proxy("http://proxy.test:3128", "proxy.test", 3128)


@pytest.mark.parametrize("url", HTTP + SOCKETS)
def test_a_host_may_be_exempt(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://proxy.test:3128")
    assert proxy_for(url) is not None
    monkeypatch.setenv("no_proxy", "other.test,.bot.test")
    assert proxy_for(url) is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_is_never_reached_through_a_proxy(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    assert proxy_for(f"https://{host}:8443/") is None


@pytest.mark.parametrize("address", ["socks5://proxy.test:1080", "gopher://proxy.test", "http://proxy.test:port"])
@pytest.mark.parametrize("url", ["https://bot.test/", "wss://bot.test/ws"])
def test_a_proxy_that_cannot_be_used_is_a_link_error(url: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", address)
    with pytest.raises(LinkError) as raised:
        proxy_for(url)
    assert raised.value.failure.cause is Cause.PROXY_REFUSED
