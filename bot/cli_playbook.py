"""`aside playbook`: what a playbook's author needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.cli_playbook_show import show_command
from bot.encoding import Remembered, load_encoders
from bot.errors import UserError
from bot.features import Encoder
from bot.heads import Encoders
from bot.learning import SHIPPED_VECTORS
from bot.playbook import LANGUAGES, Playbook
from bot.playbook_files import read_with_places
from bot.playbook_trial import FOLDS, Score, Tried, false_alarms, scores, stray_patterns, tried
from bot.playbook_warnings import warnings
from bot.playbook_yaml import Fault
from bot.settings import Settings, load_settings
from bot.signals import Detector

WEAKEST = 5
MISSED = 3
ALARMS = 10
_WIDE = 110


@click.group("playbook", short_help="Check, try and show what the coach knows.")
def playbook_command() -> None:
    """Check, try and show what the coach knows."""


playbook_command.add_command(show_command)


@playbook_command.command("check", short_help="List every fault in a playbook, with file and line.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="[DIR]", required=False)
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
def check_command(folder: Path | None, *, strict: bool) -> None:
    """List every fault in the playbook in DIR, or in the one in use.

    Faults go to standard output, one a line. When there are none, warnings follow: what does not stop the playbook from
    working, but keeps it from working well.
    """
    folder = folder or load_settings().playbook
    playbook, faults, files = read_with_places(folder)
    if playbook is None:
        _list(faults)
        raise UserError(
            f"The playbook in {folder} has {_counted(len(faults), 'fault')}.", "Correct what is listed and check again."
        )
    counts = {"signal": playbook.signals, "play": playbook.plays, "decision row": playbook.decisions}
    held = ", ".join(_counted(len(parts), name) for name, parts in counts.items())
    click.echo(f"ok: playbook {playbook.version}, {held}")
    doubts = warnings(playbook, files)
    if doubts:
        click.echo(f"\n{_counted(len(doubts), 'warning')}: it works, and would work better without.")
        _list(doubts)
    if doubts and strict:
        raise UserError(
            f"The playbook in {folder} has {_counted(len(doubts), 'warning')}.", "Mend what is listed and check again."
        )


def _list(faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        click.echo(str(fault))


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'s' * (count != 1)}"


@playbook_command.command("test", short_help="Read every example with a coach that has not seen it.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="[DIR]", required=False)
@click.option("--all", "everything", is_flag=True, help="List every example that was not told, not only the weakest.")
@click.option(
    "--at-least",
    type=click.FloatRange(0, 1),
    metavar="F1",
    help="Fail when the signals are told worse than this on average, such as 0.7.",
)
def test_command(folder: Path | None, at_least: float | None, *, everything: bool) -> None:
    """Read every example of the playbook in DIR, or of the one in use, with a coach that has not seen it.

    The coach learns four times, each time without a fourth of the examples, and then reads those. For each signal: in
    how many of its examples it was heard, and in how many others. Then the examples that were not told, alarms in
    messages that show nothing, and patterns that fit such a message.
    """
    folder = folder or load_settings().playbook
    playbook, faults, files = read_with_places(folder)
    if playbook is None:
        raise UserError(
            f"The playbook cannot be tried: {faults[0]}", f"Run `aside playbook check {folder}` and correct it first."
        )
    outcome: list[Tried] = []
    encoders = _encoders(load_settings())
    with _bar(FOLDS) as step:
        for part in tried(playbook, partial(Detector.train, encoders=encoders)):
            outcome += part
            step()
    told = scores(playbook, outcome)
    weakest = sorted((name for name, score in told.items() if score.examples), key=lambda name: (told[name].f1, name))
    out = Console(highlight=False, markup=False, soft_wrap=True)
    out.print(_table(playbook, outcome, told, weakest))
    _print_missed(out, outcome, weakest if everything else weakest[:WEAKEST], None if everything else MISSED)
    _print_alarms(out, playbook, outcome, None if everything else ALARMS)
    stray = tuple(sorted(set(stray_patterns(playbook, files))))
    if stray:
        out.print("\nPatterns and vetoes worth a look:")
        _list(stray)
    average = sum(told[name].f1 for name in weakest) / max(1, len(weakest))
    out.print(f"\nF1 {average:.2f} on average over {_counted(len(weakest), 'signal')}.")
    if at_least is not None and average < at_least:
        raise UserError(
            f"The signals are told with F1 {average:.2f} on average, less than {at_least:.2f}.",
            "Give the weakest signals more examples, each said in another way.",
        )


def _encoders(settings: Settings) -> Encoders:
    """The encoders with which the bot reads, remembering what they made of the examples: each is read four times."""
    found = load_encoders(settings.encoders, partial(click.echo, err=True))

    def remembered(encoder: Encoder | None, shipped: Path | None) -> Encoder | None:
        return encoder and Remembered(encoder, settings.cache_path / f"vectors-{encoder.name}.npz", shipped)

    return Encoders(remembered(found.cheap, None), remembered(found.dear, SHIPPED_VECTORS))


@contextmanager
def _bar(total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on a screen, nothing elsewhere."""
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("Learning and reading"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


def _table(playbook: Playbook, outcome: list[Tried], told: dict[str, Score], order: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, width=_WIDE)
    table.add_column("signal, weakest first", no_wrap=True)
    for heading in ("told", *LANGUAGES, "elsewhere", "F1"):
        table.add_column(heading, justify="right", no_wrap=True)
    in_language = {language: scores(playbook, outcome, language) for language in LANGUAGES}
    for name in order:
        score = told[name]
        shares = [_share(in_language[language][name]) for language in LANGUAGES]
        table.add_row(name, f"{score.told} of {score.examples}", *shares, str(score.mistaken or "–"), f"{score.f1:.2f}")
    return table


def _share(score: Score) -> str:
    return f"{100 * score.told // score.examples} %" if score.examples else "–"


def _print_missed(out: Console, outcome: list[Tried], names: list[str], most: int | None) -> None:
    for name in names:
        missed = [each for each in outcome if name in each.shows and name not in each.heard]
        if missed:
            out.print(f"\n{name} was not heard in {_counted(len(missed), 'example')}:")
        for each in missed[:most]:
            out.print(f"  {each.language}  {each.text}  → {', '.join(each.heard) or 'nothing'}")


def _print_alarms(out: Console, playbook: Playbook, outcome: list[Tried], most: int | None) -> None:
    quiet = sum(not each.shows for each in outcome)
    alarms = false_alarms(playbook, outcome)
    out.print(f"\nAlarms in messages that show nothing: {len(alarms)} of {quiet}")
    for each in alarms[:most]:
        out.print(f"  {each.language}  {each.text}  → {', '.join(each.heard)}")
