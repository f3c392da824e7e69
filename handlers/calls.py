"""Slack's own client, which counts what it asks Slack and how that ended."""

import logging
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import metrics

JSON = "application/json;charset=utf-8"
UNREACHABLE = "unreachable"

_ONLY_JSON = {"json"}


class NotSlacksError(aiohttp.ClientError):
    """What answered is no Slack: a proxy's page, a page of an outage, something cut off."""


def _quiet_logger() -> logging.Logger:
    """slack-sdk's own; left without a level it spells out every call and its answer, and then throws that away."""
    logger = logging.getLogger("slack_sdk.web.async_base_client")
    logger.setLevel(logging.WARNING)
    return logger


class CountedClient(AsyncWebClient):
    """A client that tells `counts` of each call.

    What is said most goes a shorter way than slack-sdk's own, which looks at each block for objects of its own classes,
    joins each address anew and looks whether the method is out of date; a test holds the two together.
    """

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
            if options.keys() == _ONLY_JSON and self.token:
                return await self._send(
                    http_verb="POST", api_url=self.base_url + api_method, req_args=self._with(options["json"])
                )
            return await super().api_call(api_method, **options)
        except SlackApiError as error:
            answer = getattr(error.response, "data", None)
            if not isinstance(answer, dict) or not answer.get("error"):
                outcome = UNREACHABLE
                raise NotSlacksError from error
            outcome = str(answer["error"])
            if outcome == "ratelimited":
                pause = float(error.response.headers.get("Retry-After", 0) or 0)
            raise
        except (AttributeError, ValueError) as error:  # of what slack-sdk reads as if it were an object in JSON
            outcome = UNREACHABLE
            raise NotSlacksError from error
        except (aiohttp.ClientError, TimeoutError, OSError):
            outcome = UNREACHABLE
            raise
        except BaseException:
            outcome = "given_up"
            raise
        finally:
            self._counts.called(api_method, outcome, metrics.now() - began, pause)

    async def chat_postEphemeral(self, **said: Any) -> AsyncSlackResponse:  # noqa: N802 - slack-sdk calls it so
        """Whisper; without a text slack-sdk warns."""
        if said.get("text"):
            return await self.api_call("chat.postEphemeral", json=_but_none(said))
        return await super().chat_postEphemeral(**said)

    async def chat_postMessage(self, **said: Any) -> AsyncSlackResponse:  # noqa: N802 - slack-sdk calls it so
        """Say something that others see; without a text slack-sdk warns."""
        if said.get("text"):
            return await self.api_call("chat.postMessage", json=_but_none(said))
        return await super().chat_postMessage(**said)

    def _with(self, json: dict[str, Any]) -> dict[str, Any]:
        """What slack-sdk makes of such a call."""
        headers = {"Authorization": f"Bearer {self.token}", **self.headers, "Content-Type": JSON}
        return {"headers": headers, "json": json, "ssl": self.ssl, "proxy": self.proxy}


def _but_none(said: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in said.items() if each is not None}
