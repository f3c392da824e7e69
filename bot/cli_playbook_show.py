"""`aside playbook show`: what the coach knows, to be read."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import get_args

import click
from rich.console import Console
from rich.table import Table

from bot.errors import UserError
from bot.playbook import LANGUAGES, Conditions, DecisionRow, Language, Play, Playbook, SignalDefinition
from bot.playbook_files import load_playbook
from bot.playbook_yaml import meant
from bot.settings import Settings, load_settings
from storage.engine import open_casebook
from storage.ratings import PlayRatings, by_play

_WIDE = 110

Ratings = Mapping[str, PlayRatings]


@click.command("show", short_help="List what the coach knows, or show one thing in full.")
@click.argument("name", metavar="[ID]", required=False)
@click.option("--ratings", "rated", is_flag=True, help="What became of the plays: shown, rated, muted, corrected.")
@click.option("--lang", "language", type=click.Choice(get_args(Language)), default="zh-TW", show_default=True)
@click.option("--playbook", "folder", type=click.Path(path_type=Path), help="The folder of another playbook.")
def show_command(name: str | None, language: Language, folder: Path | None, *, rated: bool) -> None:
    """List what the coach knows; with an ID, that signal, play, fact, decision row or rule in full."""
    settings = load_settings()
    playbook = load_playbook(folder or settings.playbook)
    ratings = _ratings(settings) if rated else None
    out = Console(highlight=False, markup=False, soft_wrap=True)
    if name is not None:
        for line in _full(playbook, name, language, ratings):
            out.print(line)
    elif ratings is not None:
        out.print(_rated(playbook, ratings, language))
    else:
        _print_everything(out, playbook, language)


def _ratings(settings: Settings) -> Ratings:
    if settings.casebook_url.startswith("sqlite:///") and not Path(settings.casebook_url[len("sqlite:///") :]).exists():
        raise UserError(
            "There is no casebook yet, so nothing has been rated.",
            "Let the coach work for some days first, or set ASIDE_DATA to the folder it works in.",
        )
    casebook = open_casebook(settings.casebook_url)
    try:
        with casebook.look() as connection:
            return by_play(connection, settings.only)
    finally:
        casebook.close()


def _print_everything(out: Console, playbook: Playbook, language: Language) -> None:
    words = playbook.words[language]
    out.print(f"playbook {playbook.version}\n")
    signals = _table("signal", "said by", "name", "examples")
    for signal in playbook.signals:
        counts = " + ".join(str(len(playbook.words[each].signals[signal.id].all_examples)) for each in LANGUAGES)
        signals.add_row(signal.id, signal.speaker.value, words.signals[signal.id].name, counts)
    plays = _table("play", "title", "when", "priority")
    for play in sorted(playbook.plays, key=lambda play: -play.priority):
        plays.add_row(play.id, words.plays[play.id].title, _when(play.when), str(play.priority))
    rows = _table("decision", "when", "the agent hears")
    for row in playbook.decisions:
        rows.add_row(row.id, _case(row.when) or "otherwise", words.decisions[row.id].route)
    for row in playbook.beside:
        rows.add_row(f"{row.id} (beside)", _case(row.when), words.decisions[row.id].route)
    facts = _table("fact", "made true by")
    for fact in playbook.facts:
        facts.add_row(fact.id, fact.made_true_by.value if fact.made_true_by else "–")
    for table in (signals, plays, rows, facts):
        out.print(table)
        out.print("")
    if playbook.rules:
        out.print(f"rules: {', '.join(rule.id for rule in playbook.rules)}")


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, width=_WIDE)
    for number, heading in enumerate(headings):
        table.add_column(heading, no_wrap=not number, overflow="fold")
    return table


def _when(when: Conditions) -> str:
    parts = [
        " or ".join(when.signals),
        " and ".join(when.all_signals),
        *(f"not {each}" for each in when.no_signals),
        f"anger {when.min_anger}–{when.max_anger}" if (when.min_anger, when.max_anger) != (0, 3) else "",
        _case(when.case),
        *when.facts,
        *(f"not {each}" for each in when.no_facts),
        f"stage {' or '.join(when.stages)}" if when.stages else "",
    ]
    return "; ".join(filter(None, parts)) or "a fact that a line claims has just come true"


def _case(case: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(f"{name} {' or '.join(values)}" for name, values in case.items())


def _full(playbook: Playbook, name: str, language: Language, ratings: Ratings | None) -> Iterable[str]:
    """Everything of this name; a signal and a play may share it."""
    found = [
        *(_signal(playbook, each, language) for each in playbook.signals if each.id == name),
        *(_play(playbook, each, language, ratings) for each in playbook.plays if each.id == name),
        *(_row(playbook, each, language) for each in (*playbook.decisions, *playbook.beside) if each.id == name),
        *(_fact(playbook, each.id, language) for each in playbook.facts if each.id == name),
        *(_rule(playbook, each.id, language) for each in playbook.rules if each.id == name),
    ]
    if not found:
        raise UserError(
            f"There is no signal, play, fact, decision row or rule {name}{meant(name, _names(playbook))}.",
            "Run `aside playbook show` to see all of them.",
        )
    for number, lines in enumerate(found):
        if number:
            yield ""
        yield from lines


def _names(playbook: Playbook) -> set[str]:
    parts = (playbook.signals, playbook.plays, playbook.facts, playbook.decisions, playbook.beside, playbook.rules)
    return {each.id for part in parts for each in part}


def _signal(playbook: Playbook, signal: SignalDefinition, language: Language) -> Iterable[str]:
    words = playbook.words[language].signals[signal.id]
    kinds = [name for name in ("informative", "pressure") if getattr(signal, name)]
    yield f"signal {signal.id}: {words.name}"
    yield f"  {words.meaning}"
    yield f"  said by: {signal.speaker}{''.join(f', {kind}' for kind in kinds)}"
    yield f"  rules: {', '.join(signal.rules)}"
    plays = [play.id for play in playbook.plays if signal.id in (*play.when.signals, *play.when.all_signals)]
    yield f"  plays: {', '.join(plays) or 'none'}"
    for title, texts in (("patterns", words.patterns), ("vetoes", words.vetoes), ("examples", words.all_examples)):
        yield f"  {title}:"
        yield from (f"    {text}" for text in texts)


def _play(playbook: Playbook, play: Play, language: Language, ratings: Ratings | None) -> Iterable[str]:
    words = playbook.words[language].plays[play.id]
    yield f"play {play.id}: {words.title}"
    yield f"  {words.meaning}"
    yield f"  when: {_when(play.when)}"
    yield f"  answers: {play.speaker}; stage {play.stage}; priority {play.priority}; rules {', '.join(play.rules)}"
    if play.routes:
        yield f"  comes in: {', '.join(play.routes)}"
    yield f"  next: {words.next_step}"
    if words.otherwise:
        yield f"  otherwise: {words.otherwise}"
    yield f"  careful: {words.avoid}"
    for line in play.lines:
        yield f"  {line.id}: {words.lines[line.id]}"
        if line.claims:
            yield f"    only when: {', '.join(line.claims)}"
        if line.unless:
            yield f"    not when: {', '.join(line.unless)}"
        if line.speaks_of:
            yield f"    speaks of: {', '.join(line.speaks_of)}"
    if ratings is not None:
        yield f"  {_told(ratings.get(play.id, PlayRatings()))}"


def _row(playbook: Playbook, row: DecisionRow, language: Language) -> Iterable[str]:
    words = playbook.words[language].decisions[row.id]
    yield f"decision {row.id}"
    yield f"  when: {_case(row.when) or 'otherwise'}"
    yield f"  agent: {words.route}"
    yield f"  customer: {words.customer_hears}"
    yield f"  stage {row.stage}; comes in: {', '.join(row.routes) or 'nobody'}; rules {', '.join(row.rules)}"
    if row.action:
        yield f"  action: {row.action}"


def _fact(playbook: Playbook, name: str, language: Language) -> Iterable[str]:
    action = next(fact.made_true_by for fact in playbook.facts if fact.id == name)
    yield f"fact {name}, made true by {action or 'what happens, by no button'}"
    for play in playbook.plays:
        for line in play.lines:
            if name in line.claims:
                yield f"  claimed by {play.id}.{line.id}: {playbook.words[language].plays[play.id].lines[line.id]}"


def _rule(playbook: Playbook, name: str, language: Language) -> Iterable[str]:
    words = playbook.words[language]
    yield f"rule {name}: {words.rules.get(name, '')}"
    if name in words.rule_notes:
        yield f"  {words.rule_notes[name]}"
    yield f"  plays: {', '.join(play.id for play in playbook.plays if name in play.rules) or 'none'}"
    rows = [row.id for row in (*playbook.decisions, *playbook.beside) if name in row.rules]
    yield f"  decisions: {', '.join(rows) or 'none'}"


def _rated(playbook: Playbook, ratings: Ratings, language: Language) -> Table:
    """Every play, the least helpful first, then the most shown."""
    titles = {play: words.title for play, words in playbook.words[language].plays.items()}
    table = _table("play", "title", "shown", "helped", "did not", "muted by", "why not; corrected")
    nobody = {play.id: PlayRatings() for play in playbook.plays}
    everyone = {**nobody, **ratings}
    for name in sorted(everyone, key=lambda name: _worst_first(everyone[name], name)):
        each = everyone[name]
        counts = [str(count) for count in (each.shown, each.helpful, each.unhelpful, each.muted)]
        table.add_row(name, titles.get(name, "(is gone)"), *counts, _why(each))
    return table


def _worst_first(each: PlayRatings, name: str) -> tuple[int, int, str]:
    return each.helpful - each.unhelpful - each.muted, -each.shown, name


def _why(each: PlayRatings) -> str:
    reasons = [f"{reason} {count}" for reason, count in each.reasons.most_common()]
    wrong = [f"{signal} {count}" for signal, count in each.corrected.most_common()]
    return "; ".join(part for part in (", ".join(reasons), ", ".join(wrong)) if part)


def _told(each: PlayRatings) -> str:
    told = f"shown {each.shown}, helped {each.helpful}, did not {each.unhelpful}, muted by {each.muted}"
    why = _why(each)
    return f"{told} ({why})" if why else told
