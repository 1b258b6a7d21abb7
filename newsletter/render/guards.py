"""What a template must keep to, checked before MJML and after the inliner; every error names its line.

mrml validates nothing: unknown tags pass into the email, unknown attributes vanish. So the tags and attributes that
are known to come out right are listed here, and nothing else is taken.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from newsletter.errors import TemplateError
from newsletter.render.protect import TOKEN, Joined, Kind, Piece, Place

_TEXT = "align color font-family font-size font-style font-weight letter-spacing line-height text-transform"
_BOX = "padding padding-top padding-right padding-bottom padding-left css-class"
_SKIN = "background-color border border-top border-right border-bottom border-left border-radius"
_OUTER = f"{_BOX} {_SKIN} direction full-width text-align"
ATTRIBUTES = {
    tag: frozenset(attributes.split())
    for tag, attributes in {
        "mjml": "lang dir",
        "mj-head": "",
        "mj-title": "",
        "mj-preview": "",
        "mj-raw": "",
        "mj-style": "",
        "mj-breakpoint": "width",
        "mj-attributes": "",
        "mj-body": "width background-color css-class",
        "mj-wrapper": _OUTER,
        "mj-section": _OUTER,
        "mj-group": "width vertical-align background-color direction css-class",
        "mj-column": f"{_BOX} {_SKIN} direction width vertical-align inner-background-color inner-border-radius",
        "mj-text": f"{_BOX} {_TEXT} container-background-color text-decoration height",
        "mj-button": f"{_BOX} {_TEXT} {_SKIN} href title rel width height inner-padding text-align text-decoration"
        " container-background-color vertical-align",
        "mj-image": f"{_BOX} {_SKIN} src alt href width height align title rel fluid-on-mobile"
        " container-background-color",
        "mj-divider": f"{_BOX} border-color border-style border-width width align container-background-color",
        "mj-spacer": f"{_BOX} height container-background-color",
        "mj-table": f"{_BOX} {_TEXT} border cellpadding cellspacing role table-layout width container-background-color",
    }.items()
}

# Attributes of mj-attributes' children are those of the tag they stand for.
_ANY_ATTRIBUTE = frozenset(("mj-all",))
_REFUSED_HTML = frozenset("script iframe form object embed link base svg video audio input".split())
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_TAG_OR_BLOCK = re.compile(
    r"<!--jx(?P<block>\d{4})xj-->|"
    r"<(?P<closes>/?)(?P<tag>[a-zA-Z][\w:-]*)(?P<attributes>(?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>"
)
_MISMATCHED = expat.errors.codes[expat.errors.XML_ERROR_TAG_MISMATCH]
_ENDS = {"endif": "if", "endfor": "for", "endmacro": "macro", "endcall": "call", "endfilter": "filter"} | {
    "endset": "set",
    "endwith": "with",
    "endautoescape": "autoescape",
    "endonce": "once",
}


def check_markup(markup: Joined) -> None:
    """Raise TemplateError for MJML that is not well-formed, or holds what is not known to come out right."""
    parser = expat.ParserCreate()
    parser.UseForeignDTD(True)  # entities of HTML, which XML does not know, pass  # noqa: FBT003

    def here() -> Place:
        octets = markup.text.encode()[: parser.CurrentByteIndex]
        return markup.at_offset(len(octets.decode(errors="ignore")))

    def fail(message: str) -> TemplateError:
        place = here()
        return TemplateError(message, template=place.template, line=place.line)

    opened: list[tuple[str, int]] = []

    def check(tag: str, attributes: dict[str, str]) -> None:
        opened.append((tag, parser.CurrentByteIndex))
        if message := _complaint(tag, attributes):
            raise fail(message)

    parser.StartElementHandler = check
    parser.EndElementHandler = lambda _tag: opened.pop()
    try:
        parser.Parse(markup.text, True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as error:
        if error.code == _MISMATCHED and opened:
            tag, start = opened[-1]
            place = markup.at_offset(len(markup.text.encode()[:start].decode(errors="ignore")))
            raise TemplateError(f"<{tag}> is never closed", template=place.template, line=place.line) from error
        raise fail(f"not well-formed: {expat.ErrorString(error.code)}") from error


def check_styles(styles: Joined) -> None:
    """Raise TemplateError for rules that would fetch something, that a parser would drop, or that are no rules.

    An escape could spell `url(` in another way, so none is taken; Jinja in styles is not filled in.
    """
    if found := _NO_STYLE.search(styles.text):
        place = styles.at_offset(found.start())
        raise TemplateError(f'"{found[0]}" is not allowed in styles', template=place.template, line=place.line)
    if styles.text.count("{") != styles.text.count("}"):
        place = styles.at_offset(0)
        raise TemplateError("braces are not balanced: rules would be lost", template=place.template)


def check_fetches(markup: Joined) -> None:
    """Raise TemplateError for markup that would fetch something when the email is opened, its styles included."""
    found = _FETCHES.search(markup.text)
    if found:
        place = markup.at_offset(found.start())
        message = f'"{found[0]}" is not allowed: opening the email would ask a server for it'
        raise TemplateError(message, template=place.template, line=place.line)
    for block in _STYLE.finditer(markup.text):
        if wrong := _NO_STYLE.search(block[1]):
            place = markup.at_offset(block.start(1) + wrong.start())
            raise TemplateError(f'"{wrong[0]}" is not allowed in styles', template=place.template, line=place.line)


_FETCHES = re.compile(
    r"""@import|url\s*\(|image-set\s*\(|\b(?:src|background|poster|srcset)\s*=\s*["']\s*(?:https?:)?//""",
    re.IGNORECASE,
)
_NO_STYLE = re.compile(r"@import|url\s*\(|image-set\s*\(|\bsrc\s*\(|//|\\|\{\{|\{%|<", re.IGNORECASE)
_STYLE = re.compile(r"@import|url\s*\(|image-set\s*\(|\bsrc\s*\(|//|\\|\{\{|\{%|<", re.IGNORECASE)
_STYLE = re.compile(r"<(?:mj-)?style\b[^>]*>(.*?)</(?:mj-)?style", re.IGNORECASE | re.DOTALL)


def check_tokens(html: str, constructs: tuple[Piece, ...]) -> None:
    """Raise TemplateError unless every construct came through, and blocks exactly once and in their order."""
    found = [int(token[1] or token[2]) for token in TOKEN.finditer(html)]
    missing = set(range(len(constructs))) - set(found)
    for index in sorted(missing):
        raise _lost(constructs[index], "was lost in compiling; it stands where MJML or CSS computes with it")
    blocks = [index for index in found if constructs[index].kind is Kind.BLOCK]
    for index, before in zip(blocks[1:], blocks, strict=False):
        if index <= before:
            raise _lost(constructs[index], "was moved or repeated in compiling")
    if "<!--[endif" in html:
        raise TemplateError("a conditional comment came out broken", template=constructs[0].place.template)


def check_balance(html: str, constructs: tuple[Piece, ...]) -> None:
    """Raise TemplateError unless each block's body opens and closes its own tags; `html` still holds the tokens.

    Conditional comments are transparent: the tables that MJML writes for Outlook open in one and close in another.
    """
    stack: list[str] = []
    last: Piece | None = None
    for found in _TAG_OR_BLOCK.finditer(html):
        if found["block"]:
            last = constructs[int(found["block"])]
            _walk_block(last, stack)
        elif not _walk_tag(found, stack):
            where = last.place if last else constructs[0].place
            message = f"</{found['tag']}> closes something that was opened outside its block"
            raise TemplateError(message, template=where.template, line=where.line)


def _walk_tag(found: re.Match[str], stack: list[str]) -> bool:
    tag = found["tag"].lower()
    if found["closes"]:
        return bool(stack) and stack.pop() == tag
    if tag not in _VOID and not found["attributes"].endswith("/"):
        stack.append(tag)
    return True


def _walk_block(block: Piece, stack: list[str]) -> None:
    keyword = block.keyword
    if keyword in _ENDS.values() and not (keyword == "set" and "=" in block.inner):
        stack.append("{%" + keyword)
    elif keyword in ("else", "elif") and not stack[-1].startswith("{%"):
        raise _lost(block, f"stands inside an open <{stack[-1]}>")
    elif keyword in _ENDS and stack.pop() != "{%" + _ENDS[keyword]:
        raise _lost(block, "does not close the tags its block opened")


def _complaint(tag: str, attributes: dict[str, str]) -> str:
    if not tag.startswith("mj"):
        return f"<{tag}> is not allowed in an email" if tag in _REFUSED_HTML else ""
    if tag in _ANY_ATTRIBUTE:
        return ""
    if tag not in ATTRIBUTES:
        return f"<{tag}> is not supported"
    unknown = sorted(set(attributes) - ATTRIBUTES[tag])
    return f'<{tag}> has no attribute "{unknown[0]}"' if unknown else ""


def _lost(piece: Piece, what: str) -> TemplateError:
    return TemplateError(f"{piece.text} {what}", template=piece.place.template, line=piece.place.line)
