"""Turns pydantic's errors into faults: the place in the file, and a sentence that says what to write. Rules.

Not the rules themselves: they are in schema.py, actions.py and fields.py.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from config.loading.source import Fault, Mark, Tree
from config.values.fields import did_you_mean

Loc = tuple[int | str, ...]

_WANTED = {
    "string_type": "text, in quotes",
    "int_type": "a whole number, without quotes",
    "float_type": "a number, without quotes",
    "bool_type": "true or false",
    "tuple_type": "a list, such as [a, b]",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
}

_LIMITS = {
    "less_than_equal": "too large: at most {le}",
    "greater_than_equal": "too small: at least {ge}",
    "greater_than": "too small: more than {gt}",
}


def faults_of(errors: Sequence[ErrorDetails], tree: Tree, file: str, model: type[BaseModel]) -> list[Fault]:
    """One fault per error of validating `tree.plain()` as `model`."""
    found = []
    for error in errors:
        if error["type"] == "too_short" and error["input"]:
            continue  # pydantic counts only the sound items of a list: the others have faults of their own
        loc = error["loc"]
        if error["type"] == "union_tag_invalid":
            loc = (*loc, "go")
        mark = _mark(tree, loc, at_key=error["type"] == "extra_forbidden")
        found.append(Fault(file, mark.line, mark.column, _sentence(error, model)))
    return found


def _mark(tree: Tree, loc: Loc, *, at_key: bool) -> Mark:
    """The place of a loc. The tag of a union (`go: play`) is a step of the loc, but not of the file."""
    mark, arrived = tree.mark, True
    for index, part in enumerate(loc):
        last = index == len(loc) - 1
        if arrived and part == tree.text("go"):
            arrived = False
            continue
        if part == "[key]":
            return mark
        if tree.items is not None and isinstance(part, int) and part < len(tree.items):
            tree = tree.items[part]
        elif (child := tree.get(str(part))) is not None:
            if (at_key and last) or (not last and loc[index + 1] == "[key]"):
                return tree.key_mark(str(part))
            tree = child
        else:
            return mark
        mark, arrived = tree.mark, True
    return mark


def _sentence(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, loc, context = error["type"], error["loc"], error.get("ctx", {})
    name = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        known = _keys_at(model, loc[:-1])
        return f"unknown key '{name}'; keys here are: {', '.join(known)}{did_you_mean(name, known)}"
    if kind == "missing":
        return f"missing key '{name}'"
    if kind in _WANTED:
        return f"wrong type: this should be {_WANTED[kind]} (found {_shown(error['input'])})"
    if kind in _LIMITS:
        return _LIMITS[kind].format(**context)
    if kind == "literal_error":
        return _unknown_value(name, error["input"], context["expected"])
    if kind == "union_tag_not_found":
        return "missing key 'go': say where this leads, such as {go: queue, queue: hotline}"
    if kind == "union_tag_invalid":
        tags = context["expected_tags"].replace("'", "")
        return f"unknown action '{context['tag']}'; actions are: {tags}{did_you_mean(context['tag'], tags.split(', '))}"
    if kind == "too_short":
        return "must not be empty"
    return error["msg"]


def _unknown_value(key: str, value: object, expected: str) -> str:
    """`expected` is pydantic's: 'a', 'b' or 'c'."""
    allowed = [word.strip("' ") for word in expected.replace(" or ", ", ").split(",")]
    guess = did_you_mean(value, allowed) if isinstance(value, str) else ""
    what = key if key.isidentifier() else "value"
    return f"unknown {what} {_shown(value)}; allowed are: {expected}{guess}"


def _shown(value: object) -> str:
    if isinstance(value, dict | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else repr(value)


@cache
def _json_schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema()


def _keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys allowed at a loc, found by walking the model's JSON schema."""
    root = _json_schema(model)
    node: Mapping[str, Any] = root
    for part in loc:
        node = _resolved(root, node)
        if "discriminator" in node:
            node = {"$ref": node["discriminator"]["mapping"][part]}
        elif isinstance(part, int):
            node = node["items"]
        else:
            node = node.get("properties", {}).get(part) or node["additionalProperties"]
    return sorted(_resolved(root, node).get("properties", {}))


def _resolved(root: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind references; of a part that may be left out, that of the part."""
    while "$ref" in node or "anyOf" in node:
        node = next((each for each in node.get("anyOf", ()) if "$ref" in each), node)
        if "$ref" not in node:
            break
        node = root["$defs"][node["$ref"].rpartition("/")[2]]
    return node
