"""Emails in the reader's language: the catalogs that ship, those of a user's own, dates and numbers, and the letters.

After a change of a message: `UPDATE_GOLDEN=1 pytest tests/test_language.py`, then translate what came in empty.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes, policy
from html import unescape
from itertools import count, product
from pathlib import Path
from typing import Any

import catalog
import pytest
from babel.messages.catalog import Message
from commands import Command
from lxml import html as lxml_html
from makers import (
    DAY,
    NOW,
    a_health,
    a_match,
    a_newsletter,
    a_paper,
    a_reason,
    a_section,
    a_subscriber,
    an_entry,
    an_interest,
    an_issue,
)
from settings_files import ADA, HEAD, saved

from newsletter.deliver.message import as_bytes
from newsletter.errors import TemplateError
from newsletter.models import (
    LEFTOVERS,
    PEOPLE,
    Email,
    HealthState,
    InterestKind,
    Issue,
    MatchedPaper,
    Newsletter,
    Reason,
    ReasonKind,
    Signals,
    Subscriber,
    Unconfirmed,
)
from newsletter.render import LetterKind, Renderer, Templates, compile_templates, letter
from newsletter.render.files import read_sources
from newsletter.render.fit import BUDGET_BYTES, sent_bytes
from newsletter.render.language import Language, has_language, language_of

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
NARROW = "\u202f"  # the no-break space of French quotation marks
HEADER = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def placeholders(text: str) -> set[str]:
    """Return the names of a message's placeholders."""
    return set(PLACEHOLDER.findall(text))


def translated(english: str, *forms: str) -> str:
    """Return a message of a `.po` file; `english` is both forms where it has a line break."""
    singular, _, plural = (text.replace('"', '\\"') for text in english.partition("\n"))
    given = [text.replace('"', '\\"') for text in forms]
    if not plural:
        return f'msgid "{singular}"\nmsgstr "{given[0]}"\n\n'
    lines = "".join(f'msgstr[{number}] "{text}"\n' for number, text in enumerate(given))
    return f'msgid "{singular}"\nmsgid_plural "{plural}"\n{lines}\n'


PAPERS = "%(num)s paper\n%(num)s papers"


def own(folder: Path, code: str, *messages: str, header: str = HEADER) -> Templates:
    """Return the templates that ship with one more language, of these messages."""
    saved(folder / "translations", header + "".join(messages), f"{code}.po")
    return compile_templates(folder)


def shipped(code: str) -> Language:
    """Return a language as the templates that ship know it."""
    return language_of(code, read_sources().catalogs())


def in_language(
    code: str, issue: Issue | None = None, templates: Templates | None = None, sender: Newsletter | None = None
) -> Email:
    """Return an issue in a language."""
    issue = issue or an_issue()
    issue = replace(issue, subscriber=replace(issue.subscriber, language=code))
    sender = sender or a_newsletter(editor="Ada Lovelace")
    return Renderer(sender, templates or compile_templates(), readers=1200).render(issue, date=NOW)


def shown(markup: str) -> str:
    """Return what a reader sees of HTML, on one line."""
    return " ".join(" ".join(lxml_html.document_fromstring(markup).xpath("//body//text()")).split())


# ------------------------------------------------------------------ the catalogs that ship


@pytest.mark.parametrize("code", catalog.SHIPPED)
def test_a_catalog_holds_the_messages_there_are_and_no_others(code: str) -> None:
    """What templates and code say is what is translated; places have no line numbers, so that diffs stay small."""
    wanted = catalog.updated(code)
    if os.environ.get("UPDATE_GOLDEN"):
        catalog.path(code).parent.mkdir(exist_ok=True)
        catalog.path(code).write_text(wanted, encoding="utf-8")
    assert catalog.path(code).read_text(encoding="utf-8") == wanted
    assert re.search(r"^#: templates/issue/reason\.j2$", wanted, re.MULTILINE)
    assert not re.search(r"^#~|\d{4}-\d\d-\d\d", wanted, re.MULTILINE)


@pytest.mark.parametrize("code", catalog.SHIPPED)
def test_everything_is_translated_and_nothing_is_in_doubt(code: str) -> None:
    """No message is empty, fuzzy, or known to gettext as wrong; a catalog has as many plural forms as its language."""
    known = catalog.read(code)
    assert known.num_plurals == type(known)(code).num_plurals
    for message in known:
        if not message.id:
            continue
        forms = catalog.forms(message.string)
        assert all(forms), message.id
        assert len(forms) == (1 if isinstance(message.id, str) else known.num_plurals), message.id
        assert not message.fuzzy, message.id
        assert not list(message.check(known)), message.id


