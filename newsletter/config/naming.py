"""What messages call a place in the settings: by the person and the words written there, never by an index."""

from __future__ import annotations

import re
import unicodedata

from newsletter.config.place import Node

Location = tuple[str | int, ...]

_SECRET = frozenset(("password", "api_key"))
_SECTIONS = frozenset(("smtp", "store", "tldr", "dkim", "inbox"))  # where a slip may put a secret anywhere
_LONGEST = 60


def shown(text: str) -> str:
    """Return a text in quotes, on one line, cut where it is long, without credentials."""
    plain = masked("".join("?" if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in text))
    return f"'{plain}'" if len(plain) <= _LONGEST else f"'{plain[: _LONGEST - 1]}…'"


def masked(text: str) -> str:
    """Return a text without the credentials of any web or database address in it."""
    return re.sub(r"://[^/?#]*@", "://…@", text)


def is_secret(location: Location) -> bool:
    """Say whether what stands at a location must never be shown."""
    return any(part in _SECRET for part in location) or (bool(location) and location[0] in _SECTIONS)


def subject(root: Node, location: Location) -> str:
    """Return what a message speaks of: `subscriber ada@example.org: interest 'compilers': weight`, `smtp.port`."""
    match location:
        case ("subscribers", int(number), *rest):
            return ": ".join([_person(root, number), *_within(root, location[:2], rest)])
        case ("sources", int(number), str(kind), *rest):
            name = root.find(*location[:3], "name")
            named = f" {shown(name.written)}" if name and name.written else ""
            return ": ".join([f"source {_dotted([kind])[0]}{named}", *_dotted(rest)])
        case ("sources", int(number), *_):
            return f"source {number + 1}"
        case ("picks", int(number), *rest):
            paper = root.find(*location[:2], "paper")
            return ": ".join(
                [f"pick {shown(paper.written) if paper and paper.written else number + 1}", *_dotted(rest)]
            )
        case ("defaults", *rest):
            return ": ".join(["defaults", *_within(root, location[:1], rest)])
    return "".join(_dotted(list(location)))


def _person(root: Node, number: int) -> str:
    for key in ("email", "name"):
        node = root.find("subscribers", number, key)
        if node and isinstance(node.value, str) and node.written:
            return f"subscriber {node.written if _is_plain(node.written) else shown(node.written)}"
    return f"subscriber {number + 1}"


def _is_plain(text: str) -> bool:
    return len(text) <= _LONGEST and text.isprintable() and " " not in text


def _within(root: Node, start: Location, rest: list[str | int]) -> list[str]:
    """Name a list item by what is written in it; `rest` goes on from `start`."""
    match rest:
        case ["interests" | "exclude" as key, int(number), *inner]:
            word = "interest" if key == "interests" else "exclusion"
            return [f"{word} {_item(root.find(*start, key, number), number)}", *_dotted(inner)]
    return _dotted(rest)


def _item(node: Node | None, number: int) -> str:
    for spelled in (
        node,
        *(node.child(key) if node else None for key in ("name", "author", "category", "venue", "paper")),
    ):
        if spelled and spelled.written:
            return shown(spelled.written)
    return str(number + 1)


def _dotted(rest: list[str | int]) -> list[str]:
    # What is no word is a slip, such as `password:…` without its space, and may hold a secret.
    words = ".".join(part if part.isidentifier() else "…" for part in rest if isinstance(part, str))
    return [words] if words else []
