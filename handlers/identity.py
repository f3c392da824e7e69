"""Who we are in Slack and where; a refusal is told in words a person can act on."""

from collections.abc import Iterable
from dataclasses import dataclass

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import UserError


@dataclass(frozen=True)
class Identity:
    """Who we are in Slack, as `auth.test` says.

    Attributes:
        scopes: What the app was allowed when it was installed last; empty when Slack does not say.
    """

    workspace: str
    enterprise: str | None
    bot_user: str
    bot_id: str
    app_id: str = ""
    scopes: frozenset[str] = frozenset()

    @property
    def takes_files(self) -> bool:
        """Whether a window may take files; in an app that was installed before that, Slack would not open it."""
        return not self.scopes or "files:read" in self.scopes


def refusal(error: SlackApiError) -> str:
    """Slack's code for why it refused."""
    answer = getattr(error.response, "data", None)
    return str((isinstance(answer, dict) and answer.get("error")) or "the answer is not Slack's")


def unreachable(error: BaseException) -> UserError:
    """Slack did not answer at all."""
    return UserError(
        f"Slack cannot be reached: {error or type(error).__name__}.", "Check the network and ASIDE_SLACK_API_URL."
    )


async def identify(client: AsyncWebClient) -> Identity:
    """Ask Slack whose bot token this is.

    Raises:
        UserError: when there is none, Slack does not take it or cannot be reached.
    """
    if not client.token:
        raise UserError("ASIDE_SLACK_BOT_TOKEN is not set.", "Copy the bot token (xoxb-…) of your Slack app into it.")
    try:
        me = await client.auth_test()
    except SlackApiError as error:
        raise UserError(
            f"Slack does not accept the bot token: {refusal(error)}.", "Check ASIDE_SLACK_BOT_TOKEN."
        ) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise unreachable(error) from error
    headers = {name.lower(): value for name, value in me.headers.items()}
    return Identity(
        workspace=me["team_id"],
        enterprise=me.get("enterprise_id"),
        bot_user=me["user_id"],
        bot_id=me.get("bot_id") or "",
        scopes=frozenset(each.strip() for each in headers.get("x-oauth-scopes", "").split(",") if each.strip()),
    )


async def check_socket_mode(client: AsyncWebClient, app_token: str) -> None:
    """Ask once whether Slack opens a connection: the Socket Mode client itself would try for ever.

    Raises:
        UserError: when there is no app-level token, Slack does not take it or cannot be reached.
    """
    if not app_token:
        raise UserError(
            "ASIDE_SLACK_APP_TOKEN is not set.",
            "Make an app-level token (xapp-…) with connections:write, or set ASIDE_SLACK_SIGNING_SECRET for HTTP.",
        )
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        raise UserError(
            f"Slack does not open a Socket Mode connection: {refusal(error)}.",
            "Check ASIDE_SLACK_APP_TOKEN and that Socket Mode is on.",
        ) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise unreachable(error) from error


async def absent_from(client: AsyncWebClient, channels: Iterable[str]) -> tuple[str, ...]:
    """Those of the channels in which we are not, so that somebody has to invite us; those Slack cannot tell are not."""
    absent = []
    for channel in dict.fromkeys(channels):
        try:
            there = (await client.conversations_info(channel=channel))["channel"].get("is_member", True)
        except SlackApiError as error:
            there = refusal(error) != "channel_not_found"  # so Slack calls a private channel without us
        except (aiohttp.ClientError, TimeoutError, OSError):
            there = True
        if not there:
            absent.append(channel)
    return tuple(absent)