@pytest.mark.parametrize("code", catalog.SHIPPED)
def test_a_translation_says_what_the_english_says(code: str) -> None:
    """Every form has the same placeholders, blanks at its ends and closing mark; a form for one may say no number."""
    closing = {".": ".。", ":": ":：", "?": "?？"}
    for message in catalog.read(code):
        english, forms = catalog.forms(message.id), catalog.forms(message.string)
        for number, form in enumerate(forms if message.id else ()):
            allowed = [placeholders(english[-1])]
            if number == 0 and len(forms) > 1:
                allowed.append(placeholders(english[0]))
            assert placeholders(form) in allowed, form
            assert form == form.strip(), form
            if mark := closing.get(english[0][-1]):
                assert form[-1] in mark, form


def test_each_language_is_written_by_its_own_rules() -> None:
    """„…“ in German; « … » with narrow no-break spaces, and one before `:` `;` `?`, in French; “…” in Chinese."""
    for code in catalog.SHIPPED:
        forms = [form for message in catalog.read(code) if message.id for form in catalog.forms(message.string)]
        text = "\n".join(PLACEHOLDER.sub("X", form) for form in forms)
        assert '"' not in text
        assert "'" not in text
        if code == "de":
            assert text.count("„") == text.count("“") > 0
            assert not set(text) & set("”«»")
        elif code == "fr":
            assert text.count(f"«{NARROW}") == text.count("«") == text.count(f"{NARROW}»") == text.count("»") > 0
            assert not set(text) & set("“”„")
            assert not re.search(rf"[^{NARROW}][;!?]|[^\xa0]:", text)
        else:
            assert text.count("“") == text.count("”") > 0
            assert not re.search(r"[,;:?!()]", text)
            assert not re.search(r"[\u3400-\u9fff][A-Za-z0-9]", text.replace("X", ""))


# ------------------------------------------------------------------ the words of an issue


def everything(subscriber: Subscriber) -> Issue:
    """Return an issue with a paper for each sentence there is; all that is data is in Russian or a name."""
    numbers = count(1)

    def one(*reasons: Reason, **fields: object) -> MatchedPaper:
        defaults = {"abstract": "", "authors": ("Ада",)}  # short, so that all of it fits into the HTML
        return a_match(a_paper(f"Дерево {next(numbers)}", **{**defaults, **fields}), reasons=reasons)

    words = ("дерево", "лист")
    kinds = ReasonKind
    interest = "дерево лист"
    here = [
        a_reason(kind=kind, interest=interest, words=found, in_title=title)
        for kind, found, title in product((kinds.WORDS, kinds.MEANING), (words, words[:1], ()), (True, False))
    ]
    elsewhere = [replace(reason, interest="сад лес", words=("сад", "лес")[: len(reason.words)]) for reason in here]
    exact = {
        kinds.AUTHOR: ("Грейс Хоппер", ""),
        kinds.CATEGORY: ("cs.CL", ""),
        kinds.VENUE: ("Сад", ""),
        kinds.EXAMPLE: ("сад", "Рисунок"),
        kinds.LIKED: ("голоса", "Рисунок"),
    }
    known = [a_reason(kind=kind, interest=name, example=example) for kind, (name, example) in exact.items()]
    known.append(a_reason(kind=kinds.LIKED, interest="голоса", example=""))
    update = one(here[0], Reason(kinds.UPDATE, count=3, since=date(2026, 5, 3)), version=3)
    signals = Signals(upvotes=1041, upvotes_at=NOW, venue="Сад", code_url="https://example.org/code")
    crowd = one(here[0], authors=("А", "Б", "В", "Г"), tldr="Мы рисуем.", signals=signals)
    lost = one(here[0], url="", entries=(an_entry(byline="Ада"),))
    sections = (
        a_section(PEOPLE, one(known[0]), interest=""),
        a_section(interest, *map(one, here), crowd, lost, announced=37),
        a_section("Разное", *map(one, elsewhere), interest="", announced=14),
        *(a_section(f"Тема {number}", one(each), interest=each.interest) for number, each in enumerate(known)),
        a_section("Новое", update, announced=2),
        a_section(LEFTOVERS, one(here[0]), interest=""),
    )
    votes = [Reason(kinds.VOTES, count=number) for number in (1, 5)]
    upvotes = [Reason(kinds.UPVOTES, count=number) for number in (1, 1312)]
    states = (HealthState.FETCHED, HealthState.EMPTY, HealthState.LATE, HealthState.FAILED, HealthState.THROTTLED)
    return an_issue(
        *sections,
        lead=one(here[0]),
        subscriber=subscriber,
        picks=(one(Reason(kinds.PICK, note="Читать!", editor="Ада")),),
        trending=tuple(map(one, (*votes, *upvotes, Reason(kinds.PICK)))),
        considered=1312,
        health=(
            *(a_health(state=state, entries=1) for state in states),
            a_health(state=HealthState.THROTTLED, again_at=datetime(2026, 11, 21, 10, 15, tzinfo=NOW.tzinfo)),
            a_health(entries=1312, warnings=("x",)),
        ),
        unconfirmed=Unconfirmed(date(2026, 11, 19), (a_paper("Утраченное", url=""),) * 13),
    )


