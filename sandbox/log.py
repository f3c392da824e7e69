"""What went over the wire, for the page and for tests."""

import copy
import json
from collections import deque
from collections.abc import Callable
from typing import Literal

from sandbox.state import Clock
from sandbox.world import Json

KEPT = 2000
SUMMARY = 120

Direction = Literal["event", "call", "response"]


class Log:
    """The last entries, numbered from 1; each new one is also handed to `on_entry`."""

    def __init__(self, clock: Clock, on_entry: Callable[[Json], None]) -> None:
        self._clock = clock
        self._watchers = [on_entry]
        self._entries: deque[Json] = deque(maxlen=KEPT)
        self._n = 0

    def add(
        self,
        direction: Direction,
        name: str,
        body: Json,
        *,
        ok: bool | None = None,
        error: str | None = None,
        summary: str = "",
    ) -> None:
        """Write one entry; `ok` is None where nothing has been answered yet."""
        self._n += 1
        entry = {
            "n": self._n,
            "at": round(self._clock.now(), 3),
            "dir": direction,
            "name": name,
            "ok": ok,
            "error": error,
            "summary": (summary or json.dumps(body, ensure_ascii=False))[:SUMMARY],
            "body": copy.deepcopy(body),
        }
        self._entries.append(entry)
        for watcher in self._watchers:
            watcher(entry)

    def watch(self, on_entry: Callable[[Json], None]) -> None:
        """Hand each new entry to this one too, however many come."""
        self._watchers.append(on_entry)

    def since(self, number: int) -> list[Json]:
        """The kept entries after this number."""
        return [entry for entry in self._entries if entry["n"] > number]
