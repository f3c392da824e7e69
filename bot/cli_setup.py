"""`aside setup`: what an administrator decides, asked one by one or given as options."""

import asyncio
import time
from collections.abc import Sequence

import aiohttp
import click
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import UserError
from bot.settings import Settings, load_settings
from bot.setup import Missing, RoleSource, Setup, SupportChannel
from storage import workspace as workspaces
from storage.engine import open_casebook

GAPS = {
    Missing.SUPPORT: "a support channel (--channel)",
    Missing.AGENTS: "agents (--agent)",
    Missing.SUPERVISORS: "supervisors (--supervisor)",
    Missing.APPROVALS: "an approvals channel (--approvals)",
    Missing.ON_DUTY: "somebody on duty in each support channel (--duty)",
}


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.replace(",", " ").split() if part)


def _source(ids: Sequence[str]) -> RoleSource:
    """People (U…, W…) and user groups (S…), told apart by their first letter."""
    for each in ids:
        if each[:1] not in {"U", "W", "S"}:
            raise UserError(
                f"“{each}” is not the ID of a Slack person or user group.",
                "In Slack open the profile, choose ⋮ and copy the member ID (U…); a user group's ID starts with S.",
            )
    return RoleSource(
        users=tuple(each for each in ids if each[0] in "UW"),
        groups=tuple(each for each in ids if each[0] == "S"),
    )


@click.command("setup")
@click.option("--channel", "channels", multiple=True, help="A support channel (C…), with =CUSTOMER when it is theirs.")
@click.option("--duty", "duties", multiple=True, help="Who is on duty there: CHANNEL=USER,USER.")
@click.option("--agent", "agents", multiple=True, help="An agent (U…) or a user group of agents (S…).")
@click.option("--supervisor", "supervisors", multiple=True, help="A supervisor (U…) or a user group (S…).")
@click.option("--sales", "sales", multiple=True, help="A salesperson (U…) or a user group (S…).")
@click.option("--approvals", help="The internal channel in which exceptions are decided.")
@click.option("--sales-channel", help="The internal channel told when an account has no owner.")
@click.option("--helpdesk-app", "helpdesk_apps", multiple=True, help="An app (A… or B…) that mirrors customers.")
@click.option("--show", is_flag=True, help="Print what is set and change nothing.")
def setup_command(
    channels: tuple[str, ...],
    duties: tuple[str, ...],
    agents: tuple[str, ...],
    supervisors: tuple[str, ...],
    sales: tuple[str, ...],
    approvals: str | None,
    sales_channel: str | None,
    helpdesk_apps: tuple[str, ...],
    *,
    show: bool,
) -> None:
    """Say which channels are for support, who is who, and who is on duty.

    Without options it asks, one question at a time; what is set already is offered as the answer. Administrators
    can do the same in Slack with /aside setup.
    """
    settings = load_settings()
    workspace = asyncio.run(_workspace(settings))
    casebook = open_casebook(settings.casebook_url)
    with casebook.begin() as connection:
        before = workspaces.setup(connection, workspace)
    given = any((channels, duties, agents, supervisors, sales, approvals, sales_channel, helpdesk_apps))
    changed = before
    if given:
        changed = _with_options(
            before, channels, duties, agents, supervisors, sales, approvals, sales_channel, helpdesk_apps
        )
    elif not show:
        changed = _asked(before)
    if changed != before:
        with casebook.begin() as connection:
            workspaces.save_setup(connection, workspace, changed, actor="aside setup", now=time.time())
    casebook.close()
    _print(changed)


async def _workspace(settings: Settings) -> str:
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        raise UserError("ASIDE_SLACK_BOT_TOKEN is not set.", "Copy the bot token (xoxb-…) of your Slack app into it.")
    async with aiohttp.ClientSession(trust_env=True) as http:
        client = AsyncWebClient(token=token, base_url=settings.slack_api_url, session=http)
        try:
            return str((await client.auth_test())["team_id"])
        except SlackApiError as error:
            raise UserError(
                f"Slack does not accept the bot token: {error.response['error']}.",
                "Check ASIDE_SLACK_BOT_TOKEN.",
            ) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UserError(
                f"Slack cannot be reached: {error}.", "Check the network and ASIDE_SLACK_API_URL."
            ) from error