SENDERS = {
    "": a_newsletter(editor="Ada Lovelace"),
    "inbox": a_newsletter(editor="Ada Lovelace", inbox="a@example.org"),
    "archive": a_newsletter(editor="Ada Lovelace", archive="https://example.org/{date}"),
}
"""A newsletter with nothing besides, with an inbox that it reads, with an archive."""


def many_interests(**fields: Any) -> Subscriber:
    """Return a reader with an interest of every kind, and more than are named."""
    kinds = [an_interest(f"интерес {kind}", kind=kind) for kind in InterestKind]
    several = (*kinds, *(an_interest(f"дерево {number}") for number in range(80)))
    return a_subscriber(interests=several, exclude=(an_interest("сад"),), **fields)


def said(text: str, message: str) -> bool:
    """Return whether a text says a message, whatever stands in its places and wherever its lines are broken."""
    words = " ".join(text.split())
    pattern = ".{0,80}?".join(re.escape(" ".join(part.split())) for part in PLACEHOLDER.sub("\0", message).split("\0"))
    return bool(re.search(rf"(?<!\w){pattern}(?!\w)", words))


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("code", catalog.SHIPPED)
def test_no_english_is_left_in_an_issue_of_another_language(code: str, sender: str) -> None:
    """Whatever an issue can say is said in the reader's language, in both parts and in the subject."""
    email = in_language(code, everything(many_interests()), sender=SENDERS[sender])
    language = shipped(code)
    for english in catalog.ids():
        same = language.gettext(english) == english or english in ("“%(word)s”", "%(weekday)s %(day)s")
        alike = any(said(form, english) for each in catalog.read(code) for form in catalog.forms(each.string))
        if not same and not alike:
            assert not said(email.text, english), english
            assert not said(email.subject, english), english
            assert not said(shown(email.html), english), english


# What is no word of English: names, units, addresses, and labels that are the same everywhere.
NAMES = {"Daily", "Papers", "Ada", "Lovelace", "arXiv", "cs", "CL", "Hugging", "Face", "PDF", "UTC", "x"} | {
    "more", "less", "unsubscribe",  # which answers are read for
}  # fmt: skip


def in_greek(message: Message) -> str:
    """Return a message of a catalog in which every English letter is a Greek one."""
    greek = [
        "".join(
            part if number % 2 else re.sub("[A-Za-z]", "ω", part)
            for number, part in enumerate(re.split(r"(%\(\w+\)s)", form))
        )
        for form in catalog.forms(message.id)
    ]
    return translated("\n".join(catalog.forms(message.id)), *greek)


def test_every_word_of_the_emails_can_be_translated(tmp_path: Path) -> None:
    """In a language whose catalog has Greek letters only, nothing but names and addresses is in Latin ones."""
    templates = own(tmp_path, "el", *map(in_greek, catalog.messages()))
    reader = many_interests(language="el")
    emails = [
        *(in_language("el", everything(reader), templates, sender) for sender in SENDERS.values()),
        in_language("el", an_issue(lead=None, sections=(), subscriber=reader), templates),
        *(a_letter(kind, reader, templates=templates) for kind in LetterKind),
    ]
    for email in emails:
        for text in (email.subject, email.text, shown(email.html)):
            plain = re.sub(r"\S+://\S+|mailto:\S+|\S+@\S+|интерес \w+", "", " ".join(text.split()))
            assert set(re.findall("[A-Za-z]+", plain)) <= NAMES


def test_every_reason_there_is_has_its_sentence_in_both_parts() -> None:
    """No message of `reason.j2` goes unsaid when a paper has that reason."""
    email = in_language("de", everything(many_interests()))
    language = shipped("de")
    for message in catalog.messages():
        if any(name == "templates/issue/reason.j2" for name, _ in message.locations):
            english = catalog.forms(message.id)
            plural = {language.translations.ngettext(english[0], english[-1], number) for number in (1, 5)}
            for form in plural if english[1:] else {language.gettext(english[0])}:
                assert said(email.text, form), form
                assert said(shown(email.html), form), form


