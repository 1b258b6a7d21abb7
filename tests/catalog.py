"""The messages that templates and code hold, and the catalogs of their translations.

`UPDATE_GOLDEN=1 pytest tests/test_language.py` brings the catalogs up to date: new messages come in empty, those
that are no longer used go. A header stays as it stands, places have no line numbers: a diff shows what was changed.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from newsletter.models import LEFTOVERS, PEOPLE

ROOT = Path(__file__).parent.parent
TRANSLATIONS = ROOT / "templates" / "translations"
SHIPPED = ("de", "fr", "zh")

_KEYWORDS = {"_": None, "ngettext": (1, 2)}
_JINJA = {"extensions": "newsletter.render.once.Once", "silent": "false"}
_WHERE: tuple[tuple[str, list[tuple[str, str]], dict[str, dict[str, str]]], ...] = (  # folder, method, its options
    ("newsletter/render", [("**.py", "python")], {}),
    ("templates", [("**.j2", "jinja2")], {"**.j2": _JINJA}),
)


@cache
def messages() -> tuple[Message, ...]:
    """Return every message of the templates and of the code around them, with the files it stands in, in order."""
    catalog = Catalog()
    for folder, methods, options in _WHERE:
        found = extract_from_dir(ROOT / folder, methods, options, keywords=_KEYWORDS)
        for name, _, message, _, _ in sorted(found, key=lambda each: each[0]):
            catalog.add(message, locations=[(f"{folder}/{Path(name).as_posix()}", 0)])
    for label in (LEFTOVERS, PEOPLE):
        catalog.add(label, locations=[("newsletter/models/issues.py", 0)])
    return tuple(message for message in catalog if message.id)


def ids() -> tuple[str, ...]:
    """Return every English message once, both forms of those that have two."""
    return tuple(form for message in messages() for form in forms(message.id))


def forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the forms of a message or of its translation: one, or as many as there are plurals."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def path(code: str) -> Path:
    """Return where the catalog of a language stands."""
    return TRANSLATIONS / f"{code}.po"


def read(code: str) -> Catalog:
    """Return the catalog of a language; ValueError for one that is no catalog."""
    return read_po(io.BytesIO(path(code).read_bytes()), locale=code, abort_invalid=True)


def updated(code: str) -> str:
    """Return the text of a language's catalog with the messages there are now, what is translated kept."""
    known = read(code) if path(code).is_file() else Catalog(code)
    made = Catalog(code)
    for message in messages():
        before = known.get(message.id)
        translated = before.string if before and _shape(before.id) == _shape(message.id) else _nothing(message, made)
        made.add(message.id, translated, locations=message.locations, flags=before.flags if before else ())
    written = io.BytesIO()
    write_po(written, made, width=110, omit_header=True, sort_output=True, include_lineno=False, ignore_obsolete=True)
    body = written.getvalue().decode()
    return f"{_header(code, made)}\n\n{body.strip()}\n"


def _header(code: str, catalog: Catalog) -> str:
    """Return the header that stands, or that of a new catalog."""
    if path(code).is_file():
        return path(code).read_text(encoding="utf-8").partition("\n\n")[0]
    fields = {
        "Language": code,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": catalog.plural_forms,
    }
    return "\n".join(['msgid ""', 'msgstr ""', *(f'"{name}: {value}\\n"' for name, value in fields.items())])


def _shape(text: object) -> bool:
    return isinstance(text, str)


def _nothing(message: Message, catalog: Catalog) -> str | tuple[str, ...]:
    return "" if isinstance(message.id, str) else ("",) * catalog.num_plurals
