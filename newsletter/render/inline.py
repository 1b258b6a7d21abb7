"""CSS into style attributes, by premailer: at compile time only, over markup that holds no data.

premailer and cssutils are imported here, when first needed, and can fetch nothing: both read `@import` addresses
even with every network option off (cssutils has its own fetcher), so that fetcher is replaced, and `compile` refuses
`@import` and `<link>` besides.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

Inliner = Callable[[str, str], str]

_IGNORE = ' data-premailer="ignore"'


def inline(html: str, css: str) -> str:
    """Return `html` with the rules of `css` in style attributes; its own style elements stay exactly as written."""
    # premailer keeps a doctype only if it is spelled as lxml spells it; without one, browsers fall into quirks mode.
    html = re.sub(r"^<!doctype html>", "<!DOCTYPE html>", html, flags=re.IGNORECASE)
    transformed = _inliner()(re.sub(r"<style\b", f"<style{_IGNORE}", html), css_text=_rules(css), **_OPTIONS)
    return str(transformed.transform(pretty_print=False)).replace(_IGNORE, "")


_OPTIONS: dict[str, Any] = {
    "keep_style_tags": True,
    "strip_important": False,  # mobile layout and dark mode live by !important
    "disable_leftover_css": True,
    "allow_network": False,
    "allow_loading_external_files": False,
    "disable_validation": True,
    "remove_unset_properties": False,
    "align_floating_images": False,
    # MJML's own reset would turn width="550" of an image into "100%", which breaks Outlook.
    "disable_basic_attributes": ["width", "height", "align", "valign", "bgcolor"],
    "cssutils_logging_level": logging.CRITICAL,
}


@cache
def _inliner() -> type[Any]:
    """Return premailer, made to fetch nothing, and to keep what it has read of a rule: half of its work at an edit."""
    from cssutils import util  # noqa: PLC0415 - 0.2 s, and needed only when a template is compiled
    from premailer import Premailer  # noqa: PLC0415

    util._defaultFetcher = _fetch_nothing  # noqa: SLF001 - the only way to keep cssutils off the network
    read = lru_cache(maxsize=1024)(Premailer("", **_OPTIONS)._parse_style_rules)  # noqa: SLF001 - there is no other way in

    class Inliner(Premailer):  # type: ignore[misc]
        def _parse_style_rules(self, css_body: str, ruleset_index: int) -> Any:
            return read(css_body, ruleset_index)

    return Inliner


def _rules(css: str) -> list[str]:
    """Return a style sheet as its rules: what was read of each is kept, and an edit changes one.

    What is out of the ordinary is one rule, so that it is read as a whole.
    """
    flat = _STRING_OR_COMMENT.sub(lambda found: "" if found[0][0] == "/" else found[0], css)
    bare = _STRING_OR_COMMENT.sub("", css)
    even = bare.count("{") == flat.count("{") and not _RULE.sub("", flat).strip()
    odd = any(sign in bare for sign in ("@", "/*", "*/", "<!--", "-->", "'", '"')) or "\\" in css
    return _RULE.findall(flat) if even and not odd else [css]


_STRING_OR_COMMENT = re.compile(r"""/\*.*?\*/|"[^"\n]*"|'[^'\n]*'""", re.DOTALL)
_RULE = re.compile(r"[^{}]+\{[^{}]*\}")


def _fetch_nothing(_url: str) -> None:
    return None