def test_fragments_make_whole_sentences() -> None:
    """The sentences that are put together are right in every language, for one and for many."""
    wanted = {
        ("de", 1): "1 von 40 neuen Artikeln, passend zu Ihrem Interesse. Lesezeit etwa 1 Minute.",
        ("de", 3): "1 von 40 neuen Artikeln, passend zu Ihren 3 Interessen. Lesezeit etwa 1 Minute.",
        ("fr", 1): "1 sur 40 nouveaux articles, selon votre centre d’intérêt. Environ 1 minute de lecture.",
        ("fr", 3): "1 sur 40 nouveaux articles, selon vos 3 centres d’intérêt. Environ 1 minute de lecture.",
        ("zh", 3): "根据您的 3 项兴趣，从 40 篇新论文中选出 1 篇。 阅读约需 1 分钟。",
    }
    for (code, number), sentence in wanted.items():
        reader = a_subscriber(interests=tuple(an_interest(f"tree {one}") for one in range(number)))
        assert sentence in shown(in_language(code, an_issue(a_section(), lead=None, subscriber=reader)).html)
    nothing = an_issue(lead=None, sections=(), considered=40)
    assert "Keiner von 40 neuen Artikeln passt zu Ihrem Interesse." in in_language("de", nothing).text
    assert "Sur 40 nouveaux articles, aucun ne correspond" in in_language("fr", nothing).text
    assert in_language("zh", nothing).subject == "没有适合您的新论文 · 11月20日"


# ------------------------------------------------------------------ values and translations in both parts


def test_markup_in_a_value_is_shown_as_it_was_written() -> None:
    """What a reader wrote is escaped in HTML and left alone in text; the sentence around it is translated."""
    reason = a_reason(kind=ReasonKind.AUTHOR, interest="<b>Grace</b> & Co %(x)s 100 %")
    email = in_language("de", an_issue(a_section("Trees", a_match(reasons=(reason,))), lead=None))
    assert "Von &lt;b&gt;Grace&lt;/b&gt; &amp; Co %(x)s 100 % &#8211; Sie folgen" in email.html
    assert "Von <b>Grace</b> & Co %(x)s 100 % – Sie folgen" in " ".join(email.text.split())


def test_a_translation_may_hold_percent_and_angle_signs(tmp_path: Path) -> None:
    """A sentence without values is taken as it is; one with values writes `%%`, as gettext has it."""
    templates = own(
        tmp_path,
        "it",
        translated("Top match for you", "Al 100 % < 200 % per te"),
        translated("By %(author)s, whom you follow", "Di %(author)s, 100 %% < seguito"),
    )
    author = a_match(reasons=(a_reason(kind=ReasonKind.AUTHOR, interest="Ada"),))
    email = in_language("it", an_issue(lead=author), templates)
    for text in (email.text, shown(email.html)):
        assert "Al 100 % < 200 % per te" in text
        assert "Di Ada, 100 % < seguito" in text


def test_a_translation_with_straight_quotes_stays_inside_its_attribute(tmp_path: Path) -> None:
    """Translators type `"`; the label of a link for screen readers still says the whole sentence."""
    templates = own(tmp_path, "it", translated("PDF of “%(title)s”", 'PDF di "%(title)s"'))
    paper = a_paper("Trees", identities=("arxiv:2611.01234",))
    email = in_language("it", an_issue(lead=a_match(paper)), templates)
    assert 'PDF di "Trees"' in lxml_html.document_fromstring(email.html).xpath("//a/@aria-label")


# ------------------------------------------------------------------ catalogs that cannot be used

BY = "by %(editor)s"


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        pytest.param(HEADER + "nonsense\n", 6, "", id="syntax"),
        pytest.param("<html>not a catalog</html>\n", 1, "", id="something else"),
        pytest.param(HEADER + translated(BY, "di %(author)s"), 6, "author", id="unknown placeholder"),
        pytest.param(HEADER + translated(BY, "di %s"), 6, "", id="nameless placeholder"),
        pytest.param(
            HEADER + translated(BY, "di qualcuno"),
            6,
            "editor",
            id="missing placeholder",
        ),
        pytest.param(
            HEADER + translated(BY, "%(editor)s al 100 % vero"),
            6,
            "",
            id="half a placeholder",
        ),
        pytest.param(
            HEADER + 'msgid "Code"\nmsgstr "Codice\n',
            7,
            "",
            id="unclosed quote",
        ),
        pytest.param("", 0, "", id="empty file"),
        pytest.param(
            HEADER.replace("n != 1", "import os") + translated("Code", "Codice"),
            0,
            "",
            id="plural rule",
        ),
        pytest.param(
            HEADER.replace("n != 1", "n") + translated(PAPERS, "%(num)s articolo", "%(num)s articoli"),
            0,
            "",
            id="plural rule beyond the forms",
        ),
    ],
)
def test_a_broken_catalog_is_one_line_with_its_place(text: str, line: int, word: str) -> None:
    """Whoever wrote it is told the file and, where there is one, the line: never a traceback, never at sending time."""
    with pytest.raises(TemplateError) as caught:
        language_of("it", {"it": text}).ngettext("%(num)s paper", "%(num)s papers", 5)
    assert caught.value.template == "translations/it.po"
    assert caught.value.line == line
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_catalog_in_another_encoding_is_refused_with_its_name(tmp_path: Path) -> None:
    """A file saved in Latin-1 is not read as something else."""
    saved(tmp_path / "translations", "", "it.po").write_bytes((HEADER + translated("Code", "Così")).encode("latin-1"))
    with pytest.raises(TemplateError, match=r"^translations/it\.po: is not UTF-8$"):
        compile_templates(tmp_path)


