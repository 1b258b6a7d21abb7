"""`{% once paper.facts %} … {% endonce %}`: a part of a template that is filled once, however many emails show it.

A paper goes to a thousand readers; its title, authors and summary are escaped and put together for the first of them.
What stands inside may depend on nothing but the values that the tag names, which a check at compile time holds it to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser

MOST_FILLED = 20_000  # parts, some 20 MB; more are begun anew


class Filled(dict[tuple[Any, ...], str]):
    """The parts filled so far, by the place in the template and the values they depend on."""

    def __setitem__(self, key: tuple[Any, ...], value: str) -> None:
        """Keep a part; when there are too many, forget all."""
        if len(self) >= MOST_FILLED:
            self.clear()
        super().__setitem__(key, value)


FILLED: ContextVar[Filled] = ContextVar("FILLED")
"""The parts already filled, while a template is: no name of a template leads here."""


class Once(Extension):
    """The tag. Values named by it must be hashable, and hash by what they show."""

    tags = {"once"}  # noqa: RUF012 - as Jinja declares it

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters[_FIND] = _found
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
        self._check(parser, keys, body)
        # Names of Python's own, which Jinja does not look up.
        part, new, key = parser.free_identifier(), parser.free_identifier(), parser.free_identifier()

        def kept(name: str, *arguments: nodes.Expr) -> nodes.Expr:
            return nodes.Filter(key, name, list(arguments), [], None, None)

        missing = nodes.Compare(part, [nodes.Operand("eq", nodes.Const(None))])
        fill = [nodes.AssignBlock(new, None, body), nodes.Assign(part, kept(_KEEP, new))]
        statements: list[nodes.Node] = [
            nodes.Assign(key, nodes.Tuple([nodes.Const(part.name), *keys], "load")),
            nodes.Assign(part, kept(_FIND)),
            nodes.If(missing, fill, [], []),
            nodes.Output([part]),
        ]
        return [statement.set_lineno(line) for statement in statements]

    def _check(self, parser: Parser, keys: list[nodes.Expr], body: list[nodes.Node]) -> None:
        """Fail where the body reads what is neither made in it, nor named by the tag."""
        if not self.environment.sandboxed:
            return  # nobody fills a template there: Babel looks for messages
        allowed = {path for key in keys if (path := _path(key))}
        template = nodes.Template(body)
        template.set_environment(self.environment)
        outside = find_undeclared_variables(template) - {"_", "ngettext"}
        for node in body:
            for path, line in _paths(node):
                if path[0] in outside and not any(path[: len(one)] == one for one in allowed):
                    told = ", ".join(sorted(".".join(one) for one in allowed))
                    name = ".".join(path)
                    parser.fail(f'"{name}" is not among what this part is filled once for ({told})', line)


_BLANK_LINES = re.compile(r"[ \t]*\n[ \t\n]*")
_FIND, _KEEP = "found once", "kept once"  # which nobody can write into a template


def _found(key: tuple[Any, ...]) -> str | None:
    return FILLED.get().get(key)


def _keep(key: tuple[Any, ...], part: str) -> str:
    FILLED.get()[key] = part
    return part


def _keep_line(key: tuple[Any, ...], part: str) -> str:
    """Keep a part of HTML on lines of its own, where a line end is a blank: a line is encoded for sending once too."""
    return _keep(key, type(part)(_BLANK_LINES.sub("\n", f"\n{part}\n")))


def _paths(node: nodes.Node) -> Iterator[tuple[tuple[str, ...], int]]:
    if path := _path(node):
        yield path, node.lineno
        return
    for child in node.iter_child_nodes():
        yield from _paths(child)


def _path(node: nodes.Node) -> tuple[str, ...]:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        inner = _path(node.node)
        return (*inner, node.attr) if inner else ()
    return ()
