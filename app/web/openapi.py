"""The OpenAPI 3.1 description of the API, made from the table of operations and their types (adapter, no I/O).

`scripts/contract.py` writes it to docs/openapi.json and makes the pages' TypeScript types from that.
"""

import inspect
import json
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from app.web.http.contract import Nothing, Out
from app.web.http.operations import AnyOperation
from app.web.http.permissions import PERMISSIONS, PUBLIC
from app.web.wire.problems import KINDS

API_VERSION: Final = "1.0"
_FORM: Final = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
}
_REF: Final = "#/components/schemas/{name}"


class ProblemDetails(Out, frozen=True, kw_only=True):
    """RFC 9457. `type` is urn:sanxiang:<kind>; further members by kind: errors, current, retry_after_s."""

    type: str
    title: str
    status: int
    detail: str


def describe(operations: Iterable[AnyOperation]) -> dict[str, Any]:
    """The whole document, as plain values. Raises ValueError when two types have one name."""
    operations = list(operations)
    feeds = [one.feed for one in operations if one.feed is not None]
    sent, received = [feed.sends for feed in feeds], [feed.receives for feed in feeds if feed.receives is not None]
    types = [kind for one in operations for kind in (one.query, one.body, one.answer) if kind is not None]
    types += [kind for _, kind in (*sent, *received)]
    schemas, components = msgspec.json.schema_components([*types, ProblemDetails], ref_template=_REF)
    by_type = dict(zip([*map(id, types), id(ProblemDetails)], schemas, strict=True))
    _check_names(components)
    for name, union in (*sent, *received):
        if name not in components:
            components[name] = by_type[id(union)]
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(_template(one.path), {})[one.method.lower()] = _operation(one, by_type, components)
    for query in {one.query.__name__ for one in operations} - _names_in(paths):
        del components[query]  # what it holds is described as parameters
    answers = [one.answer for one in operations if one.answer is not None]
    _require_all(components, [by_type[id(kind)] for kind in (*answers, *(kind for _, kind in sent))])
    for schema in components.values():
        _tidy(schema)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sanxiang",
            "version": API_VERSION,
            "description": "Times are UTC, ISO 8601 with milliseconds. Lists go on with `after` = `next`.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {"Problem": _problem(by_type)},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "sanxiang-<port>"},
            },
        },
    }


def _check_names(components: dict[str, Any]) -> None:
    """Raises ValueError for a name with its module before it: another type has the same, and readers see our files."""
    doubled = sorted(name for name in components if "." in name)
    if doubled:
        raise ValueError(f"two types of the API have one name: {', '.join(doubled)}")


def _require_all(components: dict[str, Any], answers: list[Any]) -> None:
    """Marks all fields of what goes out as required: an answer leaves nothing out, also what has a default here."""
    seen: set[str] = set()
    to_do = _names_in(answers)
    while to_do:
        name = to_do.pop()
        seen.add(name)
        schema = components[name]
        if "properties" in schema:
            schema["required"] = list(schema["properties"])
            for field in schema["properties"].values():
                field.pop("default", None)
        to_do |= _names_in(schema) - seen


def _names_in(value: object) -> set[str]:
    """The components that a part of the document refers to."""
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(value)))


def _tidy(schema: dict[str, Any]) -> None:
    """A component has its name already; docstrings lose the margin they have in the code."""
    schema.pop("title", None)
    if "description" in schema:
        schema["description"] = inspect.cleandoc(schema["description"])


def _problem(by_type: dict[int, Any]) -> dict[str, Any]:
    return {
        "description": "A problem: " + ", ".join(f"{kind} {status}" for kind, (status, _) in KINDS.items()),
        "content": {"application/problem+json": {"schema": by_type[id(ProblemDetails)]}},
    }


def _template(path: str) -> str:
    """aiohttp's `{name:regex}` as OpenAPI's `{name}`."""
    return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", path)


def _operation(one: AnyOperation, by_type: dict[int, Any], components: dict[str, Any]) -> dict[str, Any]:
    roles = PERMISSIONS[one.name]
    described: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": _path_parameters(one) + _query_parameters(one, components),
        "responses": {
            str(one.status): _answer(one, by_type),
            "default": {"$ref": "#/components/responses/Problem"},
        },
        "security": [] if roles == PUBLIC else [{"token": []}, {"session": []}],
        "x-roles": "public" if roles == PUBLIC else sorted(roles),
    }
    if one.feed is not None and one.feed.receives is not None:
        described["x-receives"] = _ref(one.feed.receives[0])
    if one.body is not Nothing:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_type[id(one.body)]}},
        }
    elif one.takes_file:
        described["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}
    return described


def _answer(one: AnyOperation, by_type: dict[int, Any]) -> dict[str, Any]:
    if one.feed is not None:
        media = "application/json" if one.status == 101 else one.media
        return {"description": "Each message", "content": {media: {"schema": _ref(one.feed.sends[0])}}}
    if one.status == 204:
        return {"description": one.summary}
    schema = {} if one.answer is None else {"schema": by_type[id(one.answer)]}
    return {"description": one.summary, "content": {one.media: schema}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(name=name)}


def _path_parameters(one: AnyOperation) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", _template(one.path))
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(one: AnyOperation, components: dict[str, Any]) -> list[dict[str, Any]]:
    if one.query is Nothing:
        return []
    schema = components[one.query.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": described}
        for name, described in schema["properties"].items()
    ]
