"""Single sign-on against a small real provider: who comes back is known here, or nobody; no lie is believed. ACC-3"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from app.process.clock import utc_now
from app.sign_on.flow import SignOn
from app.sign_on.provider import AWAY_FOR
from app.sign_on.setup import make_sign_on
from app.web.server import create_app
from config.paths import DataDir
from config.service.accounts import Accounts, SingleSignOn
from tests.fakes.identity_provider import CLIENT, SECRET, Claims, IdentityProvider, identity_provider
from tests.fakes.small_site import small_site
from tests.integration.web.conftest import PASSWORDS, House


class Entrance:
    """A server with single sign-on, and the browser of somebody who uses it."""

    def __init__(self, house: House, origin: str, provider: IdentityProvider) -> None:
        self.house, self.origin, self.provider = house, origin, provider

    def browser(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": self.origin})

    async def begins(self, browser: aiohttp.ClientSession, to: str = "/") -> str:
        """Where the browser is sent."""
        async with browser.get(f"{self.origin}/api/login/sign-on", params={"to": to}, allow_redirects=False) as answer:
            assert answer.status == 302
            return answer.headers["Location"]

    async def visits(self, browser: aiohttp.ClientSession, address: str) -> str:
        async with browser.get(address, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            return answer.headers["Location"]

    async def logs_in(self, browser: aiohttp.ClientSession, to: str = "/") -> str:
        """Through all of it; where the browser is in the end."""
        return await self.visits(browser, await self.visits(browser, await self.begins(browser, to)))

    async def who(self, browser: aiohttp.ClientSession) -> dict[str, Any] | None:
        async with browser.get(f"{self.origin}/api/me") as answer:
            return (await answer.json())["user"] if answer.status == 200 else None


@pytest.fixture
def strength() -> tuple[str, ...]:
    """What the site asks of the provider's login."""
    return ()


@pytest.fixture
async def entrance(house: House, strength: tuple[str, ...]) -> AsyncIterator[Entrance]:
    async with identity_provider() as provider:
        rule = SingleSignOn(issuer=provider.issuer, client_id=CLIENT, strength=strength)
        accounts = Accounts(second_factor=("administrator",), single_sign_on=rule)
        site = house.site.model_copy(update={"accounts": accounts})
        services = replace(house.services, site=site, sign_on=SignOn(rule, SECRET, house.clock))
        server = TestServer(create_app(services, ui=house.ui), host="127.0.0.1")
        await server.start_server()
        origin = str(server.make_url("/").origin())
        provider.redirects = (f"{origin}/api/login/sign-on/back",)
        try:
            yield Entrance(house, origin, provider)
        finally:
            await server.close()


@pytest.mark.req("ACC-3")
async def test_who_the_provider_knows_is_in_and_needs_no_second_factor_of_ours(entrance: Entrance) -> None:
    async with entrance.browser() as browser:
        async with browser.get(f"{entrance.origin}/api/login") as answer:
            assert (await answer.json())["sign_on"]["title_en"] == "Single sign-on"
        assert await entrance.logs_in(browser, "/tickets") == "/tickets"
        who = await entrance.who(browser)
        assert who is not None and (who["name"], who["pending"], who["signed_on"]) == ("8901", None, True)
        async with browser.post(f"{entrance.origin}/api/logout") as answer:
            assert answer.status == 204
        assert await entrance.who(browser) is None
        ended = urlsplit(await entrance.visits(browser, f"{entrance.origin}/api/login/sign-on/end"))
        assert (ended.path, parse_qs(ended.query)["client_id"]) == ("/end", [CLIENT])
    assert entrance.provider.refusals == []
    (row,) = (await entrance.house.store.audit.list(subject="user 8901", action="logged_in")).items
    assert '"by":"sign_on"' in row.details


