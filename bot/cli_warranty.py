"""`aside warranty`: the `/warranty` answer in a terminal."""

import json
from datetime import date, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.padding import Padding

from bot.cards import warranty as card
from bot.customer import CustomerRecord
from bot.entitlement import CoverageOn, coverage_on
from bot.found import Found, Match
from bot.i18n import Words, words
from bot.playbook import Language
from bot.playbook_files import load_playbook
from bot.settings import load_settings
from bot.terminal import printable
from storage.directory import DirectorySource


@click.command("warranty")
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Answer for that day instead of today.")
@click.option("--lang", type=click.Choice(get_args(Language)), default="zh-TW", show_default=True)
def warranty_command(query: str, day: datetime | None, lang: Language, *, as_json: bool) -> None:
    """What a customer is entitled to: by name, half a name, tax id, serial or contract number.

    With several customers that fit, or none, that is the answer, and the nearest are listed. The exit code is 0 for
    every answer and 1 when there is no directory to read.
    """
    settings = load_settings()
    directory = DirectorySource(settings.directory_path).current()
    found = directory.find(query)
    record = directory.record(found.candidates[0].id) if found.match is Match.ONE else None
    soon = load_playbook(settings.playbook).policy.ends_soon_days
    on = day.date() if day else datetime.now(ZoneInfo(record.customer.timezone if record else "UTC")).date()
    coverages = [coverage_on(each, on, soon) for each in record.coverages] if record else []
    if as_json:
        click.echo(json.dumps(_answer(found, record, coverages), ensure_ascii=False))
    else:
        _print(found, record, coverages, query, on, words(lang))


def _answer(found: Found, record: CustomerRecord | None, coverages: list[CoverageOn]) -> dict[str, Any]:
    return {
        "match": found.match.value,
        "customer": record.customer.model_dump(mode="json") if record else None,
        "candidates": [each.model_dump() for each in found.candidates],
        "coverages": [_coverage(each) for each in coverages],
    }


def _coverage(on: CoverageOn) -> dict[str, Any]:
    coverage = on.coverage
    return {
        "kind": coverage.kind.value,
        "product": coverage.product,
        "state": on.state.value,
        "start": coverage.start.isoformat() if coverage.start else None,
        "end": coverage.end.isoformat() if coverage.end else None,
        "days": on.days,
        "basis": coverage.basis.value if coverage.basis else None,
        "covers": coverage.covers.model_dump(include={"parts", "labour", "expenses"}),
        "incidents_left": coverage.incidents_left,
    }


def _print(
    found: Found, record: CustomerRecord | None, coverages: list[CoverageOn], query: str, on: date, say: Words
) -> None:
    console = Console(highlight=False, markup=False)
    if record is None:
        nearest = found.match is Match.NONE
        console.print(printable(card.which_words(found.candidates, query=query, say=say, nearest=nearest)))
        for each in found.candidates:
            console.print(printable(f"  {each.name}  {each.id}"))
        return
    customer = record.customer
    console.print(printable(f"{customer.name}  {customer.name_en or ''}"), style="bold")
    for label, value in (
        (say("Tier"), customer.tier or say("Not on file")),
        (say("Account owner"), card.owner_words(record, say)),
        (say("Tax ID"), customer.tax_id or say("Not on file")),
    ):
        console.print(printable(say("{label}: {value}", label=label, value=value)))
    console.print()
    for coverage in coverages:
        first, small = card.coverage_lines(coverage, say)
        console.print(printable(first))
        console.print(Padding.indent(printable(small), 3), style="dim")
    if not coverages:
        gap = say("No warranty or contract on file. That is a gap in our records; it does not mean expired.")
        console.print(f"⚪ {gap}")
    console.print(f"\n{say('Contracts')}", style="bold")
    console.print(printable(card.contract_words(record, say)))
    console.print(say("As of {day} in {zone}", day=say.day(on), zone=customer.timezone), style="dim")
