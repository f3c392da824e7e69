"""`aside export`: opportunities or exceptions as CSV, for a CRM that takes files, or for a spreadsheet."""

import csv
import io
import math
from collections.abc import Mapping
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.cli_report import one_workspace
from bot.errors import UserError
from bot.playbook_files import load_playbook
from bot.settings import Settings, load_settings
from bot.spreadsheet import harmless
from storage import crm, exports
from storage import insight as figures
from storage.directory import DirectorySource
from storage.engine import open_as_it_is

SUBJECTS = {"opportunities": "opportunity", "exceptions": "exception"}
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes a file for the machine's old code page, and Chinese is lost."""
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("export", short_help="Write opportunities or exceptions as CSV.")
@click.argument("what", type=click.Choice(list(SUBJECTS)))
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--since", type=_DAY, metavar="YYYY-MM-DD", help="Only those that began on this day or later.")
@click.option("--until", type=_DAY, metavar="YYYY-MM-DD", help="Only those that began on this day or earlier.")
@click.option("--workspace", help="Which one, if the casebook holds several (T…).")
def export_command(
    what: str, file: Path | None, since: datetime | None, until: datetime | None, workspace: str | None
) -> None:
    """Write all opportunities or exceptions into FILE, or to the screen when none is given.

    Figures, states, times and who: never what anybody said. Days are the desk's. Cells that a spreadsheet would take
    for a formula begin with an apostrophe. Aside may run meanwhile.
    """
    settings = load_settings(workspace)
    zone = ZoneInfo(load_playbook(settings.playbook).policy.hours.timezone)
    begins = _begins(since.date(), zone) if since else 0.0
    ends = _begins(until.date() + timedelta(days=1), zone) if until else math.inf
    with closing(open_as_it_is(settings.casebook_url)) as casebook, casebook.look() as connection:
        known = one_workspace(figures.workspaces(connection), workspace or settings.only)
        rows = list(crm.exported(connection, known, SUBJECTS[what], begins, ends))
    text = _csv(rows, _names(settings, rows))
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        exports.write(file, BYTE_ORDER_MARK + text if text else "")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.", "Name a file where you may write.") from error
    click.echo(f"{file}: {len(rows):,} {SUBJECTS[what] if len(rows) == 1 else what}.")


def _begins(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time.min, zone).timestamp()


def _names(settings: Settings, rows: list[dict[str, Any]]) -> Mapping[str, str]:
    """Customers' names, where there is a directory."""
    try:
        return DirectorySource(settings.directory_path).current().names(each["customer"] or "" for each in rows)
    except UserError:
        return {}


def _csv(rows: list[dict[str, Any]], names: Mapping[str, str]) -> str:
    """A heading and a line for each; nothing at all where there is nothing."""
    if not rows:
        return ""
    written = io.StringIO()
    writer = csv.DictWriter(written, ["customer_name", *rows[0]], lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        named = {"customer_name": names.get(row["customer"] or "", ""), **row}
        writer.writerow({name: _cell(value) for name, value in named.items()})
    return written.getvalue()


def _cell(value: Any) -> str:
    """A value as a cell that no spreadsheet takes for a formula."""
    spelt = "" if value is None else " ".join(value) if isinstance(value, list) else str(value)
    return harmless(spelt)