@pytest.mark.req("ACC-3")
async def test_the_password_stays_for_the_day_the_provider_is_away(entrance: Entrance) -> None:
    entrance.provider.up = False
    async with entrance.browser() as browser:
        assert await entrance.begins(browser) == "/login?sign_on=away"
        login = {"name": "8001", "password": PASSWORDS["8001"]}
        async with browser.post(f"{entrance.origin}/api/login", json=login) as answer:
            assert answer.status == 200
        who = await entrance.who(browser)
        assert who is not None and who["signed_on"] is False
        for _ in range(20):
            assert await entrance.begins(browser) == "/login?sign_on=away"
        assert len(entrance.provider.asked) <= 5, "it is left in peace, however often somebody clicks"


@pytest.mark.req("ACC-3")
@pytest.mark.parametrize("person", ["stranger", "8901 ", "8901\0", "", None])
async def test_nobody_gets_an_account_by_it(entrance: Entrance, person: str | None) -> None:
    entrance.provider.person = person
    async with entrance.browser() as browser:
        wanted = "cancelled" if person is None else "unknown_person"
        assert await entrance.logs_in(browser) == f"/login?sign_on={wanted}"
        assert await entrance.who(browser) is None
    assert {account.name for account in await entrance.house.store.users.list()} == {
        agent.id for agent in entrance.house.site.agents
    }


@pytest.mark.req("ACC-3", "ACC-2")
async def test_who_is_locked_here_is_locked_whatever_the_provider_says(entrance: Entrance) -> None:
    async with entrance.browser() as browser, entrance.house.program() as operator:
        entrance.provider.person = "8002"
        assert await entrance.logs_in(browser) == "/"
        async with operator.post("/api/users/8002/lock") as answer:
            assert answer.status == 200
        assert await entrance.who(browser) is None
        assert await entrance.logs_in(browser) == "/login?sign_on=unknown_person"


@pytest.mark.req("ACC-3", "ACC-5")
async def test_who_is_turned_back_is_on_the_trail(entrance: Entrance, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="security")
    async with entrance.browser() as browser, entrance.house.program() as operator:
        async with operator.post("/api/users/8002/lock") as answer:
            assert answer.status == 200
        for person in ("8002", "a-password-in-the-wrong-field"):
            entrance.provider.person = person
            await entrance.logs_in(browser)
        entrance.provider.lie = changed(nonce="x" * 43)
        await entrance.logs_in(browser)
    rows = (await entrance.house.store.audit.list(action="login_refused")).items[::-1]
    assert [(row.by, json.loads(row.details)["why"]) for row in rows] == [
        ("8002", "unknown_person"),
        ("unknown", "unknown_person"),
        ("unknown", "untrusted"),
    ]
    told = [record for record in caplog.records if record.name == "security"]
    assert [record.__dict__["action"] for record in told].count("sign_on_refused") == 3
    assert "wrong-field" not in str([(row.by, row.subject, row.details) for row in rows])


def changed(**claims: object) -> Callable[[Claims], Claims]:
    return lambda told: {name: value for name, value in (told | claims).items() if value is not None}


def unsigned(provider: IdentityProvider, claims: Claims) -> str:
    return provider.token(claims).rpartition(".")[0] + "."


def by_another_key(provider: IdentityProvider, claims: Claims) -> str:
    return jwt.encode({"alg": "ES256", "kid": provider.key.kid}, claims, ECKey.generate_key("P-256"))


def by_the_shared_secret(provider: IdentityProvider, claims: Claims) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET * 2))


