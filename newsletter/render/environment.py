"""The Jinja that templates are written in: sandboxed, strict about names, with the words of one language."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from io import StringIO
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from newsletter.models import Picture
from newsletter.render.facts import PaperFacts
from newsletter.render.filters import FILTERS
from newsletter.render.language import Language
from newsletter.render.once import Once
from newsletter.render.shown import HealthView, IssueView, PaperView, ReasonView, SectionView, UnconfirmedView

# Records whose every attribute is for templates; looking without the sandbox's questions takes a fifth of the time.
_VIEWS = (HealthView, IssueView, PaperView, ReasonView, SectionView, UnconfirmedView)
_OPEN = frozenset((*_VIEWS, PaperFacts, Picture, LoopContext))


RECORDS = {kind.__name__: tuple(name for name in dir(kind) if name[0] != "_") for kind in _OPEN}
"""What may be read of each open record, by the name of its class."""

_READ = frozenset(name for names in RECORDS.values() for name in names)


class Generator(CodeGenerator):
    """Writes Python that reads attributes of open records at once, and escapes only what is not escaped yet.

    Everything else is asked of the sandbox, and escaped, as Jinja writes it. A text is a number, see `skeleton`, and
    becomes bytes: a list of numbers and of what constants show. No filter is called before a template is filled, so
    that the code is the same in every language.
    """

    def __init__(self, jinja: jinja2.Environment) -> None:
        self._written = StringIO()
        super().__init__(jinja, None, None, self._written, optimized=False)
        self.outside = set[str]()
        """The names that the template does not make itself."""

    @property
    def written(self) -> str:
        """Return the Python that is written so far."""
        return self._written.getvalue()

    def enter_frame(self, frame: Frame) -> None:
        """Write how names are found, and remember which come from outside."""
        super().enter_frame(frame)
        loads = frame.symbols.loads.values()
        self.outside |= {str(name) for action, name in loads if action == VAR_LOAD_RESOLVE} - set(
            self.environment.globals
        )

    def visit_TemplateData(self, node: nodes.TemplateData, frame: Frame) -> None:  # noqa: ARG002, N802 - Jinja's name
        """Write the number of a part that is filled once."""
        self.write(_as_bytes([int(node.data)]))

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> Any:
        if isinstance(node, nodes.TemplateData):
            return int(node.data)
        if isinstance(node, nodes.Const):
            return super()._output_child_to_const(node, frame, finalize)
        raise nodes.Impossible

    def _output_const_repr(self, group: Iterable[Any]) -> str:
        return _as_bytes(list(group))

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - Jinja's name
        """Write `record.attribute`, the record found once."""
        if node.attr not in _READ:
            super().visit_Getattr(node, frame)
            return
        self.write(f"(_read.{node.attr} if (_read := ")
        self.visit(node.node, frame)
        self.write(f").__class__ in environment.open else environment.getattr(_read, {node.attr!r}))")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("(_shown if (_shown := ")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile:
            super()._output_child_post(node, frame, finalize)
        else:
            kind, function = ("Markup", "escape") if frame.eval_ctx.autoescape else ("str", "str")
            self.write(f").__class__ is {kind} else {function}(_shown))")


def _as_bytes(group: list[int | str]) -> str:
    return repr(json.dumps(group).encode())


class Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which the records of a view are read, and our own functions called, without its questions."""

    code_generator_class = Generator
    open = _OPEN

    def call(self, context: Context, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Return what a function returns; SecurityError where the sandbox does not allow to call it."""
        if type(function) in _OURS:
            if kwargs:
                kwargs.pop("_loop_vars", None)  # which Jinja adds inside loops and blocks
                kwargs.pop("_block_vars", None)
            return function(*args, **kwargs)
        return super().call(context, function, *args, **kwargs)


@lru_cache(maxsize=64)
def environment(language: Language, *, autoescape: bool) -> Environment:
    """Return what templates of one language are compiled in: HTML with `autoescape`, text without.

    `_(message, name=value …)` and `ngettext(singular, plural, count, name=value …)` give a message in this language,
    `%(name)s` replaced and, in HTML, escaped. `number`, `listed`, `long_date`, `short_date` write the language's way.
    """
    made = Environment(
        autoescape=autoescape, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, extensions=[Once]
    )
    made.filters.update(FILTERS)
    dates = (language.long_date, language.short_date, language.weekdays)
    for write in (language.number, language.listed, language.quoted, *dates):
        made.filters[write.__name__] = write
    made.globals["_"] = Message(language, autoescape=autoescape)
    made.globals["ngettext"] = PluralMessage(language, autoescape=autoescape)
    return made


class Message:
    """`_(message, name=value …)`: a message in one language, `%(name)s` replaced."""

    def __init__(self, language: Language, *, autoescape: bool) -> None:
        self._language, self._autoescape = language, autoescape

    def __call__(self, message: str, **values: Any) -> str:
        """Return the message; in HTML every value is escaped."""
        return self._with(self._language.gettext(message), values)

    def _with(self, message: str, values: dict[str, Any]) -> str:
        """Return a message with its values; one that has none is taken as it is, percent signs and all."""
        try:
            return self._written(message, values)
        except (KeyError, ValueError, TypeError) as error:
            raise ValueError(f"the message {message!r} and its values do not go together: {error}") from error

    def _written(self, message: str, values: dict[str, Any]) -> str:
        if not self._autoescape:
            return message % values if values else message
        safe = escape(message)  # a translator writes text, quotes among it
        return Markup(str(safe) % {name: escape(value) for name, value in values.items()}) if values else safe  # noqa: S704


class PluralMessage(Message):
    """`ngettext(singular, plural, count, name=value …)`: the form that goes with a count, which is `%(num)s`."""

    def __call__(self, singular: str, plural: str, count: int, **values: Any) -> str:  # type: ignore[override]
        """Return the message; in HTML every value is escaped."""
        message = self._language.translations.ngettext(singular, plural, count)
        return self._with(message, {"num": self._language.number(count), **values})


_OURS = frozenset((Message, PluralMessage))
