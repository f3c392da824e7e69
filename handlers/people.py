"""Who is who: asked of Slack, kept for a while, and doubted when it is old."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.message import Role
from bot.setup import Person, Setup, role_of
from bot.visibility import Channel
from handlers.services import Identity, Services
from storage import workspace as workspaces

FRESH_SECONDS = 300.0
MEMBER_FRESH_SECONDS = 86_400.0
GROUPS_TOO_OLD_SECONDS = 86_400.0
MOST_MEMBERS = 1_000
HTTP_SERVER_ERROR = 500
UNREACHABLE = (SlackApiError, aiohttp.ClientError, asyncio.TimeoutError, OSError)
TRANSIENT = frozenset(
    {
        "ratelimited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",  # while a workspace moves into an organisation, by Slack's page on errors
    }
)
LOCKED_OUT = frozenset(
    {
        "token_expired",
        "token_revoked",
        "invalid_auth",
        "account_inactive",
        "not_authed",
        "org_login_required",
        "ekm_access_denied",
        "team_access_not_granted",
    }
)
"""Slack lets us ask nothing at all; that says nothing of what we asked, and ends once somebody mends our token."""
MISSING_SCOPE = "missing_scope"

log = structlog.get_logger()


def error_code(error: BaseException) -> str:
    """Slack's own code, or what kind of error kept us from it."""
    return str(error.response.get("error", "")) if isinstance(error, SlackApiError) else type(error).__name__


def is_refusal(error: BaseException) -> bool:
    """Whether Slack said no for good to what we asked, so that asking again changes nothing."""
    return (
        isinstance(error, SlackApiError)
        and error_code(error) not in TRANSIENT | LOCKED_OUT
        and error.response.status_code < HTTP_SERVER_ERROR
    )


def person_from(user: Mapping[str, Any], identity: Identity) -> Person:
    """Read `users.info`: an outsider is of another company, or a guest."""
    enterprise = (user.get("enterprise_user") or {}).get("enterprise_id")
    same_team = user.get("team_id") == identity.workspace
    same_company = same_team or (identity.enterprise is not None and enterprise == identity.enterprise)
    profile = user.get("profile") or {}
    name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name")
    return Person(
        user_id=user["id"],
        name=name or user["id"],
        outsider=not same_company
        or bool(user.get("is_restricted"))
        or bool(user.get("is_ultra_restricted"))
        or bool(user.get("is_stranger")),
        admin=same_team and bool(user.get("is_admin") or user.get("is_owner")),
        active=not user.get("deleted", False),
        locale=user.get("locale") or "",
        timezone=_timezone(user.get("tz")),
    )


def _timezone(name: str | None) -> str:
    return name if name in _timezones() else "Asia/Taipei"


@cache
def _timezones() -> frozenset[str]:
    """The time zones there are; to look walks through a folder of hundreds of files."""
    return frozenset(available_timezones())


class UnknownForNowError(Exception):
    """Slack could not be asked just now; that is no answer, so whoever asked tries again later."""


async def look_up(services: Services, user_id: str, fresh_seconds: float = FRESH_SECONDS) -> Person:
    """Somebody in Slack; an outsider when Slack does not know them.

    Args:
        fresh_seconds: How old what we know may be.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    now = services.clock()
    workspace = services.identity.workspace
    with services.casebook.statement() as connection:
        known = workspaces.person(connection, workspace, user_id, since=now - fresh_seconds)
    if known:
        return known
    try:
        answer = await services.client.users_info(user=user_id, include_locale=True)
    except UNREACHABLE as error:
        if not is_refusal(error) or error_code(error) == MISSING_SCOPE:
            raise UnknownForNowError from error
        log.warning("person_unknown", user=user_id, error=error_code(error))
        return Person(user_id=user_id, name=user_id, outsider=True)
    person = person_from(answer["user"], services.identity)
    with services.casebook.statement() as connection:
        workspaces.save_person(connection, workspace, person, now)
    return person


class WhoIsWho(NamedTuple):
    """The setup, and who is in its user groups."""

    setup: Setup
    groups: Mapping[str, frozenset[str]]

    @property
    def unknown(self) -> list[str]:
        """The groups of which it is not known who is in them."""
        return [group for group in self.setup.groups if group not in self.groups]

    def role(self, person: Person) -> Role:
        """Somebody's role."""
        return role_of(person, self.setup, self.groups)


