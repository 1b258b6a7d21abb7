"""`{% once paper.facts %} … {% endonce %}`: a part of a template that is filled once, however many emails show it.

A paper goes to a thousand readers; its title, authors and summary are escaped and put together for the first of them.
What stands inside may depend on nothing but the values that the tag names, which a check at compile time holds it to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, nodes
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


class Once(Extension):
    """The tag. Values named by it must be hashable, and hash by what they show."""

    tags = {"once"}  # noqa: RUF012 - as Jinja declares it

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters[_FIND] = dict.get
        environment.filters[_KEEP] = _keep_line if environment.autoescape else _keep

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return the statements that take what was filled before, or fill the part and keep it.

        Plain statements and filters: to call a function of a template goes through the sandbox, and takes longer than
        to look a part up.
        """
        line = next(parser.stream).lineno
        keys = [parser.parse_expression()]
        while parser.stream.skip_if("comma"):
            keys.append(parser.parse_expression())
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        allowed = {path for key in keys if (path := _path(key))}
        for path, used_on in _used(body):
            if not any(path[: len(one)] == one for one in allowed):
                told = ", ".join(sorted(".".join(one) for one in allowed))
                parser.fail(f'"{".".join(path)}" is not among what this part is filled once for ({told})', used_on)
        # Names of Python's own, which Jinja does not look up.
        part, new, key = parser.free_identifier(), parser.free_identifier(), parser.free_identifier()

        def kept(name: str, *arguments: nodes.Expr) -> nodes.Expr:
            return nodes.Filter(nodes.Name(CACHE, "load"), name, list(arguments), [], None, None)

        missing = nodes.Compare(part, [nodes.Operand("eq", nodes.Const(None))])
        fill = [nodes.AssignBlock(new, None, body), nodes.Assign(part, kept(_KEEP, key, new))]
        statements: list[nodes.Node] = [
            nodes.Assign(key, nodes.Tuple([nodes.Const(part.name), *keys], "load")),
            nodes.Assign(part, kept(_FIND, key)),
            nodes.If(missing, fill, [], []),
            nodes.Output([part]),
        ]
        return [statement.set_lineno(line) for statement in statements]


_BLANK_LINES = re.compile(r"[ \t]*\n[ \t\n]*")
_FIND, _KEEP = "once_found", "once_kept"


def _keep(filled: Filled, key: tuple[Any, ...], part: str) -> str:
    filled[key] = part
    return part


def _keep_line(filled: Filled, key: tuple[Any, ...], part: str) -> str:
    """Keep a part of HTML on lines of its own, where a line end is a blank: a line is encoded for sending once too."""
    return _keep(filled, key, type(part)(_BLANK_LINES.sub("\n", f"\n{part}\n")))


def _used(body: list[nodes.Node]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield every path (`paper.facts.title`) that is read in `body` and was not made there, with its line."""
    made = {name.name for node in body for name in node.find_all(nodes.Name) if name.ctx in ("store", "param")}
    for node in body:
        yield from ((path, line) for path, line in _paths(node) if path[0] not in made | {CACHE})


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
