"""What every kind of source answers: what it is called, where its bodies are, and what stands in one of them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from datetime import date

from pydantic import BaseModel, ConfigDict

from newsletter.models import Parsed


class Source(BaseModel, ABC):
    """One place papers come from; its fields are its settings. It reads nothing itself: `collect` brings the bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    @abstractmethod
    def label(self) -> str:
        """Return the name used in health, logs and entries, one line: `arxiv cs.CL+cs.LG`, `feed Distill`."""

    @abstractmethod
    def locations(self, day: date) -> tuple[str, ...]:
        """Return the addresses (http, https) or file patterns to read for `day`."""

    @abstractmethod
    def parse(self, body: bytes, location: str, *, today: date) -> Parsed:
        """Return the entries of one body; raises `SourceError` where it is nothing of this kind at all."""

    def silence(self, day: date) -> str:
        """Return why this source announces nothing on `day`, one line, or "" where it should announce something."""
        del day
        return ""


def file_name(path: str) -> str:
    """Return the last part of a path or pattern: readers see labels, and the rest of a path is not theirs."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


_CREDENTIALS = re.compile(r"(?<=//)[^/?#@\s]+@")
_SECRET_VALUE = re.compile(r"(?i)([?&;][^=&;#]*(?:key|token|secret|auth|pass|sig)[^=&;#]*=)[^&;#]*")


def shown(location: str) -> str:
    """Return a location as it may be shown, logged and mailed: an address without password and secret parameters."""
    if "://" not in location:
        return location
    return _SECRET_VALUE.sub(r"\1…", _CREDENTIALS.sub("", location))
