"""The kinds of value that the settings hold, each with the check that a person understands.

A check fails with a predicate ("is no time of day; write it as …"); `problems` puts the subject before it.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
import zoneinfo
from collections.abc import Iterable
from datetime import time
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from newsletter.words import QUERY_STOP_WORDS, tokens

MAX_PHRASE = 200
MAX_DESCRIPTION = 2_000
_MAX_LINE = 200

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_JOINERS = "\u200c\u200d"  # which Persian, Hindi and others write within words
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_WILDCARD = re.compile(r"(?:^|\s)\*|\w{3,}\*(?:\s|$)")  # but an A* search is one


def wrong(predicate: str) -> PydanticCustomError:
    """Return the error of a value, told as a predicate; anything in braces stays as it is."""
    return PydanticCustomError("wrong", "{predicate}", {"predicate": predicate})


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return `; did you mean 'arxiv'?`, or nothing where no known word is near."""
    by_lower_case = {candidate.lower(): candidate for candidate in sorted(known)}
    near = difflib.get_close_matches(word.lower(), by_lower_case, n=1, cutoff=cutoff)
    return f"; did you mean '{by_lower_case[near[0]]}'?" if near else ""


def check_line(text: str) -> str:
    """Return a text without blanks around it; raises `wrong` where it is no single line."""
    text = text.strip()
    if not text:
        raise wrong("is empty")
    if len(text) > _MAX_LINE:
        raise wrong(f"is too long ({len(text)} characters); at most {_MAX_LINE}")
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in text):
        raise wrong("must be one line, without control characters")
    return text


def check_address(text: str) -> str:
    """Return an address that mail can be sent to (RFC 5321 without quoted local parts); raises `wrong`."""
    if any(character.isspace() or unicodedata.category(character)[0] == "C" for character in text):
        raise wrong("is no email address: it holds a space or a line break")
    local, at, domain = text.rpartition("@")
    if not at:
        raise wrong("is no email address: the @ is missing")
    if not local.isascii():
        raise wrong("is no address every server can take: letters before the @ must be ASCII")
    if len(local) > 64 or not _LOCAL_PART.fullmatch(local):
        raise wrong("is no email address: the part before the @ is not valid")
    if len(text) > 254 or not _is_domain(domain):
        raise wrong("is no email address: the part after the @ is no domain")
    return text


def _is_domain(domain: str) -> bool:
    try:
        labels = domain.encode("idna").decode("ascii").split(".")
    except UnicodeError:
        return False
    return all(_LABEL.fullmatch(label) for label in labels) and (len(labels) > 1 or labels == ["localhost"])


def check_domain(text: str) -> str:
    """Return the domain of a sender as the DNS has it, in A-labels (RFC 5890); raises `wrong`."""
    if not _is_domain(text) or "." not in text:
        raise wrong("is no domain, such as example.org")
    return text.encode("idna").decode("ascii").lower()


def _clock(value: Any) -> time:
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        return time(int(found[1]), int(found[2])) if found else _no_time()
    except ValueError:
        return _no_time()


def _no_time() -> time:
    raise wrong('is no time of day; write it as "07:30", from 00:00 to 23:59')


