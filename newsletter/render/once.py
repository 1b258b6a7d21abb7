"""`{% once paper.facts %} … {% endonce %}`: a part of a template that is filled once, however many emails show it.

A paper goes to a thousand readers; its title, authors and summary are escaped and put together for the first of them.
What stands inside may depend on nothing but the values that the tag names, which a check at compile time holds it to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

CACHE = "once_filled"
"""What the parts already filled are passed to a template as."""

MOST_FILLED = 20_000  # parts, some 20 MB; more are begun anew


class Filled(dict[tuple[Any, ...], str]):
    """The parts filled so far, by the place in the template and the values they depend on."""

    def __setitem__(self, key: tuple[Any, ...], value: str) -> None:
        """Keep a part; when there are too many, forget all."""
        if len(self) >= MOST_FILLED:
            self.clear()
        super().__setitem__(key, value)


class Fill:
    """Fills a part, or takes what was filled before."""

    def __call__(self, filled: dict[tuple[Any, ...], str], key: tuple[Any, ...], caller: Callable[[], str]) -> str:
        """Return the part that `caller` fills, kept in `filled` under `key`."""
        found = filled.get(key)
        if found is None:
            found = filled[key] = caller()
        return found


class Once(Extension):
    """The tag. Values named by it must be hashable, and hash by what they show."""

    tags: ClassVar[set[str]] = {"once"}
    fill = Fill()

    def parse(self, parser: Parser) -> nodes.Node:
        """Return the call that fills the part, or takes what was filled before."""
        start = next(parser.stream)
        keys = [parser.parse_expression()]
        while parser.stream.skip_if("comma"):
            keys.append(parser.parse_expression())
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        allowed = {path for key in keys if (path := _path(key))}
        for path, line in _used(body):
            if not any(path[: len(one)] == one for one in allowed):
                told = ", ".join(sorted(".".join(one) for one in allowed))
                parser.fail(f'"{".".join(path)}" is not among what this part is filled once for ({told})', line)
        place = nodes.Const(parser.free_identifier().name)
        call = self.call_method("fill", [nodes.Name(CACHE, "load"), nodes.Tuple([place, *keys], "load")])
        return nodes.CallBlock(call, [], [], body).set_lineno(start.lineno)


def _used(body: list[nodes.Node]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield every path (`paper.facts.title`) that is read in `body` and was not made there, with its line."""
    made = {name.name for node in body for name in node.find_all(nodes.Name) if name.ctx in ("store", "param")}
    for node in body:
        yield from ((path, line) for path, line in _paths(node) if path[0] not in made)


def _paths(node: nodes.Node) -> Iterator[tuple[tuple[str, ...], int]]:
    if path := _path(node):
        yield path, node.lineno
        return
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        children: list[nodes.Node] = [
            *node.args,
            *(keyword.value for keyword in node.kwargs),
        ]  # `_()` and its like are no data
    else:
        children = list(node.iter_child_nodes())
    for child in children:
        yield from _paths(child)


def _path(node: nodes.Node) -> tuple[str, ...]:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        inner = _path(node.node)
        return (*inner, node.attr) if inner else ()
    return ()
