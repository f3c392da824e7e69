"""Bringing events, commands and clicks to the app: in what order, how often, and what happens when it is silent."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sandbox.log import Log
from sandbox.world import Json

RETRY_AFTER = (0.0, 60.0, 300.0)
ACK_SECONDS = 3.0

Kind = Literal["events_api", "slash_commands", "interactive"]


class UnansweredError(Exception):
    """The app gave no acknowledgement.

    Attributes:
        code: Slack's word for it to whoever clicked or typed.
        reason: Slack's word for it to the app, when an event comes again.
        is_final: The app said that it does not want it again.
    """

    def __init__(
        self, code: Literal["dispatch_failed", "operation_timeout"], reason: str, *, is_final: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.is_final = is_final


@dataclass(frozen=True)
class Parcel:
    """One thing on its way to the app.

    Attributes:
        name: What the log calls it.
        attempt: How often an event came before.
        reason: Why it comes again.
    """

    kind: Kind
    name: str
    payload: Json
    attempt: int = 0
    reason: str = ""


class Delivery(ABC):
    """A way to the app. Events are sent again when nothing is heard; commands and clicks are not.

    `retry_after`: seconds before each further try of an event; `ack_seconds`: how long an answer may take.
    """

    def __init__(self, log: Log, retry_after: Sequence[float] = RETRY_AFTER, ack_seconds: float = ACK_SECONDS) -> None:
        self.log = log
        self.ack_seconds = ack_seconds
        self._retry_after = retry_after
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Whether the app can be reached, as far as Slack knows."""

    @abstractmethod
    async def bring(self, parcel: Parcel) -> Json:
        """Hand it to the app once, and return what it acknowledged with.

        Raises:
            UnansweredError: It did not.
        """

    def send_event(self, name: str, payload: Json) -> None:
        """Bring an event to the app, trying again as Slack does; returns at once."""
        task = asyncio.create_task(self._deliver(name, payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, name: str, payload: Json) -> None:
        reason = ""
        for attempt in range(len(self._retry_after) + 1):
            if attempt:
                await asyncio.sleep(self._retry_after[attempt - 1])
            await self._flowing.wait()
            try:
                await self.bring(Parcel("events_api", name, payload, attempt, reason))
            except UnansweredError as lack:
                reason = lack.reason
                if lack.is_final:
                    break
            else:
                return
        self.log.add("event", name, payload, ok=False, error="dropped", summary=f"dropped: {reason}")

    async def ask(self, kind: Literal["slash_commands", "interactive"], name: str, payload: Json) -> Json:
        """Hand a command or an interaction to the app and return what it acknowledged with.

        Raises:
            UnansweredError: It could not be reached, or gave no answer in time.
        """
        return await self.bring(Parcel(kind, name, payload))

    def pause(self) -> None:
        """Hold events back until `resume`."""
        self._flowing.clear()

    def resume(self) -> None:
        """Let events flow again, oldest first."""
        self._flowing.set()

    async def settled(self) -> None:
        """Wait until every event is acknowledged or dropped."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Stop trying."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
