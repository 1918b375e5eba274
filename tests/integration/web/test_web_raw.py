"""Requests that no client library would write, by plain sockets: generated, for each operation, never a 5xx. OPS-7"""

import asyncio
import itertools
import random
import re
from collections.abc import Iterator, Sequence

import pytest

from app.web.api.table import OPERATIONS
from tests.integration.web.conftest import LOCAL_TOKEN, House

pytestmark = pytest.mark.req("OPS-7")

MOST = 900
"""Of the generated requests of one kind: some seconds of CPU."""

HOSTS = [
    b"a:b",
    b"a:99999",
    b"a:0",
    b"[::1",
    b"[",
    b"",
    b"a b",
    b"\xff",
    b"u@h",
    b"a/b",
    b"x" * 300,
    b"a:80, b:80",
    b"-",
    b"a:",
]
ORIGINS = [b"http://[::1", b"http://a:b", b"null", b"\xff", b"", b"http://", b"a" * 4000, b"http://\xe6\x95\xa6"]
COOKIES = [
    b"\xff",
    b"%(name)s=\xff",
    b"%(name)s=\xc0\xaf",
    b"=;=;",
    b"%(name)s=" + b"a" * 4000,
    b'%(name)s="\\377"',
    b"%(name)s",
]
TOKENS = [
    b"Bearer \xff",
    b"Bearer",
    b"Bearer " + b"." * 50,
    b"bearer sx1.administrator.9.x",
    b"Basic \xff",
    b"\xe5\x80\xbc x",
]
OTHERS = [
    b"Idempotency-Key: \xff",
    b"Content-Type: \xff",
    b"Content-Type: application/json; charset=\xff",
    b"Content-Length: 99999999999999999999",
    b"Content-Length: -1",
    b"Transfer-Encoding: \xff",
    b"X-Forwarded-For: \xff, , 1.2.3.4.5",
    b"If-Modified-Since: Thu, 99 Foo 99999 99:99:99 GMT",
    b"If-None-Match: \xff",
    b"Range: bytes=99999999999999999999-",
    b"Range: bytes=\xff",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: \xff",
    b"Accept-Encoding: \xff",
    b"Expect: \xff",
    b"\xff: x",
]
PARTS = [
    b"a" * 256,
    b"%E6%95%A6" * 86,
    b"a" * 4000,
    b"%FF",
    b"%00",
    b"\xff",
    b"%ED%A0%80",
    b"%2e%2e%2f%2e%2e",
    b"9223372036854775807",
    b"9223372036854775808",
    b"9" * 200,
    b"-1",
    b"0001-01-01",
    b"9999-12-31",
    b"9999-12",
    b"0000-00",
    b"9999-W53",
    b"0001-W01",
    b"%E2%80%AE",
]
VALUES = [*PARTS, b"9999-12-31T23:59:59-14:00", b"0001-01-01T00:00:00%2B14:00", b"1e999", b"NaN", b"true", b"[]", b""]


def paths_of(path: str, parts: Sequence[bytes]) -> Iterator[bytes]:
    """An operation's path with each odd part in each of its places."""
    pieces = path.split("/")
    places = [at for at, piece in enumerate(pieces) if piece.startswith("{")]
    for place, part in itertools.product(places, parts):
        yield b"/".join(
            part if at == place else b"1" if at in places else piece.encode() for at, piece in enumerate(pieces)
        )