def test_what_the_header_says_of_the_charset_does_not_spoil_the_words() -> None:
    """A file is UTF-8; an editor that left another charset in its header spoils nothing."""
    text = HEADER.replace("UTF-8", "ISO-8859-1") + translated("Code", "Così")
    assert language_of("it", {"it": text}).gettext("Code") == "Così"


def test_a_byte_order_mark_is_no_part_of_a_catalog(tmp_path: Path) -> None:
    """Editors on Windows begin a file with one."""
    templates = own(tmp_path, "it", translated("Unsubscribe", "Disiscriviti"), header="\ufeff" + HEADER)
    assert "Disiscriviti:" in in_language("it", templates=templates).text


def test_a_fuzzy_or_empty_translation_is_said_in_english(tmp_path: Path) -> None:
    """What a translator is not sure of is not sent."""
    doubtful = "#, fuzzy\n" + translated("Unsubscribe", "Boh")
    email = in_language("it", templates=own(tmp_path, "it", doubtful, translated("Why you get this.", "")))
    assert "Unsubscribe:" in email.text
    assert "Why you get this." in email.text


# ------------------------------------------------------------------ which language


def test_a_language_without_a_catalog_says_which_there_are() -> None:
    """One line names the language and those to choose from."""
    with pytest.raises(TemplateError, match=r"none for the language 'tlh'; there is de, en, fr, zh$"):
        in_language("tlh")
    assert not compile_templates().has_language("tlh")


def test_a_code_that_no_locale_goes_by_is_refused(tmp_path: Path) -> None:
    """A catalog without dates and numbers of its language cannot be used."""
    with pytest.raises(TemplateError, match=r"^translations/tlh\.po: is no code of BCP 47"):
        in_language("tlh", templates=own(tmp_path, "tlh", translated("Code", "X")))


@pytest.mark.parametrize(
    ("code", "words", "when"),
    [
        ("de-AT", "Abmelden:", "Freitag, 20. November 2026"),
        ("fr-CA", "Se désabonner\xa0:", "vendredi 20 novembre 2026"),
        ("zh-SG", "退订：", "2026年11月20日"),
        ("en-US", "Unsubscribe:", "Friday, November 20, 2026"),
        ("en", "Unsubscribe:", "Friday, 20 November 2026"),
    ],
)
def test_a_region_takes_the_words_of_its_language_and_its_own_dates(code: str, words: str, when: str) -> None:
    """`de-AT` reads the German catalog, `zh-SG` the Chinese one; the email still says the code that was asked for."""
    email = in_language(code)
    assert words in email.text
    assert when in email.text
    assert f'<html lang="{code}" dir="ltr"' in email.html
    assert ("Content-Language", code) in email.headers
    assert has_language(code, read_sources().catalogs())


def test_a_region_s_own_catalog_comes_before_that_of_its_language(tmp_path: Path) -> None:
    """`de-CH.po` beside `de.po` is for Switzerland alone."""
    templates = own(tmp_path, "de-CH", translated("Unsubscribe", "Abbestellen"))
    assert "Abbestellen:" in in_language("de-CH", templates=templates).text
    assert "Abmelden:" in in_language("de", templates=templates).text


def test_english_itself_can_be_worded_anew(tmp_path: Path) -> None:
    """A catalog `en.po` replaces the sentences that it holds; the others stay."""
    templates = own(tmp_path, "en", translated("Unsubscribe", "Leave"))
    assert "Leave:" in in_language("en", templates=templates).text
    assert "Why you get this." in in_language("en", templates=templates).text


# ------------------------------------------------------------------ dates and numbers


@pytest.mark.parametrize(
    ("code", "number", "day", "short", "stamp", "days", "quoted"),
    [
        ("en", "1,312", "Friday, 20 November 2026", "3 May", "20 Nov", "Tuesday and Friday", "“a”, “b”"),
        ("de", "1.312", "Freitag, 20. November 2026", "3. Mai", "20. Nov.", "Dienstag und Freitag", "„a“, „b“"),
        ("fr", f"1{NARROW}312", "vendredi 20 novembre 2026", "3 mai", "20 nov.", "mardi et vendredi", "« a », « b »"),
        ("zh", "1,312", "2026年11月20日星期五", "5月3日", "11月20日", "星期二和星期五", "“a”, “b”"),
    ],
)
def test_dates_numbers_and_quotes_are_those_of_the_language(
    code: str, number: str, day: str, short: str, stamp: str, days: str, quoted: str
) -> None:
    """They come from CLDR, marks of quotation from the catalog."""
    language = shipped(code)
    assert language.number(1312) == number
    assert language.number(312) == "312"
    assert language.long_date(DAY) == day
    assert language.short_date(date(2026, 5, 3), DAY) == short
    assert "2025" in language.short_date(date(2025, 5, 3), DAY)
    assert language.stamp(DAY) == stamp
    assert language.weekdays((5, 2)) == days
    assert language.quoted(["a", "b"]) == quoted


