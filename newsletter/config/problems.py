"""Errors of pydantic → problems that a person understands: the place, the reader's name, the way out.

Neither pydantic's own texts nor its inputs are passed on, because a value may be a secret: what is shown is what
stands in the file, and for passwords and addresses of servers not even that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from newsletter.config.fields import did_you_mean
from newsletter.config.naming import Location, is_secret, masked, shown, subject
from newsletter.config.place import Findings, Node

_LONG_ENOUGH_FOR_A_SECRET = 4
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "list_type": lambda _: "must be a list: [one, two], or a line with '- ' for each",
    "model_type": lambda _: "must hold keys and their values",
    "model_attributes_type": lambda _: "must hold keys and their values",
    "dict_type": lambda _: "must hold keys and their values",
    "int_type": lambda _: "must be a whole number",
    "int_parsing": lambda _: "must be a whole number",
    "int_from_float": lambda _: "must be a whole number",
    "float_type": lambda _: "must be a number",
    "float_parsing": lambda _: "must be a number",
    "finite_number": lambda _: "must be a finite number",
    "bool_type": lambda _: "must be true or false",
    "bool_parsing": lambda _: "must be true or false",
    "string_too_short": lambda _: "is empty",
    "string_pattern_mismatch": lambda _: "does not have the right form",
    "too_short": lambda _: "needs at least one item",
    "too_long": lambda context: f"has too many items; at most {context['max_length']}",
    "greater_than": lambda context: f"must be greater than {context['gt']:g}",
    "greater_than_equal": lambda context: f"must be at least {context['ge']:g}",
    "less_than_equal": lambda context: f"must be at most {context['le']:g}",
    "less_than": lambda context: f"must be less than {context['lt']:g}",
    "enum": lambda context: f"must be {context['expected']}",
    "literal_error": lambda context: f"must be {context['expected']}",
}


def note(error: ValidationError, root: Node, findings: Findings, *, model: type[BaseModel], at: Location = ()) -> None:
    """Note every error of `model`, which was given what stands in the tree under `at`."""
    for found in error.errors(include_url=False, include_input=False):
        location = (*at, *found["loc"])
        if found["type"] == "extra_forbidden":
            _note_unknown_key(root, location, _keys(model, found["loc"][:-1]), findings)
            continue
        node, known = _deepest(root, location)
        if node.broken:
            continue
        if found["type"] == "missing":
            findings.problem(node.place, f"{_before(root, known)}missing key '{location[-1]}'")
        else:
            findings.problem(node.place, _told(root, node, known, found) + _example(model, found))


def _note_unknown_key(root: Node, location: Location, keys: list[str], findings: Findings) -> None:
    node, known = _deepest(root, location[:-1])
    key = str(location[-1])
    findings.problem(node.keys[key], f"{_before(root, known)}{unknown_key(key, keys, within=known)}")
    node.forget(key)


def unknown_key(key: str, known: Iterable[str], *, within: Location = (), what: str = "key") -> str:
    """Return the words for a key that is not one of the known; a forgotten space can make a secret part of it."""
    known = list(known)
    near = did_you_mean(key, known)
    word = _WORD.match(key)
    if not word or (is_secret(within) and not near):
        name = f"a {what} that is not known"
    elif word.group() == key:
        name = f"unknown {what} {shown(key)}"
    else:
        near = "; after the ':' of a key stands a space, and a text with ': ' in it stands in quotes"
        name = f"unknown {what}, beginning with {shown(word.group())}"
    return name + (near or f"; known: {', '.join(known)}")


def _deepest(root: Node, location: Location) -> tuple[Node, Location]:
    """Return the node nearest to a location, and its own: shorthands are spelled out further than the file."""
    node = root
    for depth, part in enumerate(location):
        child = node.child(part)
        if child is None:
            return node, location[:depth]
        node = child
    return node, location


def _before(root: Node, location: Location) -> str:
    return f"{subject(root, location)}: " if location else ""


def _told(root: Node, node: Node, location: Location, error: ErrorDetails) -> str:
    """Return the sentence of a wrong value."""
    kind, context = error["type"], error.get("ctx", {})
    spoken = subject(root, location)
    value = "" if isinstance(node.value, dict | list) or is_secret(location) else shown(node.written)
    if kind == "wrong":
        return f"{spoken}{f' {value}' if node.written and value not in spoken else ''} {context['predicate']}"
    if kind == "string_type":
        return f"{spoken} must be text" + ("; put it in quotes" if isinstance(node.value, int | float) else "")
    if kind in _WORDS:
        near = did_you_mean(node.written, re.findall(r"'(\w+)'", context.get("expected", ""))) if context else ""
        return f"{spoken} {_WORDS[kind](context)}{near}"
    text = str(context["error"]) if kind == "value_error" and "error" in context else error["msg"]
    return f"{spoken}: {_masked(' '.join(text.split()), node)}"


def _example(model: type[BaseModel], error: ErrorDetails) -> str:
    """Return an example of a value that would have the right form, where its field gives one."""
    *section, key = (part for part in error["loc"] if isinstance(part, str)) if error["loc"] else (None,)
    fields = _model_at(model, section).model_fields if error["type"] == "string_pattern_mismatch" else {}
    examples = fields[key].examples if key in fields else None
    return f", such as {examples[0]}" if examples else ""


def _masked(text: str, node: Node) -> str:
    """Return words that we did not choose with every variable as it is written, and no credentials of an address."""
    for scalar in _scalars(node):
        value = str(scalar.value)
        if value != scalar.written and len(value) >= _LONG_ENOUGH_FOR_A_SECRET:
            text = text.replace(value, scalar.written)
    return masked(text)


def _scalars(node: Node) -> Iterator[Node]:
    if isinstance(node.value, str):
        yield node
    for child in (*node.entries.values(), *node.items):
        yield from _scalars(child)


def _keys(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys that a section knows, in their order."""
    return [field.alias or name for name, field in _model_at(model, location).model_fields.items()]


def _model_at(model: type[BaseModel], location: Iterable[str | int]) -> type[BaseModel]:
    """Return the model of the section at a location of another model."""
    for part in location:
        if isinstance(part, str):
            field = next(f for name, f in model.model_fields.items() if part in (name, f.alias))
            model = _model_in(field.annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for argument in get_args(annotation) if (found := _model_in(argument))), None)
