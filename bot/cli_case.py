"""`aside case`: a case taken out as evidence (R38), and whether such a file was changed since."""

import time
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import get_args
from zoneinfo import available_timezones

import click

from bot.case import Case
from bot.errors import UserError
from bot.evidence import digest, found_in, record, spelt
from bot.evidence_page import page
from bot.i18n import words
from bot.playbook import Language
from bot.playbook_files import load_playbook
from bot.settings import Settings, load_settings
from storage import evidence, exports
from storage.directory import DirectorySource
from storage.engine import Casebook, open_as_it_is, open_casebook

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("case")
def case_command() -> None:
    """Take a case out as evidence, and check such a file."""


@case_command.command("export", short_help="Write a case into one file.")
@click.argument("case")
@click.argument("file", required=False, type=_FILE)
@click.option("--zone", help="By which clock, as Asia/Taipei; the desk's of policy.yaml when none is given.")
@click.option("--lang", type=click.Choice(get_args(Language)), default="zh-TW", show_default=True)
def export_command(case: str, file: Path | None, zone: str | None, lang: Language) -> None:
    """Write CASE into FILE, case-ID.html here when none is given: messages, facts, decisions, promises and the audit.

    CASE is the case's id, its first characters, or the link to a message of the case ("Copy link" in Slack). A file
    that is there already is not replaced. That it was taken out is written into the audit, with the file's checksum.
    Aside may run meanwhile. The file holds what customers wrote: keep it as carefully as the casebook.
    """
    settings, now = load_settings(), datetime.now(UTC)
    only = settings.only
    playbook = load_playbook(settings.playbook)
    zone = zone or playbook.policy.hours.timezone
    if zone not in available_timezones():
        raise UserError(f"{zone} is not a time zone.", "Name one like Asia/Taipei.")
    with closing(_casebook(settings)) as casebook:
        with casebook.look() as connection:
            fits = evidence.found(connection, case)
            found = _one([each for each in fits if only in {None, each.workspace}], case)
            say = words(lang)
            customer = _name_of(settings, found) or say("a customer not on file")
            kept = evidence.of_case(connection, found, customer)
        called = {name: each.name for name, each in playbook.words[lang].signals.items()}
        made = record(
            kept, by="command line", at=now, zone=zone, language=lang, version=version("aside-coach"), called=called
        )
        checksum = digest(spelt(made))
        file = file or Path(f"case-{found.id[:8]}.html")
        if file.exists():
            raise UserError(f"There is a file at {file} already.", "Give another name, or move that file away.")
        with casebook.begin() as connection:
            evidence.note(connection, found, by="command line", checksum=checksum, now=time.time())
            try:
                exports.write(file, page(made))
            except OSError as error:
                what = f"{file} cannot be written: {error.strerror}."
                raise UserError(what, "Name a file where you may write.") from error
    click.echo(f"{file}: {customer}, {len(kept.messages):,} messages, {len(kept.audit):,} rows of the audit.")
    click.echo(f"SHA-256 {checksum}, kept in the audit: aside case check {file} tells whether it was changed.")


@case_command.command("check", short_help="Tell whether an exported file was changed.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def check_command(file: Path) -> None:
    """Tell whether FILE is as Aside wrote it: its record, its page, and what the audit says of it."""
    settings = load_settings()
    try:
        text = file.read_text(encoding="utf-8")
        found = found_in(text)
        values = found.values if found else None
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read as an exported case.", "Give the file that Aside wrote.") from error
    if found is None or values is None:
        raise UserError(f"{file} is not an exported case.", "Give the file that Aside wrote.")
    checksum = digest(found.text)
    with closing(_casebook(settings)) as casebook, casebook.look() as connection:
        handed_out = evidence.noted(connection, checksum)
    if checksum != found.stated or not handed_out:
        raise UserError(
            f"{file} was changed, or was not written by this Aside: the audit knows of no file with this record.",
            "Export the case anew and compare.",
        )
    if values["made_with"] == version("aside-coach") and page(values) != text:
        raise UserError(
            f"The record in {file} is as it was written, but what can be read around it was changed.",
            "Export the case anew and compare.",
        )
    for each in handed_out:
        click.echo(f"{file} is as it was written: taken out {each.at.astimezone():%Y-%m-%d %H:%M:%S %z} by {each.by}.")


def _casebook(settings: Settings) -> Casebook:
    open_as_it_is(settings.casebook_url).close()
    return open_casebook(settings.casebook_url)


def _one(found: list[Case], query: str) -> Case:
    if len(found) == 1:
        return found[0]
    if not found:
        raise UserError(
            f"No case fits “{query}”.", "Give its id, its first six characters or more, or a message's link."
        )
    raise UserError(f"Several cases fit “{query}”.", "Give the whole id: " + ", ".join(each.id for each in found))


def _name_of(settings: Settings, case: Case) -> str:
    """The customer's name, if the directory knows it."""
    if case.customer_id is None:
        return ""
    try:
        found = DirectorySource(settings.directory_path).current().record(case.customer_id)
    except UserError:
        return case.customer_id
    return found.customer.name if found else case.customer_id
