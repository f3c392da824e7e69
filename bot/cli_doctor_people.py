"""What `aside doctor` asks Slack about the setup: who left, which user groups are read, who decides, what is heard."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cli_doctor_http import Line
from bot.setup import Person, RoleSource, Setup
from handlers.identity import Identity, refusal
from handlers.people import person_from

MOST = 100
"""Slack is asked about so many people and no more; it would make us wait."""
DAY_SECONDS = 86_400.0
PATIENCE_SECONDS = 120.0
"""Slack tries again after a minute, and clocks differ."""
SUBSCRIBE = "Switch on Event Subscriptions with every bot event of manifest.yml, and install the app again."
UNREACHABLE = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass(frozen=True)
class Heard:
    """What we know of what Slack told us.

    Attributes:
        channels: When it last told us of something in a channel.
        alive_at: When we last knew that we listen.
        set_up_at: When the setup was last changed; what was said before may have been said elsewhere.
    """

    channels: Mapping[str, float]
    alive_at: float | None
    set_up_at: float


@dataclass
class Found:
    """What Slack says of those in the setup.

    Attributes:
        people: By id; those whom Slack does not know are missing.
        groups: The members of each user group that can be read.
        unread: Why a user group cannot be read, by its id.
    """

    people: dict[str, Person] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    groups: dict[str, Sequence[str]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    def members(self, source: RoleSource) -> set[str]:
        """Everybody to whom a role is given."""
        return {*source.users, *(user for group in source.groups for user in self.groups.get(group, ()))}

    def called(self, user: str) -> str:
        """Somebody's name and id."""
        return f"{self.people[user].name} ({user})" if user in self.people else user


async def look(client: AsyncWebClient, identity: Identity, setup: Setup) -> Found:
    """Ask Slack about the user groups and the people in the setup."""
    found = Found()
    for group in setup.groups:
        try:
            found.groups[group] = list((await client.usergroups_users_list(usergroup=group))["users"])
        except SlackApiError as error:
            found.unread[group] = refusal(error)
        except UNREACHABLE as error:
            found.unread[group] = type(error).__name__
    for user in named(setup)[:MOST]:
        try:
            answer = await client.users_info(user=user, include_locale=True)
        except SlackApiError as error:
            if refusal(error) in {"user_not_found", "user_not_visible"}:
                found.unknown.add(user)
        except UNREACHABLE:
            continue
        else:
            found.people[user] = person_from(answer["user"], identity)
    return found


def named(setup: Setup) -> list[str]:
    """Everybody whom the setup names themselves, once."""
    sources = (setup.supervisors, setup.managers, setup.agents, setup.sales, setup.sales_managers)
    on_duty = (user for channel in setup.support for user in channel.on_duty)
    away = (user for each in setup.away for user in (each.user, each.deputy) if user)
    return list(dict.fromkeys([*(user for source in sources for user in source.users), *on_duty, *away]))


def lines(setup: Setup, found: Found) -> Iterable[Line]:
    """What is wrong with the people of a setup, or that nothing is."""
    wrong = [*_gone(found), *_outside(found), *_unread(found)]
    wrong += [*_decides_alone(setup, found), *_nobody_listens(setup, found)]
    yield from wrong or [Line("people", f"{len(found.people)} named in the setup, all of them yours")]


def _gone(found: Found) -> Iterable[Line]:
    gone = [found.called(user) for user, person in found.people.items() if not person.active] + sorted(found.unknown)
    if gone:
        what = f"no longer in Slack: {', '.join(gone)}"
        yield Line("people", what, "Take them out: aside setup, or /aside setup in Slack.")


def _outside(found: Found) -> Iterable[Line]:
    outside = [found.called(user) for user, person in found.people.items() if person.active and person.outsider]
    if outside:
        what = f"guests and people of another company have no role: {', '.join(outside)}"
        yield Line("people", what, "Name members of your own company in their place.")


def _unread(found: Found) -> Iterable[Line]:
    for group, why in found.unread.items():
        if why == "missing_scope":  # the line on scopes says so
            continue
        do = "Slack has user groups on paid plans only: name the people themselves."
        if why != "plan_upgrade_required":
            do = "Look whether the group is there; name another one, or the people themselves."
        yield Line("groups", f"{group} cannot be read: {why}; nobody has a role by it", do)


def _decides_alone(setup: Setup, found: Found) -> Iterable[Line]:
    """R30: nobody decides their own request."""
    deciders = {user for user in found.members(setup.deciders) if _is_here(found, user)}
    asks = found.members(setup.agents) | {user for channel in setup.support for user in channel.on_duty}
    if found.unread or not deciders:
        return
    alone = sorted(user for user in asks & deciders if deciders == {user})
    if alone:
        what = f"{found.called(alone[0])} asks and is the only one who decides"
        yield Line("approvers", what, "Name a second supervisor or a manager: nobody decides their own request.")


def _nobody_listens(setup: Setup, found: Found) -> Iterable[Line]:
    helps = found.members(setup.agents) | found.members(setup.deciders)
    for channel in setup.support:
        if found.unread or not channel.on_duty:
            continue
        if not any(user in helps and _is_here(found, user) for user in channel.on_duty):
            what = f"nobody on duty in {channel.channel} is an agent or a supervisor who is still here"
            yield Line("duty", what, "Put an agent on duty: /aside duty on, or aside setup --duty.")


def _is_here(found: Found, user: str) -> bool:
    person = found.people.get(user)
    return user not in found.unknown and (person is None or (person.active and not person.outsider))


async def channels(client: AsyncWebClient, setup: Setup) -> AsyncIterator[Line]:
    """What is wrong with channels in which we are."""
    for channel, what in ((setup.approvals_channel, "approvals"), (setup.sales_channel, "sales")):
        info = await _info(client, channel) if channel else None
        if info and (info.get("is_ext_shared") or info.get("is_pending_ext_shared")):
            told = f"the {what} channel {channel} is shared with another company: nothing is shown there"
            yield Line("channels", told, "Choose a channel of your own company without guests.")
        if info and info.get("is_archived"):
            yield Line("channels", f"the {what} channel {channel} is archived", "Choose another one: aside setup.")


async def _info(client: AsyncWebClient, channel: str) -> Mapping[str, object] | None:
    try:
        info: Mapping[str, object] = (await client.conversations_info(channel=channel))["channel"]
    except (SlackApiError, *UNREACHABLE):
        return None
    return info


async def events(client: AsyncWebClient, setup: Setup, heard: Heard, now: float) -> AsyncIterator[Line]:
    """Whether Slack tells us what is said; no line where nothing was said lately, which proves nothing.

    Args:
        heard: What we know of it.
        now: Seconds since 1970.
    """
    deaf = []
    since = max(now - DAY_SECONDS, heard.set_up_at)
    until = (heard.alive_at or 0.0) - PATIENCE_SECONDS
    for channel in (each.channel for each in setup.support):
        try:
            answer = await client.conversations_history(channel=channel, limit=20, oldest=f"{since:.6f}")
        except (SlackApiError, *UNREACHABLE):
            continue
        by_people = [each for each in answer["messages"] if not each.get("subtype") and not each.get("bot_id")]
        said = [at for each in by_people if since < (at := float(each["ts"])) < until]
        if said and heard.channels.get(channel, 0.0) < max(said) - PATIENCE_SECONDS:
            deaf.append(channel)
    if deaf:
        yield Line("events", f"Slack did not tell of what was said in {', '.join(deaf)}", SUBSCRIBE)
