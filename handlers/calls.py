"""Slack's own client, which counts what it asks Slack and how that ended."""

import logging
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import metrics

UNREACHABLE = "unreachable"


class NotSlacksError(aiohttp.ClientError):
    """What answered is no Slack: a proxy's page, a page of an outage, something cut off."""


def _quiet_logger() -> logging.Logger:
    """slack-sdk's own; left without a level it spells out every call and its answer, and then throws that away."""
    logger = logging.getLogger("slack_sdk.web.async_base_client")
    logger.setLevel(logging.WARNING)
    return logger


class CountedClient(AsyncWebClient):
    """A client that tells `counts` of each call."""

    def __init__(self, counts: metrics.Metrics, **options: Any) -> None:
        super().__init__(logger=_quiet_logger(), **options)
        self._counts = counts

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """One call, as every method of the client makes it.

        Raises:
            NotSlacksError: when something answered that is not Slack; slack-sdk takes that for Slack's no.
        """
        began, outcome, pause = metrics.now(), "ok", 0.0
        try:
            return await self._asked(api_method, options)
        except SlackApiError as error:
            outcome = str(error.response["error"])
            if outcome == "ratelimited":
                pause = float(error.response.headers.get("Retry-After", 0) or 0)
            raise
        except (aiohttp.ClientError, TimeoutError, OSError):
            outcome = UNREACHABLE
            raise
        except BaseException:
            outcome = "given_up"
            raise
        finally:
            self._counts.called(api_method, outcome, metrics.now() - began, pause)

    async def _asked(self, api_method: str, options: dict[str, Any]) -> AsyncSlackResponse:
        try:
            return await super().api_call(api_method, **options)
        except SlackApiError as error:
            answer = getattr(error.response, "data", None)
            if not isinstance(answer, dict) or not answer.get("error"):
                raise NotSlacksError from error
            raise
        except (AttributeError, ValueError) as error:  # of what slack-sdk reads as if it were an object in JSON
            raise NotSlacksError from error
