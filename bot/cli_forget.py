"""`aside forget`: what people wrote about a customer goes, the ledger's figures stay."""

import time
from contextlib import closing
from pathlib import Path

import click

from bot.errors import UserError
from bot.evidence import found_in
from bot.found import Found, Match
from bot.only_one import only_one
from bot.settings import Settings, load_settings
from storage import forgetting
from storage.directory import Directory, DirectorySource
from storage.engine import Casebook, open_as_it_is, open_casebook

EXACT = 0.98
"""From this score on, what was typed is the customer's own name, id, tax id or number, but for its spelling."""
SMALL_BYTES = 250_000_000
"""A casebook of this size is written anew in the time for which a running Aside waits."""


@click.command("forget", short_help="Remove every word kept about a customer.")
@click.argument("customer")
@click.option("--yes", is_flag=True, help="Do not ask again; CUSTOMER has to be exact.")
@click.option("--open-too", is_flag=True, help="Also when cases of theirs are open.")
def forget_command(customer: str, *, yes: bool, open_too: bool) -> None:
    """Remove every word that the casebook keeps about CUSTOMER: an id, a name, a tax id, a number.

    What was said, advised, promised and reasoned goes; states, times, costs, concessions and who decided stay, and a
    row in the audit says that it was done. docs/casebook.md tells what stays elsewhere. Aside may run meanwhile.
    """
    settings = load_settings()
    only = settings.only
    open_as_it_is(settings.casebook_url).close()
    directory = _directory(settings)
    with closing(open_casebook(settings.casebook_url)) as casebook:
        customer_id = _id_of(customer, directory, casebook, only, exact=yes)
        record = directory.record(customer_id) if directory else None
        name = f"{record.customer.name} ({customer_id})" if record else customer_id
        with casebook.look() as connection:
            if not forgetting.knows(connection, customer_id, only):
                click.echo(f"The casebook keeps nothing about {name}.")
                return
            count = forgetting.case_count(connection, customer_id, workspace=only)
            still_open = forgetting.case_count(connection, customer_id, only_open=True, workspace=only)
        if still_open and not open_too:
            raise UserError(
                f"{name} has {_cases(still_open)} open, and whoever works on it would lose what was said.",
                "Wait until it is closed, or give --open-too.",
            )
        if not yes:
            question = f"Remove every word about {name}, in {_cases(count)}? This cannot be undone."
            click.confirm(question, abort=True)
        contacts = {each.slack_user_id for each in record.contacts if each.slack_user_id} if record else set()
        channels = {record.customer.channel} if record and record.customer.channel else set()
        with casebook.begin() as connection:
            done = forgetting.forget(
                connection, customer_id, contacts=contacts, channels=channels, now=time.time(), workspace=only
            )
        _write_anew(casebook, settings)
        told = f"Removed the words of {_cases(done.cases)} of {name}." if done.changed else "There was nothing left."
        click.echo(f"{told} Figures, states and who decided stay.")
        _tell_elsewhere(casebook.file, settings.exports, customer_id)


def _directory(settings: Settings) -> Directory | None:
    """The directory, if there is one: a customer may be forgotten by id without it."""
    try:
        return DirectorySource(settings.directory_path).current()
    except UserError:
        return None


def _id_of(query: str, directory: Directory | None, casebook: Casebook, only: str | None, *, exact: bool) -> str:
    """Whom it is about.

    Raises:
        UserError: when it might be several, or nobody; nothing is guessed.
    """
    with casebook.look() as connection:
        if forgetting.knows(connection, query, only):
            return query
    found = directory.find(query) if directory else Found(match=Match.NONE)
    if found.match is Match.ONE and (found.candidates[0].score >= EXACT or not exact):
        return found.candidates[0].id
    if not found.candidates:
        raise UserError(f"Nobody on file fits “{query}”.", "Give the customer's name as it is on file, or their id.")
    nearest = ", ".join(f"{each.name} ({each.id})" for each in found.candidates)
    raise UserError(f"“{query}” may be: {nearest}.", f"Say which by the id: aside forget {found.candidates[0].id}")


def _write_anew(casebook: Casebook, settings: Settings) -> None:
    """Leave no trace in the file; a large one only while nobody waits for it."""
    file = casebook.file
    if file is None or file.stat().st_size < SMALL_BYTES:
        casebook.rewrite()
        return
    try:
        with only_one(settings.data):
            casebook.rewrite()
    except UserError as error:
        raise UserError(
            "The words are removed, but so large a casebook is not written anew while Aside runs.",
            "Stop Aside and run this again, so that no trace is left in the file.",
        ) from error


def _tell_elsewhere(file: Path | None, exports: Path, customer_id: str) -> None:
    click.echo("What is in Slack, in your customer files, in exported cases and in backups made before is not touched.")
    for each in sorted(file.parent.glob(f"{file.name}.before-restore-*")) if file else ():
        click.echo(f"This replaced casebook still has the words; delete it when you can: {each}")
    for each in sorted(exports.glob("case-*.html")):
        if _is_about(each, customer_id):
            click.echo(f"This exported case still has the words; delete it when it is not needed: {each}")


def _is_about(file: Path, customer_id: str) -> bool:
    """Whether an exported case is the customer's; one that cannot be read is told of as well."""
    try:
        found = found_in(file.read_text(encoding="utf-8"))
        return found is None or bool(found.values["case"]["customer_id"] == customer_id)
    except (OSError, ValueError, KeyError):
        return True


def _cases(count: int) -> str:
    return f"{count:,} case{'' if count == 1 else 's'}"
