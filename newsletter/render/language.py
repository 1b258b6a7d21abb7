"""The language an email is written in: its words by gettext, its dates and numbers by CLDR, its direction.

English stands in the templates. Every other language is one file, `translations/CODE.po`; one that a user drops into a
directory of their own is found the same way.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import Any

from newsletter.errors import TemplateError

ENGLISH = "en"
_MONTHS_OF_ONE_NAME = 300  # days, within which the name of a month means one only
# Templates are written in this English; CLDR's plain "en" is American.
_LOCALES = {ENGLISH: "en_GB"}


@dataclass(frozen=True, eq=False)
class Language:
    """What it takes to write in one language. Made by `language_of`.

    `code` is BCP 47 (`de`, `pt-BR`), `direction` is `ltr` or `rtl`.
    """

    code: str
    translations: gettext.NullTranslations

    @cached_property
    def _locale(self) -> Any:
        return _locale(_LOCALES.get(self.code, self.code))

    @property
    def direction(self) -> str:
        """Return how lines run: `ltr` or `rtl`."""
        return str(self._locale.text_direction)

    def gettext(self, message: str) -> str:
        """Return a message in this language, itself where no translation is known."""
        return self.translations.gettext(message) if message else ""

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """Return the form of a message that goes with `count`, the count in the place of `%(num)s`."""
        return self.translations.ngettext(singular, plural, count) % {"num": self.number(count)}

    def number(self, value: int) -> str:
        """Return a number with its thousands marked: `1,312`, `1.312`."""
        if -1000 < value < 1000:
            return str(value)
        from babel.numbers import format_decimal  # noqa: PLC0415 - 30 ms, and needed only for an email

        return str(format_decimal(value, locale=self._locale))

    def listed(self, items: Sequence[str]) -> str:
        """Return things as a list in a sentence: `Ada, Grace and Emmy`."""
        from babel.lists import format_list  # noqa: PLC0415

        return str(format_list(list(items), locale=self._locale)) if items else ""

    def quoted(self, words: Sequence[str]) -> str:
        """Return words as they are quoted: `“tree”, “draft”`."""
        _ = self.gettext
        return ", ".join(_("“%(word)s”") % {"word": word} for word in words)

    def long_date(self, day: date) -> str:
        """Return a date as a masthead writes it: `Friday 20 November 2026`."""
        return _written(self._locale, day, "full", "")

    def short_date(self, day: date, today: date) -> str:
        """Return a day of these months without its year: `3 May`, `3 May 2025`."""
        near = abs((today - day).days) < _MONTHS_OF_ONE_NAME
        return _written(self._locale, day, "", "MMMMd" if near else "yMMMMd")

    def weekday_date(self, day: date, today: date) -> str:
        """Return a day of these months with its weekday: `Friday 20 November`, `Friday 20 November 2026`."""
        _ = self.gettext
        return _("%(weekday)s %(day)s") % {
            "weekday": self.weekdays([day.isoweekday()]),
            "day": self.short_date(day, today),
        }

    def stamp(self, day: date) -> str:
        """Return a day as a subject ends with it: `20 Nov`."""
        return _written(self._locale, day, "", "MMMd")

    def moment(self, at: datetime, day: date) -> str:
        """Return a time, with its date where that is another: `10:15 UTC`, `10:15 UTC, 21 November`."""
        at = at.astimezone(UTC)
        return f"{at:%H:%M} UTC" + ("" if at.date() == day else f", {self.short_date(at.date(), day)}")

    def weekdays(self, numbers: Sequence[int]) -> str:
        """Return days by name, from their ISO numbers: `Tuesday and Friday`."""
        from babel.dates import get_day_names  # noqa: PLC0415

        names = get_day_names("wide", "format", self._locale)
        return self.listed([str(names[number - 1]) for number in sorted(numbers)])


def language_of(code: str, catalogs: Mapping[str, str]) -> Language:
    """Return a language; `catalogs` gives the text of each `.po` file by its code.

    A region that has no file of its own gets that of its language (`de-AT`, `de`). Raises TemplateError where there is
    none at all, or the file cannot be used.
    """
    found = next((name for name in _fallbacks(code) if name in catalogs or name == ENGLISH), None)
    if found is None:
        have = ", ".join(sorted({ENGLISH, *catalogs}))
        raise TemplateError(f"there is none for the language {code!r}; there is {have}", template="translations")
    _locale(_LOCALES.get(code, code))  # so that a code which names no language is told at once
    return _language(code, found, catalogs.get(found))


def has_language(code: str, catalogs: Mapping[str, str]) -> bool:
    """Return whether there are words for a language, or for that of its region."""
    return any(name in catalogs or name == ENGLISH for name in _fallbacks(code))


@lru_cache(maxsize=64)
def _language(code: str, found: str, text: str | None) -> Language:
    return Language(code, _translations(found, text) if text is not None else gettext.NullTranslations())


def _translations(code: str, text: str) -> gettext.NullTranslations:
    """Return the messages of a `.po` file; TemplateError with its line where one cannot be used."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import PoFileError, read_po  # noqa: PLC0415

    name = f"translations/{code}.po"
    if not text.strip():
        raise TemplateError("is empty", template=name)
    if line := next((number for number, line in enumerate(text.splitlines(), 1) if not _LINE.fullmatch(line)), 0):
        raise TemplateError('text must stand in quotes, and a quote in it is written \\"', template=name, line=line)
    try:
        catalog = read_po(io.StringIO(text), locale=code.replace("-", "_"), abort_invalid=True)
        catalog.charset = "utf-8"
        for message in catalog:
            if message.id and message.string and (wrong := _wrong(message, catalog)):
                raise TemplateError(wrong, template=name, line=message.lineno or 0)
        compiled = io.BytesIO()
        write_mo(compiled, catalog)
        compiled.seek(0)
        translations = gettext.GNUTranslations(compiled)
        _check_rule(catalog)
    except PoFileError as error:
        told = re.sub(r" on \d+$", "", str(error))
        raise TemplateError(told, template=name, line=getattr(error, "lineno", 0) + 1) from error
    except (ValueError, LookupError, ArithmeticError) as error:
        raise TemplateError(f"is no catalog of gettext: {error}", template=name) from error
    return translations