def test_numbers_in_an_email_are_those_of_its_language() -> None:
    """Thousands are marked in both parts."""
    for code in ("en", *catalog.SHIPPED):
        email = in_language(code, an_issue(considered=1312))
        assert shipped(code).number(1312) in unescape(email.html)
        assert shipped(code).number(1200) in unescape(email.html)
    assert "1.312 neuen Artikeln" in in_language("de", an_issue(considered=1312)).text


def test_what_may_not_be_parted_stays_together_in_text() -> None:
    """French marks of quotation and numbers keep their narrow no-break spaces, and no line ends inside them."""
    text = in_language("fr", an_issue(considered=1312)).text
    assert f"1{NARROW}312" in text
    assert not re.search(r"«\s*\n|\n\s*»", text)


# ------------------------------------------------------------------ from right to left

ARABIC = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);\\n"

"""
WORTH = "%(num)s paper worth your time\n%(num)s papers worth your time"
_FORMS = ("%(num)s أوراق", "ورقة واحدة", "ورقتان", "%(num)s أوراق جديرة", "%(num)s ورقة جديرة", "%(num)s ورقة")


def aligned(markup: str) -> set[str]:
    """Return on which side the date of a masthead stands."""
    return set(lxml_html.document_fromstring(markup).xpath("//td[contains(@class, 'date')]/@align"))


def running(markup: str) -> set[str]:
    """Return the directions that the columns of an email have."""
    return set(re.findall(r"mj-column[^>]*direction: ?(\w+)", markup))


def test_arabic_runs_from_right_to_left(tmp_path: Path) -> None:
    """The frame, the sides of padding and the alignment of columns are mirrored; the styles stay what they are."""
    templates = own(
        tmp_path, "ar", translated("Unsubscribe", "إلغاء الاشتراك"), translated(WORTH, *_FORMS), header=ARABIC
    )
    email = in_language("ar", an_issue(considered=1312), templates)
    english = in_language("en", an_issue(considered=1312), templates)
    assert '<html lang="ar" dir="rtl"' in email.html
    assert '<html lang="en" dir="ltr"' in english.html
    assert aligned(email.html) == {"left"}
    assert aligned(english.html) == {"right"}
    assert re.search(r"heading[^>]*padding-right", email.html)
    assert not re.search(r"heading[^>]*padding-left", email.html)
    assert re.search(r"text-align: ?right", email.html)
    assert 'dir="auto"' in email.html, "a title in English still runs its own way"
    assert "1,312" in email.html
    assert "2026" in email.text
    assert "نوفمبر" in email.text
    assert "إلغاء الاشتراك:" in email.text


def test_columns_run_from_right_to_left_too(tmp_path: Path) -> None:
    """What stands in a column, its tables and the points at the ends of sentences, runs as the language does."""
    email = in_language("ar", templates=own(tmp_path, "ar", translated("Trending", "الرائج"), header=ARABIC))
    assert running(email.html) == {"rtl"}
    assert running(in_language("en").html) == {"ltr"}


@pytest.mark.parametrize(("number", "form"), [(1, 1), (2, 2), (3, 3), (11, 4)])
def test_arabic_has_six_plural_forms(tmp_path: Path, number: int, form: int) -> None:
    """The catalog's own rule chooses among them."""
    templates = own(tmp_path, "ar", translated(WORTH, *_FORMS), header=ARABIC)
    papers = [a_match(a_paper(f"Tree {one}")) for one in range(number)]
    email = in_language("ar", an_issue(a_section("Trees", *papers), lead=None), templates)
    assert (_FORMS[form] % {"num": number} + "\n=") in email.text


@pytest.mark.parametrize("kind", list(LetterKind))
def test_letters_are_mirrored_too(tmp_path: Path, kind: LetterKind) -> None:
    """They share the frame of an issue."""
    templates = own(tmp_path, "ar", translated("Unsubscribe", "إلغاء الاشتراك"), header=ARABIC)
    email = a_letter(kind, a_subscriber(language="ar"), templates=templates)
    assert '<html lang="ar" dir="rtl"' in email.html
    assert re.search(r"text-align: ?right", email.html)
    assert not re.search(r'<td[^>]* align="left" style="[^"]*padding: ?0', email.html)


# ------------------------------------------------------------------ a language of one's own