LIES: dict[str, Callable[[IdentityProvider], None]] = {
    "another issuer": lambda provider: setattr(provider, "lie", changed(iss="https://elsewhere.example")),
    "another client": lambda provider: setattr(provider, "lie", changed(aud="other")),
    "for several, and for whom": lambda provider: setattr(provider, "lie", changed(aud=[CLIENT, "other"])),
    "made for another": lambda provider: setattr(provider, "lie", changed(aud=[CLIENT, "other"], azp="other")),
    "another nonce": lambda provider: setattr(provider, "lie", changed(nonce="x" * 43)),
    "no nonce": lambda provider: setattr(provider, "lie", changed(nonce=None)),
    "expired": lambda provider: setattr(provider, "lie", changed(exp=1_700_000_000)),
    "without an end": lambda provider: setattr(provider, "lie", changed(exp=None)),
    "of long ago": lambda provider: setattr(provider, "lie", changed(iat=1_700_000_000)),
    "not yet": lambda provider: setattr(provider, "lie", changed(iat=4_000_000_000)),
    "unsigned": lambda provider: setattr(provider, "signs", unsigned),
    "by another key": lambda provider: setattr(provider, "signs", by_another_key),
    "by the shared secret": lambda provider: setattr(provider, "signs", by_the_shared_secret),
    "no token at all": lambda provider: setattr(provider, "signs", lambda *_: "x.y"),
}


@pytest.mark.req("ACC-3")
@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_is_not_for_this_very_login_is_worth_nothing(entrance: Entrance, lie: str) -> None:
    LIES[lie](entrance.provider)
    async with entrance.browser() as browser:
        assert await entrance.logs_in(browser) == "/login?sign_on=untrusted"
        assert await entrance.who(browser) is None


@pytest.mark.req("ACC-3", "ACC-5")
async def test_a_name_that_the_provider_gives_to_somebody_else_lets_nobody_in(entrance: Entrance) -> None:
    async with entrance.browser() as owner, entrance.browser() as other, entrance.house.program() as operator:
        assert await entrance.logs_in(owner) == "/"
        entrance.provider.lie = changed(sub="id-of-another")
        assert await entrance.logs_in(other) == "/login?sign_on=another_person"
        assert await entrance.who(other) is None and await entrance.who(owner) is not None
        entrance.provider.lie = changed(preferred_username="8001")
        assert await entrance.logs_in(other) == "/login?sign_on=another_person", "8901 under another name"
        rows = (await entrance.house.store.audit.list(action="login_refused")).items[::-1]
        assert [(row.by, json.loads(row.details)["why"]) for row in rows] == [
            ("8901", "another_person"),
            ("8001", "another_person"),
        ]
        async with operator.post("/api/users/8901/reset") as answer:
            assert answer.status == 200
        entrance.provider.lie = changed(sub="id-of-another")
        assert await entrance.logs_in(other) == "/", "an administrator has recognised the person"
        entrance.provider.lie = changed()
        assert await entrance.logs_in(owner) == "/login?sign_on=another_person"


@pytest.mark.req("ACC-3")
@pytest.mark.parametrize("subject", [None, "", 5, ["x"], "a\0b", "é"])
async def test_a_token_without_an_id_of_the_person_is_worth_nothing(entrance: Entrance, subject: object) -> None:
    entrance.provider.lie = changed(sub=subject)
    async with entrance.browser() as browser:
        assert await entrance.logs_in(browser) == "/login?sign_on=untrusted"
        assert await entrance.who(browser) is None


@pytest.mark.req("ACC-3", "ACC-5")
@pytest.mark.parametrize("strength", [("phr", "2")])
@pytest.mark.parametrize("acr", [None, "1", "phr 2", ["phr"], {"phr": 1}, 2, ""])
async def test_a_login_that_is_weaker_than_the_site_asks_for_is_refused(entrance: Entrance, acr: object) -> None:
    async with entrance.browser() as browser:
        asked = parse_qs(urlsplit(await entrance.begins(browser)).query)
        assert asked["acr_values"] == ["phr 2"]
        entrance.provider.lie = changed(acr=acr)
        assert await entrance.logs_in(browser) == "/login?sign_on=too_weak"
        assert await entrance.who(browser) is None
        (row,) = (await entrance.house.store.audit.list(action="login_refused")).items
        assert (row.by, json.loads(row.details)["why"]) == ("8901", "too_weak")
        entrance.provider.lie = changed(acr="2")
        assert await entrance.logs_in(browser) == "/"
        assert await entrance.who(browser) is not None


