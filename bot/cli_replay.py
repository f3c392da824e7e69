"""`aside replay`: what the coach would have whispered, message by message."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.entitlement import coverage_on, entitlement
from bot.errors import UserError
from bot.found import Match
from bot.learning import learn
from bot.message import Role
from bot.on_file import has_prices, line_values
from bot.playbook import Language, Playbook
from bot.playbook_files import load_playbook
from bot.replay import Known, Line, LookUp, Replay, Summary, Told, advice_as_json, as_json, differs
from bot.replay_files import Export, is_export, read_lines
from bot.settings import Settings, load_settings
from bot.terminal import printable
from storage.directory import Directory, DirectorySource

MOST_REMEMBERED = 1_000
_PLAYBOOKS = 2
_TOP = 8


@click.command("replay", short_help="Show what the coach would have whispered in past conversations.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, allow_dash=True), default="-")
@click.option(
    "--playbook",
    "folders",
    type=click.Path(path_type=Path, file_okay=False),
    multiple=True,
    help="The folder of another playbook; given twice, only what differs is shown.",
)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a message, for other programs.")
@click.option("--agent", "agents", multiple=True, metavar="ID", help="Slack export: this person is an agent.")
@click.option("--supervisor", "supervisors", multiple=True, metavar="ID", help="Slack export: this one a supervisor.")
@click.option("--sales", "sellers", multiple=True, metavar="ID", help="Slack export: this one a salesperson.")
@click.option(
    "--customer", "customers", multiple=True, metavar="ID", help="Slack export: this person or helpdesk app a customer."
)
def replay_command(
    file: Path,
    folders: tuple[Path, ...],
    agents: tuple[str, ...],
    supervisors: tuple[str, ...],
    sellers: tuple[str, ...],
    customers: tuple[str, ...],
    *,
    as_lines: bool,
) -> None:
    """Show what the coach would have whispered, message by message, and a summary.

    FILE holds JSON lines {"ts", "thread", "speaker", "role", "text", "customer"?, "facts"?}, or is a Slack export
    (a zip file or its folder). In an export guests and people of other companies are customers, our own people agents;
    the options name the others. Nothing is sent and nothing is kept.
    """
    if len(folders) > _PLAYBOOKS:
        raise UserError("At most two playbooks can be compared.", "Give --playbook once or twice.")
    settings = load_settings()
    playbooks = [load_playbook(folder) for folder in folders or (settings.playbook,)]
    look_up = _look_up(settings, playbooks[0])
    say = partial(click.echo, err=True)
    replays = [Replay(playbook, learn(playbook, settings, say), look_up) for playbook in playbooks]
    roles = {
        **dict.fromkeys(agents, Role.AGENT),
        **dict.fromkeys(supervisors, Role.SUPERVISOR),
        **dict.fromkeys(sellers, Role.SALES),
        **dict.fromkeys(customers, Role.CUSTOMER),
    }
    out = Console(highlight=False, markup=False, soft_wrap=True)
    summaries = [Summary() for _ in replays]
    with _lines(file, roles, playbooks[0]) as lines:
        for number, line in lines:
            told = [_hear(replay, line, number) for replay in replays]
            for summary, each in zip(summaries, told, strict=True):
                summary.count(each)
            different = len(told) == _PLAYBOOKS and differs(*told)
            summaries[0].different += different
            if as_lines:
                _write_json(number, told)
            elif different if len(told) == _PLAYBOOKS else told[0].advice:
                _print(out, number, told, playbooks)
    if not as_lines:
        _print_summary(out, summaries, playbooks)


def _hear(replay: Replay, line: Line, number: int) -> Told:
    try:
        return replay.hear(line)
    except UserError as error:
        raise UserError(f"Line {number}: {error.what}", error.do) from error


@contextmanager
def _lines(file: Path, roles: dict[str, Role], playbook: Playbook) -> Iterator[Iterator[tuple[int, Line]]]:
    """The messages, with a progress bar on a screen."""
    from_input = str(file) == "-"
    export = None if from_input or not is_export(file) else Export(file, roles, playbook.policy.case.joins_within_hours)
    total = None if from_input else export.size if export else file.stat().st_size
    with _bar(total) as progress:
        if export:
            yield export.read(progress)
        elif from_input:
            yield read_lines(sys.stdin.buffer, progress)
        else:
            with file.open("rb") as stream:
                yield read_lines(stream, progress)


@contextmanager
def _bar(total: int | None) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    columns = (TextColumn("Replaying"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda size: bar.advance(task, size)


def _look_up(settings: Settings, playbook: Playbook) -> LookUp:
    """What the directory knows; without a directory nothing is known, and nothing is taken for expired."""
    if not settings.directory_path.is_file():
        return lambda _name, _at: Known()
    directory = DirectorySource(settings.directory_path).current()
    remembered: dict[tuple[str, datetime], Known] = {}

    def look_up(name: str, at: datetime) -> Known:
        key = (name, at.replace(hour=0, minute=0, second=0, microsecond=0))
        if key not in remembered:
            if len(remembered) >= MOST_REMEMBERED:
                remembered.clear()
            remembered[key] = _known(directory, name, at, playbook.policy.ends_soon_days)
        return remembered[key]

    return look_up


def _known(directory: Directory, name: str, at: datetime, ends_soon_days: int) -> Known:
    record = directory.record(name)
    if record is None:
        found = directory.find(name)
        record = directory.record(found.candidates[0].id) if found.match is Match.ONE else None
    if record is None:
        return Known()
    day = at.astimezone(ZoneInfo(record.customer.timezone)).date()
    coverages = [coverage_on(each, day, ends_soon_days) for each in record.coverages]
    return Known(
        entitlement=entitlement(coverages),
        prices_on_file=has_prices(record, directory.service_prices()),
        values=line_values(record, coverages),
    )


def _write_json(number: int, told: Sequence[Told]) -> None:
    answer = as_json(number, told[0])
    if len(told) == _PLAYBOOKS:
        answer |= {"other": advice_as_json(told[1]), "differs": differs(*told)}
    try:
        text = json.dumps(answer, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        text = json.dumps(answer).encode()
    sys.stdout.buffer.write(text + b"\n")


def _print(out: Console, number: int, told: Sequence[Told], playbooks: Sequence[Playbook]) -> None:
    line = told[0].line
    text = " ".join(line.text.split())
    said = printable(f"{line.speaker} ({line.role.value}): {text[:200]}")
    out.print(f"{number}  {line.ts:%Y-%m-%d %H:%M}  {said}", style="bold")
    for name, each, playbook in zip(("first", "second"), told, playbooks, strict=False):
        if len(told) == _PLAYBOOKS:
            out.print(f"    {name} playbook:", style="dim")
        _print_advice(out, each, playbook)
    out.print()


def _print_advice(out: Console, told: Told, playbook: Playbook) -> None:
    advice = told.advice
    if advice is None:
        out.print("    silence", style="dim")
        return
    language: Language = advice.lines[0].lang if advice.lines else "zh-TW"
    words = playbook.words[language].plays
    out.print(
        f"    → {printable(told.to or 'on duty')}: {' · '.join(words[play].title for play in advice.plays)}",
        style="cyan",
    )
    seen = ", ".join(each.id for each in advice.signals) or "a fact that came true"
    why = [seen, f"anger {told.reading.anger}", " ".join(advice.rules), f"stage {advice.stage.value}"]
    if advice.routes:
        why.append("brings in " + ", ".join(route.value for route in advice.routes))
    out.print("      " + " · ".join(why), style="dim")
    for offered in advice.lines:
        text = printable(offered.text)
        out.print(f"      “{text}”" if language == "en" else f"      「{text}」")
    for withheld in advice.withheld:
        out.print(f"      not yet true ({', '.join(withheld.missing)}): {printable(withheld.text)}", style="dim")


def _print_summary(out: Console, summaries: Sequence[Summary], playbooks: Sequence[Playbook]) -> None:
    for summary, playbook in zip(summaries, playbooks, strict=True):
        table = Table(title=f"Playbook {playbook.version}", title_justify="left", show_header=False)
        table.add_row("messages", f"{summary.messages:,}")
        share = f" ({summary.whispers / summary.messages:.0%})" if summary.messages else ""
        table.add_row("whispers", f"{summary.whispers:,}{share}")
        table.add_row("lines kept back", f"{summary.withheld:,}")
        for name, counts in (("signals", summary.signals), ("plays", summary.plays), ("routes", summary.routes)):
            most = ", ".join(f"{key} {count:,}" for key, count in counts.most_common(_TOP))
            table.add_row(name, most or "none")
        out.print(table)
    if len(summaries) == _PLAYBOOKS:
        out.print(f"{summaries[0].different:,} of {summaries[0].messages:,} messages are answered differently.")