def _with_options(
    before: Setup,
    channels: Sequence[str],
    duties: Sequence[str],
    agents: Sequence[str],
    supervisors: Sequence[str],
    sales: Sequence[str],
    approvals: str | None,
    sales_channel: str | None,
    helpdesk_apps: Sequence[str],
) -> Setup:
    changed = before
    for text in channels:
        channel, _, customer = text.partition("=")
        known = changed.support_channel(channel)
        on_duty = known.on_duty if known else ()
        changed = changed.with_support_channel(
            SupportChannel(channel=channel, customer=customer or None, on_duty=on_duty)
        )
    for text in duties:
        channel, sign, people = text.partition("=")
        known = changed.support_channel(channel)
        if not sign or known is None:
            raise UserError(
                f"--duty {text} names no support channel.",
                "Write --duty CHANNEL=USER,USER, and the channel with --channel.",
            )
        changed = changed.with_support_channel(known.model_copy(update={"on_duty": _split(people)}))
    return changed.model_copy(
        update={
            "agents": _source(agents) if agents else changed.agents,
            "supervisors": _source(supervisors) if supervisors else changed.supervisors,
            "sales": _source(sales) if sales else changed.sales,
            "approvals_channel": approvals or changed.approvals_channel,
            "sales_channel": sales_channel or changed.sales_channel,
            "helpdesk_apps": tuple(helpdesk_apps) or changed.helpdesk_apps,
        }
    )


def _asked(before: Setup) -> Setup:
    click.echo("Ids are in Slack under “Copy member ID” and “Copy channel ID”. Separate several with spaces.\n")

    def ask(question: str, now: Sequence[str]) -> tuple[str, ...]:
        return _split(click.prompt(question, default=" ".join(now), show_default=bool(now)))

    def of(source: RoleSource) -> tuple[str, ...]:
        return (*source.users, *source.groups)

    changed = before
    kept = ask("Support channels (C…)", [each.channel for each in before.support])
    changed = changed.model_copy(update={"support": tuple(each for each in before.support if each.channel in kept)})
    for channel in kept:
        known = changed.support_channel(channel) or SupportChannel(channel=channel)
        customer = click.prompt(
            f"  {channel}: customer id; leave empty if it serves several",
            default=known.customer or "",
            show_default=bool(known.customer),
        )
        on_duty = ask(f"  {channel}: on duty (U…)", known.on_duty)
        changed = changed.with_support_channel(
            SupportChannel(channel=channel, customer=customer or None, on_duty=on_duty)
        )
    return changed.model_copy(
        update={
            "agents": _source(ask("Agents (U… or user groups S…)", of(before.agents))),
            "supervisors": _source(ask("Supervisors", of(before.supervisors))),
            "sales": _source(ask("Sales", of(before.sales))),
            "approvals_channel": " ".join(ask("Approvals channel (C…)", [before.approvals_channel or ""])) or None,
            "sales_channel": " ".join(ask("Sales channel (C…)", [before.sales_channel or ""])) or None,
            "helpdesk_apps": ask("Helpdesk apps that mirror customers (A…)", before.helpdesk_apps),
        }
    )


def _print(setup: Setup) -> None:
    for channel in setup.support:
        customer = f", customer {channel.customer}" if channel.customer else ""
        click.echo(f"support       {channel.channel}{customer}, on duty: {' '.join(channel.on_duty) or 'nobody'}")
    for name, source in (("agents", setup.agents), ("supervisors", setup.supervisors), ("sales", setup.sales)):
        click.echo(f"{name:<13} {' '.join((*source.users, *source.groups)) or '–'}")
    click.echo(f"approvals     {setup.approvals_channel or '–'}")
    click.echo(f"sales channel {setup.sales_channel or '–'}")
    click.echo(f"helpdesk      {' '.join(setup.helpdesk_apps) or '–'}")
    gaps = setup.missing()
    if gaps:
        click.echo(f"\nStill missing: {', '.join(GAPS[gap] for gap in gaps)}.")
    else:
        click.echo("\nComplete. Invite Aside to each of these channels.")
