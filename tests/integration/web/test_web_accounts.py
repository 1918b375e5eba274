"""People's accounts over HTTP: the first login, rights that end at once, sessions, and behind a proxy. ACC-1, ACC-2."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from app.web.api.table import OPERATIONS
from app.web.http.permissions import PERMISSIONS, PUBLIC, SENSITIVE, WHILE_PENDING
from config.service.channels import Channels
from crm.use_cases.accounts.logins import log_in_signed_on
from crm.users.model import MOST_SESSIONS, Place, Vouched
from crm.users.throttle import PAIR
from routing.agent import AgentState
from tests.fakes.logins import password_of
from tests.integration.web.conftest import PASSWORDS, House, kind_of

CHOSEN = "teapot glacier violin"


@pytest.fixture
def site_changes() -> dict[str, object]:
    """Behind a proxy of its own, which these tests are."""
    return {"channels": Channels(trusted_proxies=("127.0.0.1/32",))}


@asynccontextmanager
async def entering(house: House, name: str, password: str, **headers: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with house.browser() as browser:
        async with browser.post("/api/login", json={"name": name, "password": password}, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        yield browser


async def post(client: aiohttp.ClientSession, path: str, **body: object) -> Any:
    async with client.post(path, json=body or None) as answer:
        assert answer.status in (200, 201, 204), await answer.text()
        return None if answer.status == 204 else await answer.json()


async def status(client: aiohttp.ClientSession, method: str, path: str, **body: object) -> tuple[int, str]:
    async with client.request(method, path, json=body or None) as answer:
        return answer.status, "" if answer.status < 400 else await kind_of(answer)


async def one_time(house: House, name: str) -> str:
    async with house.logged_in("8901") as chef:
        return str((await post(chef, f"/api/users/{name}/reset"))["password"])


@pytest.mark.req("ACC-1")
async def test_a_one_time_password_opens_nothing_of_the_api_but_the_choice_of_another(house: House) -> None:
    first = await one_time(house, "8801")
    opened = {}
    async with entering(house, "8801", first) as browser:
        async with browser.get("/api/me") as answer:
            assert (await answer.json())["user"]["pending"] == "new_password"
        for operation in OPERATIONS:
            if PERMISSIONS[operation.name] == PUBLIC or operation.name in ("logout", "change_password", "me"):
                continue
            path = operation.path.replace("{", "").replace("}", "")
            opened[operation.name] = await status(browser, operation.method, path)
        assert {name: found for name, found in opened.items() if found != (403, "new_password")} == {
            name: found for name, found in opened.items() if found == (403, "forbidden")
        }
        assert sum(found == (403, "new_password") for found in opened.values()) > 90
        assert await status(browser, "POST", "/api/me/password", old=first, new="1234567890") == (400, "invalid")
        assert await status(browser, "POST", "/api/me/password", old="x", new=CHOSEN) == (400, "invalid")
        await post(browser, "/api/me/password", old=first, new=CHOSEN)
        assert (await status(browser, "GET", "/api/tickets"))[0] == 200
    assert WHILE_PENDING["new_password"] == {"me", "logout", "change_password"}
    async with entering(house, "8801", CHOSEN) as browser, browser.get("/api/me") as answer:
        assert (await answer.json())["user"]["pending"] is None


@pytest.mark.req("ACC-1")
async def test_a_newcomers_first_login_takes_less_than_a_minute_with_all_that_the_server_does(house: House) -> None:
    first = await one_time(house, "8002")
    began = time.monotonic()
    async with entering(house, "8002", first) as browser:
        await post(browser, "/api/me/password", old=first, new=CHOSEN)
    assert time.monotonic() - began < 5


@pytest.mark.req("ACC-1")
async def test_passwords_and_one_time_passwords_lie_nowhere_in_clear(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Also with an Idempotency-Key, which keeps the answers of other requests."""
    caplog.set_level("DEBUG")
    headers = {"Idempotency-Key": "again-and-again"}
    async with house.logged_in("8901") as chef:
        async with chef.post("/api/users/8001/reset", headers=headers) as answer:
            first = (await answer.json())["password"]
        async with chef.post("/api/users/8001/reset", headers=headers) as answer:
            second = (await answer.json())["password"]
        assert first != second, "an answer with a secret is not kept for a second request"
        async with chef.get("/api/users") as answer:
            listed = await answer.text()
        async with chef.get("/api/audit") as answer:
            listed += await answer.text()
    async with entering(house, "8001", second) as browser:
        async with browser.post("/api/me/password", json={"old": second, "new": CHOSEN}, headers=headers) as answer:
            assert answer.status == 204
    kept = b"".join(path.read_bytes() for path in sorted(house.data.root.rglob("*")) if path.is_file())
    for secret in (first, second, CHOSEN):
        assert secret not in listed and secret not in caplog.text
        assert secret.encode() not in kept


