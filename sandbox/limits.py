"""Slack's rate limits, when the world asks for them: by method and workspace, and by channel for what is visible.

Slack names tiers and lets short bursts pass; here a tier's figure is the end of it, in any minute.
"""

import math
from collections import defaultdict, deque
from types import MappingProxyType
from typing import Final

from sandbox.state import ApiError, State
from sandbox.world import Json

MINUTE = 60.0
TIER_2, TIER_3, TIER_4 = 20, 50, 100

A_MINUTE: Final = MappingProxyType(
    {
        "chat.update": TIER_3,
        "chat.delete": TIER_3,
        "conversations.list": TIER_2,
        "conversations.info": TIER_3,
        "conversations.members": TIER_4,
        "conversations.history": TIER_3,
        "conversations.replies": TIER_3,
        "conversations.open": TIER_3,
        "conversations.join": TIER_3,
        "files.info": TIER_4,
        "team.info": TIER_3,
        "usergroups.list": TIER_2,
        "usergroups.users.list": TIER_2,
        "users.info": TIER_4,
        "users.list": TIER_2,
        "users.conversations": TIER_2,
        "views.open": TIER_4,
        "views.push": TIER_4,
        "views.update": TIER_4,
        "views.publish": TIER_4,
    }
)
"""So often Slack lets an app call each in a workspace; what is not here it hardly limits."""


class Limits:
    """Counts calls of each method by the minute, visible messages in each channel by the second."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
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
        most = settings.ephemeral_per_minute if method == "chat.postEphemeral" else A_MINUTE.get(method)
        if method == "chat.postMessage":
            channel = str(arguments.get("channel"))
            wait = self._posts.get(channel, 0.0) + settings.post_seconds_per_channel - now
            if wait > 0:
                raise ApiError("ratelimited", retry_after=math.ceil(wait))
            self._posts[channel] = now
        elif most is not None:
            calls = self._calls[method]
            while calls and now - calls[0] >= MINUTE:
                calls.popleft()
            if len(calls) >= most:
                raise ApiError("ratelimited", retry_after=math.ceil(MINUTE - (now - calls[0])))
            calls.append(now)
