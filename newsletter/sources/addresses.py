"""Addresses of sources: what is one, what of it may be shown, and where a service stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import unquote_plus, urljoin, urlsplit, urlunsplit

from pydantic import AfterValidator

from newsletter.text import clean, shorten

_ADDRESS = re.compile(
    r"(?i:https?)://(?:[^\s/?#]*@)?(?:[^\s/?#@:\[\]\\]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?#]\S*)?"
)
_LONGEST_ADDRESS = 2_000  # characters; RFC 9110 4.1 asks for 8,000, and no paper's has a quarter of that


def check_address(address: str) -> str:
    """Return a web address as it is; ValueError, without its login and secrets, for anything else."""
    if not _ADDRESS.fullmatch(address):
        told = shown(address) if "://" in address else shown(f"https://{address}").removeprefix("https://")
        raise ValueError(
            f'"{shorten(clean(told), limit=100)}" is not a web address; '
            "it begins with https:// and has no spaces (a file goes under path:)"
        )
    return address


def _site(address: str) -> str:
    return check_address(address).rstrip("/")


def _mailbox(address: str) -> str:
    if address and not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise ValueError(f'"{address}" is not an email address')
    return address


Mailbox = Annotated[str, AfterValidator(_mailbox)]
"""An email address that a service asks for, or ""."""

Site = Annotated[str, AfterValidator(_site)]
"""The address of a service, without a slash at its end: another one than the usual is a mirror of it."""


# ------------------------------------------------------------------ addresses that sources write


def web_address(written: str, *, base: str = "") -> str:
    """Return `written` as an absolute http(s) address without spaces, controls or login, or "".

    It is completed from `base`, the address it was read from, whose login, parameters and fragment stay out of it.
    """
    written = written.strip()
    if not written or len(written) > _LONGEST_ADDRESS:
        return ""
    try:
        url = urljoin(_without_secrets(base), written)
        parts = urlsplit(url)
        safe = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:  # an impossible IPv6 host
        return ""
    return url if safe and url.isprintable() and not re.search(r"[\s<>\"]", url) else ""


def without_secrets_of(address: str, asked: str) -> str:
    """Return an address without the secrets of the one that was asked, which some servers write into every link.

    A parameter goes; where a secret that looks random stands elsewhere in it, the address is "".
    """
    secrets = dict(_secrets(asked))
    if not any(secret in address for secret in secrets.values()):
        return address
    parts = urlsplit(address)
    kept = (one for one in parts.query.split("&") if one not in secrets)
    rest = urlunsplit(parts._replace(query="&".join(kept)))
    return "" if any(secret in rest for secret in secrets.values() if _looks_random(secret)) else rest


def _without_secrets(base: str) -> str:
    """Return the address that relative ones are completed from: of the one asked, scheme, host and path."""
    if not re.match(r"(?i)https?://", base):
        return ""
    parts = urlsplit(base)
    path = re.sub(r";[^/]*", "", parts.path)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", ""))


def file_name(path: str) -> str:
    """Return the last part of a path or pattern: readers see labels, and the rest of a path is not theirs."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


# ------------------------------------------------------------------ what may be shown

_PARTS = re.compile(r"(?s)(?P<scheme>.*?://)(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<rest>.*)")
_HOST = re.compile(r"(?:[^\s@:\[\]\\]*|\[[0-9A-Fa-f:.]*\])(?::[0-9]*)?")
_PARAMETER = re.compile(r"(?P<mark>[?&;#])(?P<name>[^=&;#]*)(?P<value>=[^&;#]*)?")
_PATH_PARAMETER = re.compile(r"(?P<mark>;)(?P<name>[^=;/]*)(?P<value>=[^;/]*)?")
_SECRET_NAME = re.compile(
    r"key(?!words?)|token|secret|auth(?!ors?(?![a-z]))|pass|signature|mail|session|sessid|credential|jwt"
    r"|(?<![a-z])(?:access|code|hash|k|otp|pin|pw|pwd|sid|sig|ticket)(?![a-z])"
)
_LONG_ENOUGH_FOR_A_SECRET = 16  # characters
_RANDOM_CHARACTERS = 12


def shown(address: str) -> str:
    """Return an address as it may be shown, logged and mailed: without login, secrets and email addresses.

    The value of a parameter goes where its name tells of a secret, or where it is long and looks random.
    """
    parts = _PARTS.fullmatch(address)
    if not parts:
        return address
    host = parts["authority"].rpartition("@")[2]
    if not _HOST.fullmatch(host) and "@" in address:  # a password with a / or a # in it, not written as RFC 3986 asks
        return shown(f"{parts['scheme']}{address.rpartition('@')[2]}")
    path = _PATH_PARAMETER.sub(_hidden, parts["path"])
    return f"{parts['scheme']}{host}{path}{_PARAMETER.sub(_hidden, parts['rest'])}"


def _hidden(parameter: re.Match[str]) -> str:
    if not _secret_of(parameter):
        return parameter[0]
    return f"{parameter['mark']}{parameter['name']}=…" if parameter["value"] else f"{parameter['mark']}…"


def _secret_of(parameter: re.Match[str]) -> str:
    """Return the secret that a parameter holds, or ""; one without a name may be a secret itself."""
    value = (parameter["value"] or "")[1:]
    if parameter["value"] is None:
        return parameter["name"] if _looks_random(parameter["name"]) else ""
    name = unquote_plus(parameter["name"]).lower()
    return value if _SECRET_NAME.search(name) or _looks_random(value) else ""


def _secrets(address: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters of an address that hold secrets, as they are written, with the secret of each."""
    if parts := _PARTS.fullmatch(address):
        for parameter in (*_PATH_PARAMETER.finditer(parts["path"]), *_PARAMETER.finditer(parts["rest"])):
            if secret := _secret_of(parameter):
                yield parameter[0][1:], secret


def _looks_random(value: str) -> bool:
    """Return whether a value is long and, as keys and tokens do, holds neither words nor dates nor short numbers."""
    value = unquote_plus(value)
    if len(value) < _LONG_ENOUGH_FOR_A_SECRET or not value.isascii():
        return False
    return sum(len(word) for word in re.findall(r"[A-Za-z0-9]+", value) if _is_random(word)) >= _RANDOM_CHARACTERS


def _is_random(word: str) -> bool:
    """Return whether a word changes often between letters and digits or between cases, or is a very long number."""
    changes = len(re.findall(r"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])|[a-z](?=[A-Z])", word))
    return (changes >= 2 and changes * 8 >= len(word)) or (word.isdigit() and len(word) >= _LONG_ENOUGH_FOR_A_SECRET)
