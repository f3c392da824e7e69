"""`aside report`: what came of it, in the terminal or as one HTML file."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import click
from rich.bar import Bar
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.errors import UserError
from bot.i18n import words
from bot.insight_months import months_told
from bot.insight_page import page
from bot.insight_parts import Section
from bot.insight_sections import sections
from bot.message import Role
from bot.playbook import Language, Playbook
from bot.playbook_files import load_playbook
from bot.settings import Settings, load_settings
from bot.terminal import printable
from storage import exports
from storage import insight as figures
from storage.directory import Directory, DirectorySource
from storage.engine import open_as_it_is
from storage.insight import Questions
from storage.insight_sql import SQL

DAYS = 30
BAR = 24
_DAY = click.DateTime(["%Y-%m-%d"])
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("report", short_help="Show what came of it.")
@click.option("--since", type=_DAY, metavar="YYYY-MM-DD", help=f"The first day; {DAYS} days ago when none is given.")
@click.option("--until", type=_DAY, metavar="YYYY-MM-DD", help="The last day; today when none is given.")
@click.option("--html", type=_FILE, metavar="FILE", help="Write one HTML file that needs nothing else.")
@click.option("--words", "with_words", is_flag=True, help="With what sales wrote of lost renewals; it may name people.")
@click.option("--sql", is_flag=True, help="Print the questions to the database instead, to ask them again.")
@click.option("--workspace", help="Which one, if the casebook holds several (T…).")
@click.option("--lang", type=click.Choice(get_args(Language)), default="zh-TW", show_default=True)
def report_command(
    since: datetime | None,
    until: datetime | None,
    html: Path | None,
    workspace: str | None,
    lang: Language,
    *,
    with_words: bool,
    sql: bool,
) -> None:
    """Show what was granted and what it cost, renewals won, claims and how they ended, what customers came with.

    Also month by month: all months of the period, and the last twelve where it is shorter. Days are the desk's, by the
    time zone in policy.yaml. Each figure is one question to the casebook: --sql prints them. Nothing that a customer
    typed is in it. Customers who asked again are named, and with --words sales' own words on lost renewals stand there,
    which may name anybody: keep the file as carefully as the casebook. Aside may run meanwhile.
    """
    settings, say = load_settings(workspace), words(lang)
    playbook = load_playbook(settings.playbook)
    zone = ZoneInfo(playbook.policy.hours.timezone)
    last = until.date() if until else datetime.now(UTC).astimezone(zone).date()
    first = since.date() if since else last - timedelta(days=DAYS - 1)
    if first > last:
        raise UserError(f"{first} is after {last}.", "Give the earlier day as --since.")
    directory = _directory(settings)
    with closing(open_as_it_is(settings.casebook_url)) as casebook, casebook.look() as connection:
        questions = Questions(
            connection,
            one_workspace(figures.workspaces(connection), workspace or settings.only),
            since=_begins(first, zone),
            until=_begins(last + timedelta(days=1), zone),
            signals=[each.id for each in playbook.signals if each.speaker is Role.CUSTOMER],
            months=months_told(first, last, zone),
        )
        if sql:
            click.echo("\n\n".join(f"-- {name}\n{questions.sql(name)}" for name in SQL))
            return
        found = questions.insight(directory.holdings(), directory.basket) if directory else questions.insight(None)
        asked = {name: questions.sql(name) for name in SQL}
    named = directory.names(each.customer_id for each in found.asked_again if each.customer_id) if directory else {}
    shown = sections(found, named, _signal_names(playbook, lang), say, with_words=with_words)
    title, subtitle = say("What came of it"), say("{first} to {last}", first=say.day(first), last=say.day(last))
    if html is None:
        _print(Console(highlight=False), title, subtitle, shown)
        return
    try:
        exports.write(html, page(title, subtitle, shown, asked, say))
    except OSError as error:
        raise UserError(f"{html} cannot be written: {error.strerror}.", "Name a file where you may write.") from error
    click.echo(f"{html}: {say('{label}: {value}', label=title, value=subtitle)}")


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def one_workspace(known: Iterable[str], wanted: str | None) -> str:
    """Which workspace is meant.

    Raises:
        UserError: when there is none yet, several, or not the one that was named.
    """
    found = list(known)
    if wanted in found:
        return str(wanted)
    if not found:
        raise UserError("There is nothing to report yet: the casebook holds no case.", "Come back after the first one.")
    if wanted or len(found) > 1:
        what = f"The casebook knows no workspace {wanted}." if wanted else "The casebook holds several workspaces."
        raise UserError(what, f"Give --workspace with one of: {', '.join(found)}")
    return found[0]


def _directory(settings: Settings) -> Directory | None:
    """The directory, if there is one: without it customers go by their ids."""
    try:
        return DirectorySource(settings.directory_path).current()
    except UserError:
        return None


def _signal_names(playbook: Playbook, lang: Language) -> Mapping[str, str]:
    return {signal: known.name for signal, known in playbook.words[lang].signals.items()}


def _print(console: Console, title: str, subtitle: str, shown: Iterable[Section]) -> None:
    console.print(Text(printable(title), style="bold"), Text(printable(subtitle), style="dim"))
    for section in shown:
        console.print()
        console.print(Text(section.title, style="bold"))
        console.print(Text(printable(section.says)))
        if section.rows:
            console.print(_table(section))


def _table(section: Section) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for number, column in enumerate(section.columns):
        table.add_column(Text(column), justify="left" if section.is_words(number) else "right", overflow="fold")
    if section.bars:
        table.add_column("", max_width=BAR)
    for number, row in enumerate(section.rows):
        bar = [Bar(1, 0, section.bars[number], color="green")] if section.bars else []
        table.add_row(*(Text(printable(each)) for each in row), *bar)
    return table