@pytest.mark.req("ACC-2")
async def test_who_leaves_in_the_middle_of_a_talk_finishes_it_and_everything_else_ends_at_once(house: House) -> None:
    async with house.logged_in("8001") as browser, house.logged_in("8901") as chef:
        async with browser.get("/api/me") as answer:
            token = session_cookie_of(browser)
            assert answer.status == 200
        await post(browser, "/api/agents/8001/state", state="available")
        async with browser.ws_connect("/api/live/desk") as desk, house.program(token) as keeper:
            await desk.receive_json()
            await post(chef, "/api/users/8001/retire")
            async with asyncio.timeout(2):
                while (message := await desk.receive()).type is WSMsgType.TEXT:
                    continue
            assert message.type is WSMsgType.CLOSE and message.data == 4401
            assert (await status(browser, "GET", "/api/me"))[0] == 401
            assert (await status(keeper, "GET", "/api/me"))[0] == 401
        assert house.acd.agent("8001").state is AgentState.LOGGED_OUT
        assert await status(chef, "POST", "/api/agents/8001/state", state="available") == (409, "illegal_transition")
        await post(chef, "/api/users/8002/lock")
        assert (await status(chef, "POST", "/api/agents/8002/state", state="available"))[0] == 409
        await post(chef, "/api/users/8002/unlock")
        assert (await status(chef, "POST", "/api/agents/8002/state", state="available"))[0] == 200


def session_cookie_of(browser: aiohttp.ClientSession) -> str:
    return next(cookie.value for cookie in browser.cookie_jar if not cookie.key.endswith("-device"))


@pytest.mark.req("ACC-2")
@pytest.mark.parametrize("act", ["logout", "reset", "lock", "end", "own", "too many"])
async def test_a_wallboard_and_a_desk_end_with_their_login(house: House, act: str) -> None:
    async with house.logged_in("8801") as browser, house.logged_in("8901") as chef:
        async with browser.get("/api/live/wallboard") as wallboard:
            assert wallboard.status == 200
            if act == "logout":
                await post(browser, "/api/logout")
            elif act == "end":
                async with chef.delete("/api/users/8801/sessions") as answer:
                    assert (await answer.json())["ended"] == 1
            elif act == "too many":
                for _ in range(MOST_SESSIONS):
                    house.clock.advance(timedelta(seconds=1))
                    async with house.logged_in("8801"):
                        pass
            elif act == "own":
                async with house.logged_in("8801") as other, other.get("/api/me/sessions") as answer:
                    (first,) = [each["id"] for each in (await answer.json())["items"] if not each["current"]]
                    async with other.delete(f"/api/me/sessions/{first}") as ended:
                        assert ended.status == 200
            else:
                await post(chef, f"/api/users/8801/{act}")
            async with asyncio.timeout(2):
                said = await wallboard.content.read()
        assert b"event: session_over" in said


@pytest.mark.req("ACC-2")
async def test_everybody_sees_the_own_sessions_and_administrators_everybodys(house: House) -> None:
    async with entering(house, "8001", PASSWORDS["8001"], **{"User-Agent": "Firefox on the desk"}) as browser:
        async with house.logged_in("8001") as other, other.get("/api/me/sessions") as answer:
            mine = (await answer.json())["items"]
        assert len(mine) == 2 and [each["current"] for each in mine].count(True) == 1
        assert {each["browser"] for each in mine} >= {"Firefox on the desk"}
        async with house.logged_in("8901") as chef:
            async with chef.get("/api/users/8001/sessions") as answer:
                assert len((await answer.json())["items"]) == 2
            assert (await status(chef, "GET", "/api/users/nobody/sessions"))[0] == 404
            assert await status(chef, "DELETE", "/api/users/8001/sessions/0000000000000000") == (404, "not_found")
        theirs = next(each["id"] for each in mine if each["current"])
        async with house.logged_in("8002") as stranger:
            assert (await status(stranger, "DELETE", f"/api/me/sessions/{theirs}"))[0] == 404
            assert (await status(stranger, "GET", "/api/users/8001/sessions"))[0] == 403
        assert (await status(browser, "GET", "/api/me"))[0] == 200


