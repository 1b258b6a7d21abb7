"""Issues as files to look at: a folder that opens from the disk, in a CI's artifacts, or on any web server.

NNN-<address>.html .txt .eml                the issue: standing alone, as text, as the message that would be sent
NNN-<address>.checks.json .why.json         what is wrong with it; why each paper is in it or not
NNN-<address>.desktop.png .phone.png .dark.png
index.html                                  a page that lists them
index.json                                  the same for programs, and which files were made
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from newsletter.checks import HTML_LIMIT, Finding, Severity
from newsletter.errors import UsageError
from newsletter.models import Email, Issue
from newsletter.preview.listing import listing
from newsletter.preview.setup import Look, long_day
from newsletter.preview.why import as_data, candidates

VERSION = 1
"""The shape of index.json; it grows when a key changes its meaning or goes."""

INDEX, PAGE = "index.json", "index.html"

Camera = Callable[[str, Path], Mapping[str, Path]]
"""Takes pictures of HTML, each into a file whose name begins with a path; returns them by what they show."""

_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")
_LONGEST_NAME = 100


def write(
    looks: Iterable[Look],
    directory: Path,
    *,
    newsletter: str = "",
    label: str = "",
    camera: Camera | None = None,
) -> Path:
    """Write every issue into `directory`, and return the page that lists them.

    `newsletter` and `label` stand at its top: who sends them, and of which day they are, unless given those of the
    first issue. `camera` takes pictures.

    What an earlier run made and this one did not is deleted; what somebody else put there, or changed, is not.
    UsageError, before anything is written, where an index stands that no earlier run made.
    """
    before = _made(directory)
    _check_free(directory, before)
    directory.mkdir(parents=True, exist_ok=True)
    readers: list[dict[str, Any]] = []
    made: dict[str, str] = {}
    for number, each in enumerate(looks, 1):
        if each.issue is None:
            continue
        entry, files = _written(directory / _stem(number, each.reader.email), each, each.issue, camera=camera)
        readers.append(entry)
        made |= {path.name: _digest(path) for path in files}
        newsletter, label = newsletter or each.email.sender[0], label or long_day(each.issue.day)
    site = {
        "version": VERSION,
        "newsletter": newsletter,
        "label": label,
        "limits": {"html": HTML_LIMIT},
        "readers": readers,
    }
    (directory / PAGE).write_text(listing(site), encoding="utf-8")
    made[PAGE] = _digest(directory / PAGE)
    _write_json(directory / INDEX, site | {"made": made})
    _clear(directory, before, made)
    return directory / PAGE


def verdict(findings: Sequence[Finding]) -> str:
    """Return what checks found, in two words: `no findings`, `1 error, 2 warnings`."""
    counts = [(sum(found.severity is severity for found in findings), severity) for severity in Severity]
    told = [f"{count} {severity}{'s' if count > 1 else ''}" for count, severity in counts if count]
    return ", ".join(told) or "no findings"


# ------------------------------------------------------------------ one issue


def _written(stem: Path, look: Look, issue: Issue, *, camera: Camera | None) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Write what there is of one issue; return what the index says of it, and the files."""
    email, findings, sizes = look.email, look.findings, asdict(look.facts)
    suffixes = {"text": "txt", "message": "eml", "checks": "checks.json", "why": "why.json"}
    files = {kind: stem.with_name(f"{stem.name}.{suffix}") for kind, suffix in suffixes.items()}
    files["text"].write_text(email.text, encoding="utf-8", newline="\n")
    files["message"].write_bytes(look.message)
    _write_json(files["checks"], {"sizes": sizes, "findings": [asdict(finding) for finding in findings]})
    found = candidates(look.prepared, issue, reader=look.reader)
    _write_json(files["why"], {"candidates": [as_data(each) for each in found]})
    pictures: Mapping[str, Path] = {}
    if email.html:
        html = standing_alone(email)
        files["html"] = stem.with_name(f"{stem.name}.html")
        files["html"].write_text(html, encoding="utf-8", newline="\n")
        pictures = camera(html, stem) if camera else {}
    reader = look.reader
    entry = {
        "as": reader.email,
        "name": reader.name,
        "status": str(reader.status),
        "origin": reader.origin,
        "issue": issue.day.isoformat(),
        "subject": email.subject,
        "papers": len(issue.papers),
        "cut": len(issue.cut),
        "considered": issue.considered,
        "sizes": sizes,
        "verdict": verdict(findings),
        "errors": sum(found.severity is Severity.ERROR for found in findings),
        "warnings": sum(found.severity is Severity.WARNING for found in findings),
        "files": {kind: path.name for kind, path in files.items()},
        "pictures": {kind: path.name for kind, path in pictures.items()},
        "notes": list(look.notes),
    }
    return entry, (*files.values(), *pictures.values())


def standing_alone(email: Email, html: str = "") -> str:
    """Return the HTML, or what was made of it, with the pictures of the email in it: browsers know no `cid:`."""
    html = html or email.html
    for picture in email.pictures:
        data = b64encode(picture.data).decode("ascii")
        html = html.replace(f"cid:{picture.name}", f"data:{picture.media_type};base64,{data}")
    return html


def _stem(number: int, address: str) -> str:
    """Return a file's name: numbered, because two addresses may differ in what no file's name can hold."""
    return f"{number:03}-" + _UNSAFE.sub("_", address)[:_LONGEST_NAME]


# ------------------------------------------------------------------ what earlier runs left


def _made(directory: Path) -> dict[str, str]:
    """Return what an earlier run made in a folder, each file with the digest of its bytes; nothing where none was."""
    try:
        made = json.loads((directory / INDEX).read_text(encoding="utf-8"))["made"]
        return {str(name): str(digest) for name, digest in made.items() if Path(name).name == name}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _check_free(directory: Path, made: Mapping[str, str]) -> None:
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file; name a folder with --out")
    for name in (INDEX, PAGE):
        if (directory / name).exists() and PAGE not in made:
            raise UsageError(f"{directory / name} is not from a preview; delete it, or name another folder with --out")


def _clear(directory: Path, before: Mapping[str, str], made: Mapping[str, str]) -> None:
    """Delete what only the earlier run made, as it made it."""
    for name, digest in before.items():
        path = directory / name
        if name not in made and path.is_file() and _digest(path) == digest:
            path.unlink()


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