ITALIAN = (
    translated("%(num)s paper\n%(num)s papers", "%(num)s articolo", "%(num)s articoli"),
    translated(WORTH, "%(num)s articolo per te", "%(num)s articoli per te"),
    translated("Top match for you", "Il più adatto a te"),
    translated("Unsubscribe", "Disiscriviti"),
)


def test_a_catalog_in_a_folder_of_one_s_own_is_a_language(tmp_path: Path, newsletter: Command) -> None:
    """`templates: mine` and `language: it` are all it takes; messages it lacks are said in English."""
    saved(tmp_path / "mine", "", "readme.txt")
    saved(tmp_path / "mine" / "translations", HEADER + "".join(ITALIAN), "it.po")
    saved(tmp_path, f"{HEAD}templates: mine\ndefaults: {{language: it}}\n{ADA}")
    ran = newsletter("preview", "--once", "--out", "out")
    assert ran.code == 0, ran.err
    [path] = (tmp_path / "out").glob("*.eml")
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert re.match(r"\d+ articol[io] · ", message["Subject"])
    text = path.with_suffix(".txt").read_text(encoding="utf-8")
    for words in (
        "per te\n=",
        "Il più adatto a te\n---",
        "Disiscriviti:",
        "giovedì 4 giugno 2026",
        "Why you get this.",
    ):
        assert words in text


def test_check_names_a_broken_catalog_and_a_language_there_is_none_for(tmp_path: Path, newsletter: Command) -> None:
    """One line each, with the file and its line, or with the languages there are; exit code 1 or 3."""
    saved(tmp_path / "mine", "", "readme.txt")
    saved(tmp_path / "mine" / "translations", HEADER + translated(BY, "di %(author)s"), "it.po")
    saved(tmp_path, f"{HEAD}templates: mine\ndefaults: {{language: it}}\n{ADA}")
    broken = newsletter("check")
    assert broken.code in (1, 3)
    assert "translations/it.po:6: unknown named placeholder 'author'" in broken.err
    saved(tmp_path, f"{HEAD}templates: mine\ndefaults: {{language: sv}}\n{ADA}")
    unknown = newsletter("check")
    assert unknown.code in (1, 3)
    assert "there is none for the language 'sv'; there is de, en, fr, it, zh" in unknown.err


# ------------------------------------------------------------------ letters


def a_letter(
    kind: LetterKind,
    subscriber: Subscriber | None = None,
    newsletter: Newsletter | None = None,
    *,
    templates: Templates | None = None,
    link: str = "https://example.org/yes?to=ada&key=1",
) -> Email:
    """Return a letter as its email."""
    reader, sender = subscriber or a_subscriber(), newsletter or a_newsletter(editor="Ada Lovelace")
    return letter(kind, reader, sender, templates or compile_templates(), date=NOW, link=link)


def test_who_was_subscribed_by_a_form_is_asked_first() -> None:
    """The letter says who asked for what, where to say yes, and that nothing need be done to say no."""
    email = a_letter(LetterKind.CONFIRM)
    assert email.subject == "Daily Papers: please confirm your subscription"
    assert lxml_html.document_fromstring(email.html).xpath("//a/@href")[0] == "https://example.org/yes?to=ada&key=1"
    assert "\n  https://example.org/yes?to=ada&key=1\n" in email.text
    for text in (" ".join(email.text.split()), shown(email.html)):
        assert "Somebody asked that ada@example.org receives Daily Papers" in text
        assert "Is this you?" in text
        assert "If it was not you, do nothing" in text


def test_who_begins_is_told_when_issues_come_and_what_was_understood() -> None:
    """Every interest stands beside what it was taken for; so do exclusions, days, hour, zone and the way out."""
    kinds = {
        InterestKind.PHRASE: "in your words",
        InterestKind.CATEGORY: "category",
        InterestKind.AUTHOR: "author",
        InterestKind.VENUE: "venue",
        InterestKind.PAPER: "papers like this one",
    }
    reader = a_subscriber(
        interests=tuple(an_interest(f"Tree {kind}", kind=kind) for kind in kinds),
        exclude=(an_interest("blockchain"),),
        weekdays=frozenset((2, 5)),
        max_papers=1,
    )
    email = a_letter(LetterKind.WELCOME, reader)
    for kind, words in kinds.items():
        assert f"  - Tree {kind} ({words})\n" in email.text
        assert f"Tree {kind} {words}" in shown(email.html)
    for text in (" ".join(email.text.split()), shown(email.html)):
        assert "an issue with at most 1 paper comes on Tuesday and Friday at 07:00 (UTC), whenever" in text
        assert "What you do not want to see" in text
        assert "blockchain" in text
    assert "Unsubscribe:\n  mailto:papers@example.org" in email.text
    assert 'href="mailto:papers@example.org' in email.html