def request(method: str, target: bytes, *headers: bytes, host: bytes | None = None, body: bytes = b"") -> bytes:
    lines = [method.encode() + b" " + target + b" HTTP/1.1", b"Host: " + (b"127.0.0.1" if host is None else host)]
    lines += [*headers, b"Connection: close"]
    if body and not any(header.lower().startswith((b"content-length", b"transfer")) for header in headers):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def answer_to(house: House, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    try:
        writer.write(raw)
        await writer.drain()
        async with asyncio.timeout(20):
            return await reader.read(4096)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def assert_none_fails(house: House, requests: Sequence[bytes]) -> None:
    """At most a few at a time. An answer is a status below 500, or 503 for what the little house has not."""
    gate, failed = asyncio.Semaphore(8), []

    async def one(raw: bytes) -> None:
        async with gate:
            answer = await answer_to(house, raw)
        status = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
        if status is None or (status[1] >= b"500" and status[1] != b"503"):
            failed.append((raw[:300], answer[:200]))

    await asyncio.gather(*(one(raw) for raw in requests))
    assert not failed, failed[:5]


def drawn(requests: Sequence[bytes]) -> Sequence[bytes]:
    """Many enough of them, the same ones each time."""
    return random.Random(18).sample(requests, min(len(requests), MOST))


AUTHORIZED = b"Authorization: Bearer " + LOCAL_TOKEN.encode()
STREAMS = ("live_desk", "live_wallboard")


async def test_no_header_makes_the_server_fail(house: House) -> None:
    name = f"sanxiang-{house.server.port}".encode()
    targets = [b"/api/me", b"/status", b"/", b"/api/login", b"/api/public/form", b"/assets/x.js"]
    requests = []
    for target, method in itertools.product(targets, ("GET", "POST")):
        requests += [request(method, target, host=host) for host in HOSTS]
        requests += [request(method, target, b"Origin: " + origin, b"Cookie: %s=x" % name) for origin in ORIGINS]
        requests += [request(method, target, b"Cookie: " + each.replace(b"%(name)s", name)) for each in COOKIES]
        requests += [request(method, target, b"Authorization: " + token) for token in TOKENS]
        if (method == "POST") == (target == b"/api/login"):
            requests += [request(method, target, AUTHORIZED, other, body=b"{}") for other in OTHERS]
        requests += [request(method, target, b"Origin: http://a", b"Cookie: %s=x" % name, host=host) for host in HOSTS]
    await assert_none_fails(house, requests)


async def test_no_part_of_a_path_makes_the_server_fail(house: House) -> None:
    requests = [request("GET", b"/" + part) for part in PARTS]
    for operation in OPERATIONS:
        if operation.name not in STREAMS:
            for path in paths_of(operation.path.replace("{path:.*}", "{path}"), PARTS):
                requests.append(request(operation.method, path, AUTHORIZED))
    await assert_none_fails(house, drawn(requests))


async def test_no_value_of_a_query_makes_the_server_fail(house: House) -> None:
    requests = []
    for operation in OPERATIONS:
        if operation.name not in STREAMS and operation.method == "GET":
            path = next(paths_of(operation.path.replace("{path:.*}", "{path}"), [b"1"]), operation.path.encode())
            for field, value in itertools.product(operation.query.__struct_fields__, VALUES):
                requests.append(request("GET", path + b"?" + field.encode() + b"=" + value, AUTHORIZED))
    await assert_none_fails(house, drawn(requests))


async def test_no_number_or_day_of_a_body_makes_the_server_fail(house: House) -> None:
    number = (await house.call()).encode()
    bodies = [
        (b"/api/bookings", b'{"customer": %s}'),
        (
            b"/api/due-calls",
            b'{"kind": "reminder", "ticket": "x", "number": "13812345678", "due_at": "2026-11-30T00:00:00Z", "x": %s}',
        ),
        (b"/api/quality/checks", b'{"week": "%s"}'),
        (b"/api/quality/draw", b'{"week": "%s"}'),
        (b"/api/agents/8001/file", b'{"kind": "remark", "words": "x", "points": %s}'),
        (b"/api/agents/8001/file", b'{"kind": "remark", "words": "x", "day": "%s"}'),
        (b"/api/tickets/%s" % number, b'{"version": %s}'),
        (b"/api/customers/1/merge", b'{"into": %s}'),
    ]
    values = [
        b"9223372036854775808",
        b"-9223372036854775809",
        b"1e400",
        b"9999-12-31",
        b"0001-01-01",
        b"9999-W52",
        b"4000000000",
    ]
    await assert_none_fails(
        house,
        [
            request(method, path, AUTHORIZED, b"Content-Type: application/json", body=body % value)
            for (path, body), value, method in itertools.product(bodies, values, ("POST", "PATCH"))
        ],
    )


async def test_what_is_refused_at_the_edge_is_told_with_its_place(house: House) -> None:
    for raw, place in (
        (request("GET", b"/status", host=b"a:99999"), b"Host"),
        (request("GET", b"/status", b"Cookie: \xff"), b"Cookie"),
        (request("GET", b"/" + b"a" * 256), b"path"),
        (request("GET", b"/api/quality/assessment?month=9999-12", AUTHORIZED), b"month"),
    ):
        answer = await answer_to(house, raw)
        assert answer.startswith(b"HTTP/1.1 400 "), answer
        assert b'"field":"' + place in answer.replace(b'": "', b'":"'), answer


async def test_no_answer_names_what_the_server_is_made_of(house: House) -> None:
    for raw in (request("GET", b"/"), request("GET", b"/status"), request("GET", b"/status", host=b"a:b")):
        head = (await answer_to(house, raw)).partition(b"\r\n\r\n")[0].lower()
        assert b"aiohttp" not in head and b"python" not in head and b"\r\nserver: " not in head


async def test_nobody_but_a_proxy_of_ours_makes_a_page_one_by_tls(house: House) -> None:
    head = (await answer_to(house, request("GET", b"/status", b"X-Forwarded-Proto: https"))).lower()
    assert b" 200 " in head.partition(b"\r\n")[0] and b"strict-transport-security" not in head


async def test_strangers_learn_of_the_status_that_it_is_up(house: House) -> None:
    async with house.browser() as stranger, stranger.get("/status") as answer:
        assert await answer.json() == {"status": "up", "parts": {}}
    async with house.logged_in("8001") as agent, agent.get("/status") as answer:
        assert (await answer.json())["parts"]
