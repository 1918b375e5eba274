"""How a request looks from outside: proxies of ours are believed, and nobody else. ACC-1, D11."""

import pytest

from app.web.http.door.outside import Outside, client_address, outside

PROXIES = ("10.0.0.0/8",)


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", ["6.6.6.6"], "203.0.113.9"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["6.6.6.6", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        ("2001:db8:1:2:3::4", [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        (None, ["1.2.3.4"], "unknown"),
    ],
)
def test_only_proxies_of_ours_are_believed(peer: str | None, forwarded: list[str], address: str) -> None:
    assert client_address(peer, forwarded, ("10.0.0.0/8",)) == address


class Given(dict[str, str]):
    """Headers, one of each name."""

    def getall(self, key: str, default: list[str]) -> list[str]:
        return [self[key]] if key in self else default


def seen(peer: str | None, **headers: str) -> Outside:
    given = Given({name.replace("_", "-"): value for name, value in headers.items()})
    return outside(peer, "http", "127.0.0.1:8080", given, PROXIES)


def test_behind_a_proxy_with_tls_the_page_is_what_the_browser_shows() -> None:
    found = seen("10.0.0.1", X_Forwarded_Proto="https", X_Forwarded_Host="hotline.example.cn")
    assert found.origin == "https://hotline.example.cn" and found.secure and found.port == 443
    assert seen("10.0.0.1", X_Forwarded_Proto="https").origin == "https://127.0.0.1:8080"
    other = seen("10.0.0.1", X_Forwarded_Proto="https", X_Forwarded_Host="Hotline.example.cn:8443")
    assert other.origin == "https://hotline.example.cn:8443" and other.port == 8443


@pytest.mark.parametrize("peer", ["203.0.113.9", None, "::1"])
def test_a_stranger_cannot_make_the_page_look_like_another(peer: str | None) -> None:
    found = seen(peer, X_Forwarded_Proto="https", X_Forwarded_Host="evil.example", X_Forwarded_For="10.9.9.9")
    assert found.origin == "http://127.0.0.1:8080" and not found.secure
    assert found.address != "10.9.9.9"


@pytest.mark.parametrize("host", ["", "a b", "evil.example/path", "user@evil.example", "[::1", "a:999999", "a,b c"])
def test_what_is_no_host_is_not_taken_for_one(host: str) -> None:
    assert seen("10.0.0.1", X_Forwarded_Host=host).host == "127.0.0.1:8080"
    assert seen("10.0.0.1", X_Forwarded_Proto="gopher").scheme == "http"


@pytest.mark.parametrize(
    ("scheme", "host", "origin", "port"),
    [
        ("https", "a.cn:443", "https://a.cn", 443),
        ("http", "a.cn:80", "http://a.cn", 80),
        ("http", "[::1]:8080", "http://[::1]:8080", 8080),
        ("http", "a.cn:443", "http://a.cn:443", 443),
        ("http", "a:b", "http://a:b", 80),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(scheme: str, host: str, origin: str, port: int) -> None:
    found = Outside("unknown", scheme, host)
    assert (found.origin, found.port) == (origin, port)
