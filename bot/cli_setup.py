"""`aside setup`: what an administrator decides, asked one by one or given as options."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

import aiohttp
import click
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cli_workspaces import token_of
from bot.errors import UserError
from bot.settings import Settings, load_settings
from bot.setup import Missing, RoleSource, Setup, SupportChannel
from handlers.identity import absent_from, identify, refusal, unreachable
from storage import workspace as workspaces
from storage.directory import DirectorySource
from storage.engine import open_casebook

GAPS = {
    Missing.SUPPORT: "a support channel (--channel)",
    Missing.AGENTS: "agents (--agent)",
    Missing.SUPERVISORS: "supervisors (--supervisor)",
    Missing.APPROVALS: "an approvals channel (--approvals)",
    Missing.ON_DUTY: "somebody on duty in each support channel (--duty)",
}
ROLES = ("agents", "supervisors", "managers", "sales", "sales_managers")
NOTHING = "-"
COPY_MEMBER = "In Slack open the profile, choose ⋮ and copy the member ID; a user group's id starts with S."
COPY_CHANNEL = "In Slack open the channel's details; its id is at the very end."


@dataclass(frozen=True)
class _Kind:
    """A kind of id: what Slack calls it, how it looks and where a person finds it."""

    pattern: re.Pattern[str]
    name: str
    where: str

    def check(self, given: Iterable[str]) -> tuple[str, ...]:
        """The ids, each once.

        Raises:
            UserError: when one cannot be of this kind.
        """
        ids = tuple(dict.fromkeys(given))
        for each in ids:
            if not self.pattern.fullmatch(each):
                raise UserError(f"“{each}” is not the id of {self.name}.", self.where)
        return ids


PERSON = _Kind(re.compile(r"[UW][A-Z0-9]{2,}"), "a Slack person (U…)", COPY_MEMBER)
PEOPLE = _Kind(re.compile(r"[UWS][A-Z0-9]{2,}"), "a Slack person (U…) or user group (S…)", COPY_MEMBER)
CHANNEL = _Kind(re.compile(r"[CG][A-Z0-9]{2,}"), "a Slack channel (C…)", COPY_CHANNEL)
APP = _Kind(
    re.compile(r"[AB][A-Z0-9]{2,}"), "a Slack app (A… or B…)", "In Slack open the app's profile and copy its id."
)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.replace(",", " ").split() if part != NOTHING)


def _source(ids: Sequence[str]) -> RoleSource:
    checked = PEOPLE.check(ids)
    return RoleSource(
        users=tuple(each for each in checked if each[0] in "UW"),
        groups=tuple(each for each in checked if each[0] == "S"),
    )


@click.command("setup")
@click.option(
    "--channel", "channels", multiple=True, help="A support channel (C…); C…=CUSTOMER when it is theirs, C…= when not."
)
@click.option("--duty", "duties", multiple=True, help="Who is on duty there: CHANNEL=USER,USER.")
@click.option("--agent", "agents", multiple=True, help="An agent (U…) or a user group of agents (S…).")
@click.option("--supervisor", "supervisors", multiple=True, help="A supervisor (U…) or a user group (S…).")
@click.option("--manager", "managers", multiple=True, help="Who grants beyond a supervisor's limits (U… or S…).")
@click.option("--sales", "sales", multiple=True, help="A salesperson (U…) or a user group (S…).")
@click.option("--sales-manager", "sales_managers", multiple=True, help="Who gets what no salesperson takes (U… or S…).")
@click.option("--approvals", help="The internal channel in which exceptions are decided.")
@click.option("--sales-channel", help="The internal channel told when nobody in sales can be.")
@click.option("--helpdesk-app", "helpdesk_apps", multiple=True, help="An app (A… or B…) that mirrors customers.")
@click.option("--show", is_flag=True, help="Print what is set and change nothing.")
def setup_command(
    channels: tuple[str, ...],
    duties: tuple[str, ...],
    agents: tuple[str, ...],
    supervisors: tuple[str, ...],
    managers: tuple[str, ...],
    sales: tuple[str, ...],
    sales_managers: tuple[str, ...],
    approvals: str | None,
    sales_channel: str | None,
    helpdesk_apps: tuple[str, ...],
    *,
    show: bool,
) -> None:
    """Say which channels are for support, who is who, and who is on duty.

    Without options it asks, one question at a time; what is set already is offered as the answer. Administrators
    can do the same in Slack with /aside setup. A running Aside takes the change up at once.
    """
    people = (agents, supervisors, managers, sales, sales_managers)
    given = any((channels, duties, *people, approvals, sales_channel, helpdesk_apps))
    if show and given:
        raise UserError("--show changes nothing, so it goes with no other option.", "Leave one or the other out.")

    def change(before: Setup) -> Setup:
        if show:
            return before
        if not given:
            return _asked(before, settings)
        return _with_options(before, channels, duties, people, approvals, sales_channel, helpdesk_apps)

    settings = load_settings()
    asyncio.run(_set_up(settings, change))


async def _set_up(settings: Settings, change: Callable[[Setup], Setup]) -> None:
    async with aiohttp.ClientSession(trust_env=True) as http:
        client = AsyncWebClient(token=token_of(settings), base_url=settings.slack_api_url, session=http)
        workspace = (await identify(client)).workspace
        with closing(open_casebook(settings.casebook_url)) as casebook:
            with casebook.begin() as connection:
                before = workspaces.setup(connection, workspace)
            changed = change(before)
            await _check(client, settings, before, changed)
            if changed != before:
                with casebook.begin() as connection:
                    if workspaces.setup(connection, workspace) != before:
                        raise UserError("Somebody else changed the setup in the meantime.", "Run aside setup again.")
                    workspaces.save_setup(connection, workspace, changed, actor="aside setup", now=time.time())
        _print(changed, await absent_from(client, changed.channels))


async def _check(client: AsyncWebClient, settings: Settings, before: Setup, changed: Setup) -> None:
    """What is new has to be there: people and user groups in Slack, customers in the directory if there is one.

    Raises:
        UserError: when one is not.
    """
    customers = {each.customer for each in changed.support if each.customer}
    for customer in sorted(customers - {each.customer for each in before.support}):
        _check_customer(settings, customer)
    try:
        for person in sorted(_people(changed) - _people(before)):
            await _known(client.users_info(user=person), person, COPY_MEMBER)
        for group in sorted({*changed.groups} - {*before.groups}):
            await _known(client.usergroups_users_list(usergroup=group), group, "Name the people one by one instead.")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise unreachable(error) from error


def _people(setup: Setup) -> set[str]:
    sources = (setup.agents, setup.deciders, setup.sales, setup.sales_managers)
    named = {user for source in sources for user in source.users}
    return named.union(*(each.on_duty for each in setup.support))


async def _known(asking: Awaitable[object], who: str, do: str) -> None:
    try:
        await asking
    except SlackApiError as error:
        raise UserError(f"Slack does not know {who}: {refusal(error)}.", do) from error


def _check_customer(settings: Settings, customer: str) -> None:
    """Refuse a customer who is not on file; before the first import nobody is."""
    if not settings.directory_path.exists():
        return
    if DirectorySource(settings.directory_path).current().record(customer) is None:
        raise UserError(
            f"There is no customer {customer} in the directory.", "Find the id with: aside warranty NAME --json"
        )


def _with_options(
    before: Setup,
    channels: Sequence[str],
    duties: Sequence[str],
    people: Sequence[Sequence[str]],
    approvals: str | None,
    sales_channel: str | None,
    helpdesk_apps: Sequence[str],
) -> Setup:
    """The setup with what the options say; `people` in the order of `ROLES`."""
    changed = before
    for text in channels:
        channel, sign, customer = text.partition("=")
        CHANNEL.check([channel])
        known = changed.support_channel(channel) or SupportChannel(channel=channel)
        if sign:
            known = known.model_copy(update={"customer": customer or None})
        changed = changed.with_support_channel(known)
    for text in duties:
        channel, sign, users = text.partition("=")
        on_duty = changed.support_channel(channel)
        if not sign or on_duty is None:
            raise UserError(
                f"--duty {text} names no support channel.",
                "Write --duty CHANNEL=USER,USER, and the channel with --channel.",
            )
        changed = changed.with_support_channel(
            on_duty.model_copy(update={"on_duty": PERSON.check(_split(users))}),
        )
    return changed.model_copy(
        update={
            **{role: _source(named) for role, named in zip(ROLES, people, strict=True) if named},
            "approvals_channel": CHANNEL.check([approvals])[0] if approvals else changed.approvals_channel,
            "sales_channel": CHANNEL.check([sales_channel])[0] if sales_channel else changed.sales_channel,
            "helpdesk_apps": APP.check(helpdesk_apps) or changed.helpdesk_apps,
        }
    )


def _asked(before: Setup, settings: Settings) -> Setup:
    click.echo(f"Several ids are parted by spaces; Enter keeps what is set, {NOTHING} empties it.")
    click.echo(f"People: {COPY_MEMBER}")
    click.echo(f"Channels: {COPY_CHANNEL}\n")
    changed = before
    kept = _ask("Support channels (C…)", [each.channel for each in before.support], CHANNEL)
    changed = changed.model_copy(update={"support": tuple(each for each in before.support if each.channel in kept)})
    for channel in kept:
        known = changed.support_channel(channel) or SupportChannel(channel=channel)
        changed = changed.with_support_channel(
            SupportChannel(
                channel=channel,
                customer=_ask_customer(channel, known.customer, settings),
                on_duty=_ask(f"  {channel}: on duty (U…)", known.on_duty, PERSON),
            )
        )
    return changed.model_copy(
        update={
            "agents": _source(_ask("Agents (U… or user groups S…)", _ids(before.agents), PEOPLE)),
            "supervisors": _source(_ask("Supervisors", _ids(before.supervisors), PEOPLE)),
            "managers": _source(_ask("Managers, who grant what is beyond them", _ids(before.managers), PEOPLE)),
            "sales": _source(_ask("Sales", _ids(before.sales), PEOPLE)),
            "sales_managers": _source(_ask("Sales managers", _ids(before.sales_managers), PEOPLE)),
            "approvals_channel": _ask_channel("Approvals channel (C…)", before.approvals_channel),
            "sales_channel": _ask_channel("Sales channel (C…)", before.sales_channel),
            "helpdesk_apps": _ask("Helpdesk apps that mirror customers (A…)", before.helpdesk_apps, APP),
        }
    )


def _ids(source: RoleSource) -> tuple[str, ...]:
    return (*source.users, *source.groups)


def _prompt(question: str, now: Sequence[str], check: Callable[[tuple[str, ...]], object]) -> tuple[str, ...]:
    """Ask until the answer can be right."""

    def read(text: str) -> tuple[str, ...]:
        answer = _split(text)
        try:
            check(answer)
        except UserError as error:
            raise click.BadParameter(str(error)) from error
        return answer

    answer: tuple[str, ...] = click.prompt(question, default=" ".join(now), show_default=bool(now), value_proc=read)
    return answer


def _ask(question: str, now: Sequence[str], kind: _Kind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_prompt(question, now, kind.check)))


def _ask_channel(question: str, now: str | None) -> str | None:
    def check(answer: tuple[str, ...]) -> None:
        CHANNEL.check(answer)
        if len(answer) > 1:
            raise UserError("There can be one such channel.", "Name one.")

    answer = _prompt(question, [now] if now else [], check)
    return answer[0] if answer else None


def _ask_customer(channel: str, now: str | None, settings: Settings) -> str | None:
    def check(answer: tuple[str, ...]) -> None:
        if answer:
            _check_customer(settings, " ".join(answer))

    answer = _prompt(f"  {channel}: customer id, empty when it serves many", [now] if now else [], check)
    return " ".join(answer) or None


def _print(setup: Setup, absent: Sequence[str]) -> None:
    for channel in setup.support:
        customer = f", customer {channel.customer}" if channel.customer else ""
        click.echo(f"support        {channel.channel}{customer}, on duty: {' '.join(channel.on_duty) or 'nobody'}")
    for name, source in (
        ("agents", setup.agents),
        ("supervisors", setup.supervisors),
        ("managers", setup.managers),
        ("sales", setup.sales),
        ("sales managers", setup.sales_managers),
    ):
        click.echo(f"{name:<14} {' '.join(_ids(source)) or '–'}")
    click.echo(f"approvals      {setup.approvals_channel or '–'}")
    click.echo(f"sales channel  {setup.sales_channel or '–'}")
    click.echo(f"helpdesk       {' '.join(setup.helpdesk_apps) or '–'}")
    gaps = setup.missing()
    click.echo()
    click.echo(f"Still missing: {', '.join(GAPS[gap] for gap in gaps)}." if gaps else "Complete.")
    if absent:
        click.echo(f"Invite Aside to {', '.join(absent)}: it is not there yet.")