def _days(value: Any) -> frozenset[int]:
    names = re.split(r"[,\s]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise wrong("must be a list of days, such as [mon, wed, fri]")
    return frozenset(_day(name) for name in names)


def _day(name: Any) -> int:
    if isinstance(name, str) and name.lower() in DAYS:
        return DAYS.index(name.lower()) + 1
    if isinstance(name, str) and name.lower()[:3] in DAYS:
        raise wrong(f"is no list of days: write '{name.lower()[:3]}' for '{name[:12]}'")
    raise wrong(f"is no list of days; the days are {', '.join(DAYS)}")


def _zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise wrong(f"is no time zone{_near_zone(text)}") from None
    return text


def _near_zone(text: str) -> str:
    # Etc/GMT+2 lies two hours west of Greenwich, the opposite of what people mean by it: never suggested.
    zones = {zone for zone in _zones() if not zone.startswith("Etc/")}
    city = text.replace(" ", "_").rpartition("/")[2].lower()
    same_city = sorted(zone for zone in zones if zone.rpartition("/")[2].lower() == city)
    if same_city:
        return f"; did you mean '{same_city[0]}'?"
    return did_you_mean(text, zones) or "; zones are named as in 'Europe/Paris' or 'UTC'"


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _phrase(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > MAX_PHRASE:
        raise wrong(f"is too long for a phrase ({len(text)} characters); say it shorter, and more in 'description'")
    return _with_meaning(text)


def _description(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > MAX_DESCRIPTION:
        raise wrong(f"is too long ({len(text)} characters); at most {MAX_DESCRIPTION}")
    return _with_meaning(text)


def _with_meaning(text: str) -> str:
    """Return a phrase that a paper may hold; one in letters of another script passes, and is warned of elsewhere."""
    if not text:
        raise wrong("is empty")
    _check_visible(text)
    if not has_words(text) and not any(character.isalpha() and not character.isascii() for character in text):
        raise wrong("has no word that papers could be found by; name the subject itself, in English")
    if _WILDCARD.search(text):
        raise wrong("holds a '*', which means nothing here; singular and plural are found as they are")
    return text


def has_words(phrase: str) -> bool:
    """Return whether a phrase has a word that papers are matched by, which is one of Latin letters or digits."""
    return bool(tokens(phrase, stop_words=QUERY_STOP_WORDS))


def _check_visible(text: str) -> None:
    for character in text if not (text.isascii() and text.isprintable()) else "":
        kind = unicodedata.category(character)
        if kind == "Cc":
            raise wrong("holds a control character")
        if kind == "Cf" and character not in _JOINERS:
            raise wrong(f"holds a character that cannot be seen (U+{ord(character):04X}); retype it")


def _name(text: str) -> str:
    text = check_line(text)
    _check_visible(text)
    if not any(character.isalnum() for character in text):
        raise wrong("has no letter; write it as it stands on papers")
    return text


def _number(value: Any) -> Any:
    if isinstance(value, bool):  # which Python would count as 1 or 0
        raise wrong("must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong("must be a finite number")
    return value


def _language(text: str) -> str:
    """Return a code of BCP 47 in its usual spelling: `de`, `pt-BR`, `zh-Hant`."""
    if not _LANGUAGE.fullmatch(text.strip()):
        raise wrong("is no language code; write it as de, fr or pt-BR")
    first, *rest = text.strip().split("-")
    usual = {2: str.upper, 4: str.title}
    return "-".join([first.lower(), *(usual.get(len(part), str.lower)(part) for part in rest)])


def _archive(text: str) -> str:
    if not _is_address(text.replace("{date}", "2026-11-20"), ("http", "https")):
        raise wrong("must be a web address, with {date} in it where each issue has its own")
    return text


def _unsubscribe(text: str) -> str:
    if "{email}" not in text or not _is_address(text.replace("{email}", "ada%40example.org"), ("https",)):
        raise wrong("must be an https address with {email} in it, such as https://example.org/leave?address={email}")
    return text


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    """Return whether an email may link to this address as it is."""
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False
    return parts.scheme in schemes and named and not re.search(r"""[\s{}<>"`\\^|]|[^\x21-\x7e]""", text)


Line = Annotated[str, AfterValidator(check_line)]
Language = Annotated[str, AfterValidator(_language)]
Archive = Annotated[Line, AfterValidator(_archive)]
Unsubscribe = Annotated[Line, AfterValidator(_unsubscribe)]
Name = Annotated[str, AfterValidator(_name)]
Address = Annotated[str, AfterValidator(check_address)]
Clock = Annotated[time, BeforeValidator(_clock)]
Days = Annotated[frozenset[int], BeforeValidator(_days)]
Zone = Annotated[str, AfterValidator(_zone)]
Phrase = Annotated[str, AfterValidator(_phrase)]
Description = Annotated[str, AfterValidator(_description)]
Papers = Annotated[int, BeforeValidator(_number), Field(ge=1, le=100)]
FewPapers = Annotated[int, BeforeValidator(_number), Field(ge=0, le=10)]
Score = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1)]
Weight = Annotated[float, BeforeValidator(_number), Field(gt=0, le=100)]
Count = Annotated[int, BeforeValidator(_number)]
Port = Annotated[int, BeforeValidator(_number), Field(ge=1, le=65535)]
Seconds = Annotated[float, BeforeValidator(_number), Field(gt=0, le=3600)]