async def test_nothing_is_asked_of_the_providers_login_unless_the_site_does(entrance: Entrance) -> None:
    async with entrance.browser() as browser:
        assert "acr_values" not in await entrance.begins(browser)
        entrance.provider.lie = changed(acr="0")
        assert await entrance.logs_in(browser) == "/"


@pytest.mark.req("ACC-3")
async def test_only_the_browser_that_began_comes_back_and_within_ten_minutes(entrance: Entrance) -> None:
    async with entrance.browser() as victim, entrance.browser() as attacker:
        back = await entrance.visits(attacker, await entrance.begins(attacker))
        assert await entrance.visits(victim, back) == "/login?sign_on=expired", "it never began"
        await entrance.begins(victim)
        assert await entrance.visits(victim, back) == "/login?sign_on=expired", "it began another one"
        assert await entrance.who(victim) is None
        assert await entrance.visits(attacker, back) == "/", "in its own browser it is good"
        assert await entrance.visits(attacker, back) == "/login?sign_on=expired", "once"
    async with entrance.browser() as slow:
        back = await entrance.visits(slow, await entrance.begins(slow))
        entrance.house.clock.advance(timedelta(minutes=10))
        assert await entrance.visits(slow, back) == "/login?sign_on=expired"
        assert await entrance.visits(slow, f"{entrance.origin}/api/login/sign-on/back") == "/login?sign_on=expired"


@pytest.mark.req("ACC-3")
async def test_new_keys_of_the_provider_are_learnt(entrance: Entrance) -> None:
    async with entrance.browser() as browser:
        assert await entrance.logs_in(browser) == "/"
        entrance.provider.key = ECKey.generate_key("P-256", {"kid": "another"})
        entrance.house.clock.advance(timedelta(seconds=31))
        assert await entrance.logs_in(browser) == "/"
    assert entrance.provider.asked.count("/keys") == 2


async def test_what_the_provider_says_of_itself_has_to_be_its_own(entrance: Entrance) -> None:
    entrance.provider.metadata = {"issuer": "https://elsewhere.example"}
    async with entrance.browser() as browser:
        assert await entrance.begins(browser) == "/login?sign_on=untrusted"
        entrance.house.clock.advance(AWAY_FOR)
        entrance.provider.metadata = {"token_endpoint": "ftp://elsewhere.example/token"}
        assert await entrance.begins(browser) == "/login?sign_on=untrusted"
        entrance.house.clock.advance(AWAY_FOR)
        entrance.provider.metadata = {}
        address = await entrance.begins(browser)
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"] and len(asked["state"][0]) == len(asked["nonce"][0]) == 43


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"]
)
async def test_a_link_leads_to_no_other_server(entrance: Entrance, to: str) -> None:
    async with entrance.browser() as browser:
        assert await entrance.logs_in(browser, to) == "/"


def test_a_secret_that_others_can_read_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rule, data = SingleSignOn(issuer="https://login.example.cn", client_id=CLIENT), DataDir(tmp_path)
    site = small_site().model_copy(update={"accounts": Accounts(single_sign_on=rule)})
    assert make_sign_on(small_site(), data, utc_now) is None
    assert make_sign_on(site, data, utc_now) is not None, "a public client, which PKCE protects"
    data.sign_on_secret.write_text(SECRET, encoding="utf-8")
    data.sign_on_secret.chmod(0o640)
    assert make_sign_on(site, data, utc_now) is None and "chmod 600" in caplog.text
    data.sign_on_secret.chmod(0o600)
    assert make_sign_on(site, data, utc_now) is not None


async def test_a_site_without_a_provider_says_so(house: House) -> None:
    async with house.browser() as browser:
        async with browser.get("/api/login") as answer:
            assert (await answer.json())["sign_on"] is None
        for path in ("/api/login/sign-on", "/api/login/sign-on/back", "/api/login/sign-on/end"):
            async with browser.get(path, allow_redirects=False) as answer:
                assert answer.status == 404