async def role(services: Services, person: Person) -> tuple[Role, Setup]:
    """Somebody's role as the setup and the user groups have it now."""
    who = await who_is_who(services)
    return who.role(person), who.setup


async def of_the_desk(services: Services, users: Iterable[str]) -> list[Person]:
    """Those among these people who answer customers or decide; not whoever left, or is in sales by now.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    found, who = [await look_up(services, user) for user in users], await who_is_who(services)
    return [each for each in found if who.role(each) in {Role.AGENT, Role.SUPERVISOR}]


async def who_is_who(services: Services) -> WhoIsWho:
    """Who is who as it stands now."""
    known = _known(services)
    if not known.unknown:
        return known
    async with services.groups_asked:
        known = _known(services)  # whoever was at it may have asked for us
        if known.unknown:
            await _ask_groups(services, known.unknown)
    return _known(services)


def _known(services: Services) -> WhoIsWho:
    workspace, since = services.identity.workspace, services.clock() - GROUPS_TOO_OLD_SECONDS
    with services.casebook.look() as connection:
        setup = workspaces.setup(connection, workspace)
        return WhoIsWho(setup, workspaces.groups(connection, workspace, since=since) if setup.groups else {})


async def refresh_groups(services: Services, groups: Iterable[str]) -> None:
    """Ask Slack who is in these user groups; one that Slack refuses, as without a paid plan, has nobody in it."""
    async with services.groups_asked:
        await _ask_groups(services, groups)


async def _ask_groups(services: Services, groups: Iterable[str]) -> None:
    for group in groups:
        members: list[str] = []
        try:
            answer = await services.client.usergroups_users_list(usergroup=group)
            members = list(answer["users"])
        except UNREACHABLE as error:
            log.warning("group_unknown", group=group, error=error_code(error))
            if not is_refusal(error) or error_code(error) == MISSING_SCOPE:
                continue
        with services.casebook.begin() as connection:
            workspaces.save_group(connection, services.identity.workspace, group, members, services.clock())


async def channel_now(services: Services, channel_id: str) -> Channel | None:
    """A channel as it is at this moment, guests looked for; None when Slack does not let us see it.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    try:
        answer = await services.client.conversations_info(channel=channel_id)
        info = answer["channel"]
        guests = await _has_guests(services, channel_id)
    except UNREACHABLE as error:
        if not is_refusal(error):
            raise UnknownForNowError from error
        log.warning("channel_unknown", channel=channel_id, error=error_code(error))
        return None
    return Channel(
        id=channel_id,
        name=info.get("name") or "",
        is_direct=bool(info.get("is_im") or info.get("is_mpim")),
        is_archived=bool(info.get("is_archived")),
        is_ext_shared=bool(info.get("is_ext_shared")),
        is_pending_ext_shared=bool(info.get("is_pending_ext_shared")),
        is_shared=bool(info.get("is_shared")),
        is_org_shared=bool(info.get("is_org_shared")),
        has_guests=guests,
    )


async def is_member(services: Services, channel_id: str, user_id: str) -> bool:
    """Whether somebody is in a channel; not in one that Slack does not let us see.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    cursor = ""
    while True:
        try:
            answer = await services.client.conversations_members(channel=channel_id, limit=MOST_MEMBERS, cursor=cursor)
        except UNREACHABLE as error:
            if not is_refusal(error):
                raise UnknownForNowError from error
            log.warning("channel_unknown", channel=channel_id, error=error_code(error))
            return False
        if user_id in answer["members"]:
            return True
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return False


async def _has_guests(services: Services, channel_id: str) -> bool | None:
    """Whether a guest is among the members; None when there are too many to look at.

    A member is looked up once a day; `member_joined_channel` has whoever joins looked up anew.
    """
    cursor = ""
    seen = 0
    while True:
        answer = await services.client.conversations_members(channel=channel_id, limit=200, cursor=cursor)
        for user_id in answer["members"]:
            if (await look_up(services, user_id, MEMBER_FRESH_SECONDS)).outsider:
                return True
        seen += len(answer["members"])
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return False
        if seen >= MOST_MEMBERS:
            return None