def test_who_left_is_told_so_once_and_how_to_come_back() -> None:
    """The way back is there only where an address for it is given."""
    email = a_letter(LetterKind.GOODBYE)
    assert email.subject == "You are unsubscribed from Daily Papers"
    for text in (" ".join(email.text.split()), shown(email.html)):
        assert "ada@example.org receives Daily Papers no longer." in text
        assert "If that was a mistake, you can come back:" in text
    without = a_letter(LetterKind.GOODBYE, link="")
    assert "come back" not in without.text + without.html


@pytest.mark.parametrize(("kind", "code"), list(product(LetterKind, catalog.SHIPPED)))
def test_letters_are_in_the_reader_s_language(kind: LetterKind, code: str) -> None:
    """No English message of the catalog is left in either part or in the subject."""
    email = a_letter(kind, many_interests(language=code))
    language = shipped(code)
    for english in catalog.ids():
        if language.gettext(english) == english or english == "“%(word)s”":
            continue
        if any(said(form, english) for each in catalog.read(code) for form in catalog.forms(each.string)):
            continue
        for text in (email.subject, email.text, shown(email.html)):
            assert not said(text, english), english
    assert ("Content-Language", code) in email.headers


@pytest.mark.parametrize("kind", list(LetterKind))
def test_the_same_letter_has_the_same_bytes_and_both_parts(kind: LetterKind) -> None:
    """A second attempt is the same message; who reads text only gets no HTML."""
    once, again = as_bytes(a_letter(kind)), as_bytes(a_letter(kind))
    assert once == again
    parts = [part.get_content_type() for part in message_from_bytes(once, policy=policy.default).walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    assert a_letter(kind, a_subscriber(text_only=True)).html == ""
    assert len({a_letter(each).message_id for each in LetterKind}) == len(LetterKind)


HOSTILE = "</td><script>alert(1)</script>\r\nBcc: eve@example.org {{ 7 * 7 }} %(x)s %"


@pytest.mark.parametrize("kind", list(LetterKind))
def test_hostile_words_stay_words_in_letters(kind: LetterKind) -> None:
    """Markup, line breaks, Jinja and percent signs in interests, names and addresses are only shown."""
    reader = a_subscriber(
        name=HOSTILE, interests=(an_interest(HOSTILE),), exclude=(an_interest(HOSTILE),), timezone="<b>"
    )
    email = a_letter(kind, reader, a_newsletter(name=HOSTILE[:50] + "{{ 7 * 7 }} %(x)s %", editor=HOSTILE))
    assert "<script" not in email.html
    assert "\nBcc:" not in email.text
    assert "49" not in shown(email.html)
    assert "\n" not in email.subject
    assert "\r" not in email.subject
    message = message_from_bytes(as_bytes(email), policy=policy.default)
    assert not message.defects
    assert message["Bcc"] is None
    if kind is LetterKind.WELCOME:
        assert "&lt;script&gt;" in email.html
        assert "{{ 7 * 7 }}" in email.text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "https://a@evil.example/", "https://x/ y"])
@pytest.mark.parametrize("kind", [LetterKind.CONFIRM, LetterKind.GOODBYE])
def test_no_letter_leads_where_no_reader_may_be_sent(kind: LetterKind, link: str) -> None:
    """An address that is not http, https or mailto is no link in either part."""
    if kind is LetterKind.CONFIRM:
        with pytest.raises(ValueError, match="needs the address"):
            a_letter(kind, link=link)
        return
    email = a_letter(kind, link=link)
    assert link not in email.html
    assert link not in email.text
    assert all(
        href.startswith(("#", "mailto:")) for href in lxml_html.document_fromstring(email.html).xpath("//a/@href")
    )


def test_a_welcome_of_three_hundred_interests_stays_small() -> None:
    """Some are named, the others counted, and nothing passes the size at which mail programs cut."""
    several = tuple(an_interest(f"tree <{number}> " + "x" * 200) for number in range(300))
    email = a_letter(LetterKind.WELCOME, a_subscriber(interests=several, exclude=several))
    named = email.text.count("(in your words)")
    assert named >= 30
    assert f"and {300 - named} more" in email.text
    assert f"and {300 - named} more" in shown(email.html)
    assert sent_bytes(email.html) <= BUDGET_BYTES
    assert all(len(line) <= 72 for line in email.text.splitlines() if "://" not in line and "@" not in line)


def test_a_welcome_in_any_script_stays_small() -> None:
    """A letter of Cyrillic takes six bytes in quoted-printable; the bound holds all the same."""
    several = tuple(an_interest(f"дерево <{number}> " + "я" * 200) for number in range(300))
    email = a_letter(LetterKind.WELCOME, a_subscriber(interests=several, exclude=several))
    assert sent_bytes(email.html) <= BUDGET_BYTES
