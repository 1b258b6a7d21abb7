"""Messages that were queued a moment ago: who sends them at once need not read them back and unpack them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock

_MOST = 8_000_000  # octets, some two hundred messages


class Fresh:
    """The newest messages by the number of their delivery, as many as there is room for; threads may share it."""

    def __init__(self) -> None:
        self._messages: dict[int, bytes] = {}
        self._size = 0
        self._turn = Lock()

    def add(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Keep messages that are on the disk now; the oldest make room."""
        with self._turn:
            for number, message in messages:
                self._messages[number] = message
                self._size += len(message)
            while self._size > _MOST:
                self._size -= len(self._messages.pop(next(iter(self._messages))))

    def take(self, numbers: Iterable[int]) -> Mapping[int, bytes]:
        """Return those of the messages that are here, and keep them no longer."""
        with self._turn:
            found = {number: self._messages.pop(number) for number in numbers if number in self._messages}
            self._size -= sum(map(len, found.values()))
        return found
