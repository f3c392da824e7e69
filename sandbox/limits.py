"""Slack's rate limits for messages, when the world asks for them."""

import math
from collections import deque

from sandbox.state import ApiError, State
from sandbox.world import Json

MINUTE = 60.0


class Limits:
    """Counts ephemerals in the workspace by the minute, visible messages in each channel by the second."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._ephemerals: deque[float] = deque()
        self._posts: dict[str, float] = {}

    def check(self, method: str, arguments: Json) -> None:
        """Let a call pass or not.

        Raises:
            ApiError: `ratelimited`, with the seconds to wait.
        """
        settings = self._state.world.settings
        if not settings.rate_limits:
            return
        now = self._state.clock.now()
        if method == "chat.postEphemeral":
            while self._ephemerals and now - self._ephemerals[0] >= MINUTE:
                self._ephemerals.popleft()
            if len(self._ephemerals) >= settings.ephemeral_per_minute:
                raise ApiError("ratelimited", retry_after=math.ceil(MINUTE - (now - self._ephemerals[0])))
            self._ephemerals.append(now)
        elif method == "chat.postMessage":
            channel = str(arguments.get("channel"))
            wait = self._posts.get(channel, 0.0) + settings.post_seconds_per_channel - now
            if wait > 0:
                raise ApiError("ratelimited", retry_after=math.ceil(wait))
            self._posts[channel] = now