@pytest.mark.req("ACC-2")
async def test_somebody_who_is_added_by_hand_works_under_the_own_name(house: House) -> None:
    async with house.logged_in("8901") as chef:
        person = {"name": "li.na", "display_name": "李娜", "display_name_en": "Li Na", "role": "supervisor"}
        first = await post(chef, "/api/users", **person)
        assert await status(chef, "POST", "/api/users", **person) == (409, "illegal_transition")
        assert await status(chef, "POST", "/api/users", **person | {"name": "Li Na"}) == (400, "invalid")
    async with entering(house, "li.na", first["password"]) as browser:
        await post(browser, "/api/me/password", old=first["password"], new=password_of("li.na"))
        async with browser.get("/api/me") as answer:
            user = (await answer.json())["user"]
        assert (user["display_name"], user["agent"], user["role"]) == ("李娜", None, "supervisor")
        assert (await status(browser, "GET", "/api/agents"))[0] == 200
        async with browser.get("/api/live/desk") as answer:
            assert answer.status == 400


PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hotline.example.cn"}


@pytest.mark.req("ACC-1")
async def test_a_login_behind_a_proxy_with_tls_works_and_its_cookies_are_for_tls_only(house: House) -> None:
    login = {"name": "8001", "password": PASSWORDS["8001"]}
    async with house.browser(origin="https://hotline.example.cn") as browser:
        async with browser.post("/api/login", json=login, headers=PROXY) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
            assert all(
                each["secure"] and name.startswith("__Host-sanxiang-443") for name, each in answer.cookies.items()
            )
            cookies = "; ".join(f"{name}={each.value}" for name, each in answer.cookies.items())
        async with browser.post(
            "/api/agents/8001/state", json={"state": "available"}, headers=PROXY | {"Cookie": cookies}
        ) as answer:
            assert answer.status == 200, await answer.text()
    async with house.browser(origin="https://evil.example") as foreign:
        async with foreign.post("/api/login", json=login, headers=PROXY) as answer:
            assert await kind_of(answer) == "foreign_origin"
    async with house.browser(origin="http://hotline.example.cn") as plain:
        async with plain.post("/api/login", json=login, headers=PROXY) as answer:
            assert await kind_of(answer) == "foreign_origin"
        async with plain.get("/status") as answer:
            assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.req("ACC-1")
async def test_every_answer_by_tls_asks_for_tls_for_a_year_and_none_by_plain_http_does(house: House) -> None:
    """Whatever the answer is: a browser takes it from the first one, for the names below too. By plain HTTP it would be
    forged or forgotten."""
    async with house.browser(origin=None) as browser:
        for path, expected in (("/status", 200), ("/api/me", 401), ("/api/nothing", 404), ("/" + "a" * 256, 400)):
            for headers, secure in ((PROXY, True), ({}, False), ({"X-Forwarded-Proto": "http"}, False)):
                async with browser.get(path, headers=headers) as answer:
                    assert answer.status == expected
                    told = answer.headers.get("Strict-Transport-Security")
                    assert told == ("max-age=31536000; includeSubDomains" if secure else None), (path, headers)


@pytest.mark.req("ACC-1")
async def test_behind_a_proxy_addresses_are_those_of_people_and_not_the_proxys(house: House) -> None:
    async with house.browser() as browser:
        for _ in range(PAIR.free):
            assert await guess_from(browser, "2001:db8:1:2::7") == 401
        assert await guess_from(browser, "2001:db8:1:2:ffff::1") == 429, "one subscriber has a whole /64"
        assert await guess_from(browser, "2001:db8:1:3::7") == 401
        assert await guess_from(browser, "198.51.100.4") == 401
    rows = (await house.store.audit.list(action="login_refused")).items
    assert {json.loads(row.details)["address"] for row in rows} == {
        "2001:db8:1:2::/64",
        "2001:db8:1:3::/64",
        "198.51.100.4",
    }


async def guess_from(browser: aiohttp.ClientSession, address: str) -> int:
    headers = {"X-Forwarded-For": address}
    async with browser.post("/api/login", json={"name": "8001", "password": "wrong"}, headers=headers) as answer:
        return answer.status