def _check_rule(catalog: Any) -> None:
    """Raise ValueError unless the rule of plurals, code of a kind, names a form that is there for every number."""
    rule = gettext.c2py(catalog.plural_expr)
    if any(not 0 <= rule(number) < catalog.num_plurals for number in range(201)):
        raise ValueError("its Plural-Forms names a form that is not there")


# A comment, or a keyword and its text in quotes.
_LINE = re.compile(r'\s*(#.*|[a-z][\w\[\]]*\s+"(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*")?\s*')


def _wrong(message: Any, catalog: Any) -> str:
    """Return what is wrong with a translation, "" where nothing is."""
    for error in message.check(catalog):
        return str(error)
    english = (message.id,) if isinstance(message.id, str) else message.id
    forms = (message.string,) if isinstance(message.string, str) else message.string
    if len(english) > 1 and len(forms) != catalog.num_plurals:
        return f"has {len(forms)} plural forms; its header says {catalog.num_plurals}"
    wanted = set(_NAMES.findall(english[-1]))
    for form in forms:
        if not form:
            continue
        try:
            form % dict.fromkeys(wanted, "") if wanted else form
        except (ValueError, TypeError, KeyError) as error:
            return f"{error}; a percent sign beside a placeholder is written %%"
        lacking = wanted - set(_NAMES.findall(form)) - ({"num"} if len(english) > 1 else set())
        if lacking:
            return f"lacks the placeholder %({min(lacking)})s"
    return ""


_NAMES = re.compile(r"%\((\w+)\)s")


@lru_cache(maxsize=1024)  # a day stands in every email of the day
def _written(locale: Any, day: date, form: str, skeleton: str) -> str:
    from babel.dates import format_date, format_skeleton  # noqa: PLC0415 - 30 ms, and needed only for an email

    return str(format_skeleton(skeleton, day, locale=locale) if skeleton else format_date(day, form, locale=locale))


@lru_cache(maxsize=64)
def _locale(code: str) -> Any:
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - 30 ms, and needed only for an email

    try:
        return Locale.parse(code.replace("-", "_"))
    except (ValueError, UnknownLocaleError) as error:
        message = "is no code of BCP 47, such as de or pt-BR"
        raise TemplateError(message, template=f"translations/{code}.po") from error


_TRADITIONAL = frozenset(("Hant", "TW", "HK", "MO"))


def _fallbacks(code: str) -> list[str]:
    parts = code.split("-")
    if parts[0] == "zh" and _TRADITIONAL & set(parts):
        return [code]  # another script
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
