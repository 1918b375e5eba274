"""The whole API under generated requests, good and bad, for each role: never a fault of the server. TKT-1, CUS-4

Requests come from the API's own description (schemathesis); and a list of what has broken such servers before.
"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from app.web.tokens import role_token
from config.channels import Channels, Rate, WebForm, WebHooks
from config.schema import Role
from tests.integration.web.conftest import LOCAL_TOKEN, House

EXAMPLES = 12
LEFT_OUT = frozenset({"live_desk", "live_wallboard", "page"})
"""Streams without an end, and files."""


@pytest.fixture
def site_changes() -> dict[str, object]:
    much = Rate(burst=9000, per_hour=9000)
    form = WebForm(enabled=True, least_fill_s=0, per_address=much, total=much)
    return {"channels": Channels(web_form=form, web_hooks=WebHooks(allowed=("https://crm.example.cn",)))}


@pytest.mark.parametrize("role", ["agent", "supervisor", "administrator"])
async def test_no_request_makes_the_server_fail(house: House, role: Role) -> None:
    await house.call(agent="8001", recording="talk.wav")
    async with house.program() as program, program.get("/api/openapi.json") as answer:
        description = await answer.json()
    token = role_token(LOCAL_TOKEN, role, house.clock() + timedelta(hours=1))
    faults = await asyncio.to_thread(faults_of, description, house.origin, token)
    assert faults == []


def faults_of(description: dict[str, Any], origin: str, token: str) -> list[str]:
    """Every answer of 5xx that means a fault of ours, with the request that brought it about."""
    schema = schemathesis.openapi.from_dict(description)
    schema.config.update(base_url=origin)
    found: list[str] = []
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.definition.raw["operationId"] in LEFT_OUT:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @seed(4)
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def attempt(case: Any) -> None:
                answer = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=20)
                if answer.status_code >= 500 and answer.status_code != 503:
                    found.append(f"{answer.status_code} {case.as_curl_command()}")

            attempt()
    return found