@pytest.mark.req("ACC-1")
async def test_a_stolen_session_does_not_guess_the_password_either(house: House) -> None:
    async with house.logged_in("8001") as browser:
        found = [
            await status(browser, "POST", "/api/me/password", old=f"guess {number}", new=CHOSEN)
            for number in range(PAIR.free + 2)
        ]
        assert found[0] == (400, "invalid") and found[-1] == (429, "too_many_attempts")
        for poor in ("short", "1234567890", "8001800180018001"):
            assert (await status(browser, "POST", "/api/me/password", old=PASSWORDS["8001"], new=poor))[0] in (400, 429)


@pytest.mark.req("ACC-1")
async def test_a_page_that_was_left_open_changes_no_rights_before_the_password_is_shown_again(house: House) -> None:
    """Each sensitive operation is refused after 16 minutes, goes on after the password, and not for longer."""
    async with house.logged_in("8901") as chef:
        await post(chef, "/api/users/8002/lock")
        house.clock.advance(timedelta(minutes=16))
        assert {name: await sensitive(chef, name) for name in SENSITIVE} == dict.fromkeys(
            SENSITIVE, (403, "confirm_password")
        )
        assert (await status(chef, "GET", "/api/users"))[0] == 200
        assert await status(chef, "POST", "/api/me/confirm", password="wrong") == (401, "wrong_login")
        assert await sensitive(chef, "unlock_user") == (403, "confirm_password")
        await post(chef, "/api/me/confirm", password=PASSWORDS["8901"])
        asked = {name: await sensitive(chef, name) for name in SENSITIVE}
        assert not [name for name, found in asked.items() if found == (403, "confirm_password")]
        async with house.logged_in("8901") as other:
            assert await sensitive(other, "unlock_user") == (404, "not_found")
        house.clock.advance(timedelta(minutes=16))
        assert await sensitive(chef, "unlock_user") == (403, "confirm_password")
    async with house.program() as program:
        assert await sensitive(program, "unlock_user") == (404, "not_found")
        assert await status(program, "POST", "/api/me/confirm", password="x") == (404, "not_found")
    (refused,) = (await house.store.audit.list(action="login_refused")).items
    (shown,) = (await house.store.audit.list(action="password_confirmed")).items
    assert refused.by == shown.by == "8901"
    assert json.loads(refused.details)["address"] == json.loads(shown.details)["address"] == "127.0.0.1"


async def sensitive(client: aiohttp.ClientSession, name: str) -> tuple[int, str]:
    """Asked for about somebody and something that there is not."""
    operation = next(each for each in OPERATIONS if each.name == name)
    path = re.sub(r"\{\w+\}", "nobody", operation.path)
    return await status(client, operation.method, path)


@pytest.mark.req("ACC-1")
async def test_a_password_that_is_asked_for_again_is_not_guessed_either(house: House) -> None:
    async with house.logged_in("8001") as browser:
        found = [
            await status(browser, "POST", "/api/me/confirm", password=f"guess {number}")
            for number in range(PAIR.free + 2)
        ]
        assert found[0] == (401, "wrong_login") and found[-1] == (429, "too_many_attempts")
        assert (await status(browser, "GET", "/api/me"))[0] == 200


@pytest.mark.req("ACC-1", "ACC-3")
async def test_who_has_no_password_here_is_told_to_log_in_again(house: House) -> None:
    """Somebody who came by single sign-on, and who has at most a one-time password here."""
    first = await one_time(house, "8001")
    vouched = Vouched(name="8001", issuer="https://id.example.cn", subject="lin")
    entered = await log_in_signed_on(house.store, vouched, Place(address="127.0.0.1", browser=""), device=None)
    assert not isinstance(entered, str)
    async with house.program(entered.session) as person:
        assert await sensitive(person, "end_own_session") == (404, "not_found"), "a single sign-on counts as a login"
        house.clock.advance(timedelta(minutes=16))
        assert await sensitive(person, "end_own_session") == (403, "confirm_password")
        async with person.post("/api/me/confirm", json={"password": first}) as answer:
            assert answer.status == 409
            told = await answer.json()
            assert "log in again" in told["detail"] and "重新登录" in told["detail_zh"]


@pytest.mark.req("ACC-1")
async def test_who_tries_weak_passwords_is_told_and_not_made_to_wait(house: House) -> None:
    async with house.logged_in("8001") as browser:
        for _ in range(PAIR.free + 3):
            async with browser.post("/api/me/password", json={"old": PASSWORDS["8001"], "new": "1234567890"}) as answer:
                assert answer.status == 400
                (fault,) = (await answer.json())["errors"]
                assert fault["field"] == "new" and fault["message"] and fault["message_zh"]
        await post(browser, "/api/me/password", old=PASSWORDS["8001"], new=CHOSEN)
