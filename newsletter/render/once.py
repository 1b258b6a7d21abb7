"""`{% once paper.facts %} … {% endonce %}`: a part of a template that is filled once, however many emails show it.

A paper goes to a thousand readers; its title, authors and summary are escaped and put together for the first of them.
What stands inside is a template of its own (see `skeleton`). It may depend on nothing but the values that the tag
names, which a check at compile time holds it to.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import jinja2
from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

MOST_FILLED = 20_000  # parts, some 20 MB; more are begun anew
BLANK_LINES = re.compile(r"[ \t]*\n[ \t\n]*")

Path = tuple[str, ...]
"""What is read: `("paper", "facts")`."""


class Filled(dict[tuple[Any, ...], str]):
    """The parts filled so far, by their template and the values they depend on."""

    def __setitem__(self, key: tuple[Any, ...], value: str) -> None:
        """Keep a part; when there are too many, forget all."""
        if len(self) >= MOST_FILLED:
            self.clear()
        super().__setitem__(key, value)


class Filling:
    """The filling of one template: what was filled before, and the templates of its parts by their number."""

    def __init__(self, filled: Filled, templates: Sequence[jinja2.Template], values: dict[str, Any]) -> None:
        self.filled, self.templates = filled, templates
        self._context = templates[-1].new_context(values)
        self.in_html = bool(templates[-1].environment.autoescape)

    def texts(self, number: int) -> Iterable[str]:
        """Return what one of the templates writes, piece by piece."""
        return self.templates[number].root_render_func(self._context)

    def part(self, key: tuple[Any, ...], values: dict[str, Any]) -> str:
        """Return a part that is not filled yet; a key begins with the number of its template."""
        context = self._context  # a new one would take longer than many a part
        around, context.vars = context.vars, values
        try:
            return self.keep(key, self.texts(key[0]))
        finally:
            context.vars = around

    def keep(self, key: tuple[Any, ...], texts: Iterable[str]) -> str:
        """Return the texts of a part as one, and keep it.

        HTML stands on lines of its own, where a line end is a blank: lines are encoded for sending once too.
        """
        part = "".join(texts)
        if self.in_html:
            part = Markup(BLANK_LINES.sub("\n", f"\n{part}\n"))  # noqa: S704 - escaped piece by piece
        self.filled[key] = part
        return part


FILLING: ContextVar[Filling] = ContextVar("FILLING")
"""What is being filled: no name of a template leads here."""


class Once(Extension):
    """The tag. Values named by it must be hashable, and hash by what they show."""

    tags = {"once"}  # noqa: RUF012 - as Jinja declares it

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters[_ONCE] = _part

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return the statement that writes what was filled before, or fills the part.

        A plain filter: to call a function of a template goes through the sandbox, and takes longer than to look a part
        up.
        """
        line = next(parser.stream).lineno
        keys = [parser.parse_expression()]
        while parser.stream.skip_if("comma"):
            keys.append(parser.parse_expression())
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        if not self.environment.sandboxed:
            return [*map(nodes.ExprStmt, keys), *body]  # nobody fills a template there: Babel looks for messages
        number = next(data for node in body for data in node.find_all(nodes.TemplateData))
        values = [nodes.Keyword(root, nodes.Name(root, "load")) for root in sorted({path[0] for path in _named(keys)})]
        key = nodes.Tuple([number, *keys], "load")
        return [nodes.Output([nodes.Filter(key, _ONCE, [], values, None, None)]).set_lineno(line)]


def asked_of(
    tree: nodes.Template, outside: Collection[str]
) -> tuple[tuple[tuple[Path, int], ...], Mapping[int, frozenset[Path]]]:
    """Return what a template reads of the names that come from `outside`, with lines, and what each `once` names."""
    reads = tuple((path, line) for path, line in _paths(tree) if path[0] in outside)
    tags = (node.node for node in tree.find_all(nodes.Filter) if node.name == _ONCE)
    named = {int(tag.items[0].data): frozenset(_named(tag.items[1:])) for tag in tags}  # type: ignore[union-attr]
    return reads, named


def told(path: Path, named: Collection[Path]) -> str:
    """Return what to say of a part that reads what its tag does not name."""
    among = ", ".join(sorted(".".join(one) for one in named))
    return f'"{".".join(path)}" is not among what this part is filled once for ({among})'


_ONCE = "filled once"  # which nobody can write into a template


def _part(key: tuple[Any, ...], /, **values: Any) -> str:
    filling = FILLING.get()
    part = filling.filled.get(key)
    return filling.part(key, values) if part is None else part


def _named(keys: Sequence[nodes.Expr]) -> list[Path]:
    return [path for key in keys if (path := _path(key))]


def _paths(node: nodes.Node) -> Iterator[tuple[Path, int]]:
    if path := _path(node):
        yield path, node.lineno
        return
    inner = (node.node,) if isinstance(node, nodes.Filter) and node.name == _ONCE else node.iter_child_nodes()
    for child in inner:
        if child is not None:
            yield from _paths(child)


def _path(node: nodes.Node) -> Path:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        inner = _path(node.node)
        return (*inner, node.attr) if inner else ()
    return ()
