"""`aside import`: a company's own files become the directory."""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.errors import UserError
from bot.settings import load_settings
from bot.spreadsheet import harmless
from storage.importing import ImportReport, import_files
from storage.importing.words import BadRow

LISTED = 200
"""Bad rows shown on the screen at most; `--report` writes them all."""

_WIDTH_OF_A_FILE = 160
_FILE = click.Path(path_type=Path, dir_okay=False)
_HEADINGS = ("file", "row", "column", "value", "reason")


@click.command("import", short_help="Read CSV, XLSX or JSON into a new directory.")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=_FILE)
@click.option("--to", "target", type=_FILE, help="The directory to write; .aside/directory.db unless set otherwise.")
@click.option("--mapping", type=_FILE, help="A YAML file that says which of your headings is which column.")
@click.option("--skip-bad", is_flag=True, help="Leave bad rows out and take in the rest.")
@click.option("--encoding", help="How your CSV files are written; found out when not given.")
@click.option("--report", "listing", type=_FILE, help="Also write every bad row to this CSV file.")
def import_command(
    files: tuple[Path, ...],
    target: Path | None,
    mapping: Path | None,
    *,
    skip_bad: bool,
    encoding: str | None,
    listing: Path | None,
) -> None:
    """Read CSV, XLSX or JSON into a new directory of customers, contracts and warranties.

    All FILEs together become the whole new directory. With bad rows nothing is changed, unless --skip-bad is given.
    docs/import.md tells which columns are known.
    """
    out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False)
    if not out.is_terminal:
        out.width = _WIDTH_OF_A_FILE
    target = target or load_settings().directory_path
    with _Bars(err) as bars:
        report = import_files(files, target, mapping=mapping, skip_bad=skip_bad, encoding=encoding, progress=bars.show)
    _tell_sheets(report, out)
    if report.bad_rows:
        _tell_bad_rows(report.bad_rows, out)
        if listing:
            _write_listing(report.bad_rows, listing)
            out.print(f"Every bad row is listed in {escape(str(listing))}.")
    _tell_outcome(report, out)
    if not report.swapped_in:
        sys.exit(1)


class _Bars:
    """A progress bar a step, on a screen only."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._steps: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, step: str, done: int, total: int | None) -> None:
        """Move the bar of a step."""
        if step not in self._steps:
            self._steps[step] = self._progress.add_task(escape(step), total=total)
        self._progress.update(self._steps[step], completed=done, total=total)


def _tell_sheets(report: ImportReport, out: Console) -> None:
    for label, count in report.rows.items():
        encoding = report.encodings.get(label)
        out.print(f"{escape(label)}: {_rows(count)}{f', read as {encoding}' if encoding else ''}")
        if ignored := report.ignored.get(label):
            out.print(f"  [yellow]Columns not used:[/] {escape(', '.join(ignored))}")
    for label in report.skipped:
        out.print(f"[yellow]{escape(label)}: nothing in it is recognised, not used[/]")
    if report.shared_tax_ids:
        shown = ", ".join(report.shared_tax_ids[:5]) + (" …" if len(report.shared_tax_ids) > 5 else "")  # noqa: PLR2004
        out.print(f"[yellow]Tax ids that more than one customer has:[/] {escape(shown)}")


def _tell_bad_rows(bad_rows: Sequence[BadRow], out: Console) -> None:
    table = Table(title="Bad rows", title_justify="left")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right" if heading == "row" else "left", overflow="fold")
    for bad in bad_rows[:LISTED]:
        table.add_row(*(escape(each) for each in _cells(bad)))
    out.print(table)
    if len(bad_rows) > LISTED:
        out.print(f"{len(bad_rows) - LISTED:,} more are not shown; --report FILE.csv lists them all.")


def _cells(bad: BadRow) -> tuple[str, str, str, str, str]:
    return bad.file, str(bad.row), bad.column or "", bad.value, bad.sentence


def _write_listing(bad_rows: Sequence[BadRow], path: Path) -> None:
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(_HEADINGS)
            writer.writerows([harmless(cell) for cell in _cells(bad)] for bad in bad_rows)
    except OSError as error:
        raise UserError(f"The list cannot be written to {path}: {error.strerror}.", "Give another --report.") from error


def _tell_outcome(report: ImportReport, out: Console) -> None:
    if not report.swapped_in:
        out.print(
            f"[bold red]Nothing was changed: {_rows(report.left_out)} cannot be taken in.[/] "
            "Correct them, or take in the rest with --skip-bad."
        )
        return
    written = ", ".join(_counted(count, table) for table, count in report.written.items())
    if report.left_out:
        out.print(f"[bold yellow]{_rows(report.left_out)} left out.[/]")
    out.print(f"[bold green]The new directory is in place[/] at {escape(str(report.target))}: {written}.")


_NAMES = {
    "customers": ("customer", "customers"),
    "customer_names": ("customer name", "customer names"),
    "contacts": ("contact", "contacts"),
    "products": ("product", "products"),
    "contracts": ("contract", "contracts"),
    "warranties": ("warranty", "warranties"),
    "service_prices": ("service price", "service prices"),
    "staff": ("staff member", "staff members"),
}
"""One and several of what a table holds."""


def _counted(count: int, table: str) -> str:
    return f"{count:,} {_NAMES[table][count != 1]}"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
