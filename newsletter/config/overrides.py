"""Options from the environment: `NEWSLETTER__SMTP__PASSWORD`, `NEWSLETTER__SMTP__PASSWORD_FILE`, `NEWSLETTER__STORE`.

Two underscores stand for the dot; the environment wins over the file. An empty variable counts as unset, so that a
`docker-compose.yml` may pass on what is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from newsletter.config.choices import alternatives
from newsletter.config.place import Findings, Node, Place, YamlFile

_PREFIX = "NEWSLETTER__"
_LIST = "cannot be set: it stands in a list; write ${NAME} there instead"


def override(root: Node, environment: Mapping[str, str], findings: Findings) -> Node:
    """Return the tree with the options that the environment gives in place of those in the file."""
    for name in sorted(environment):
        if name.startswith(_PREFIX) and environment[name]:
            keys = name.removeprefix(_PREFIX).lower().split("__")
            root = _with_option(root, keys, _node(root, name, environment), findings)
    return root


def _node(root: Node, name: str, environment: Mapping[str, str]) -> Node:
    """Return the value with the variable as its place; a dollar sign in it is one already."""
    file = YamlFile(root.place.file.path, f"${name}", f"${name}")
    return Node(Place(file, 1, 1), environment[name].replace("$", "$$"), f"${name}")


def _with_option(node: Node, keys: list[str], option: Node, findings: Findings) -> Node:
    key, *rest = keys
    if rest:
        section = node.child(key) or Node(option.place, {})
        if section.items:
            findings.problem(option.place, _LIST)
            return node
        option = _with_option(section, rest, option, findings) if isinstance(section.value, dict) else section
    # A password and the file of a password exclude each other: the one from the environment takes the other's place.
    replaced = frozenset[str]() if rest else alternatives(key)
    entries = {name: child for name, child in node.entries.items() if name not in replaced}
    keys_kept = {name: place for name, place in node.keys.items() if name in entries}
    return replace(node, value=entries | {key: option}, keys={key: option.place} | keys_kept)
