"""What a file is to the import: sheets of cells, a row at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import UserError
from storage.importing.values import Cell
from storage.importing.words import writable

Row = tuple[int, Sequence[Cell]]
"""A row's number as a person counts it, and its cells."""

Report = Callable[[int], None]
"""Told how far the reading of a sheet has come."""

REPORT_EVERY = 2_000
"""Rows between two such reports."""


@dataclass(frozen=True)
class Sheet:
    """One table of cells in a file.

    Attributes:
        label: What a person calls it: the file's name, and the sheet's where there are several.
        names: What its name says that it holds, best first.
        encoding: How its text is read; None where the format settles it.
        headings: The headings, where the format has them apart from the rows (JSON).
        rows: Reads it anew from the start; the argument is told how far it has come.
        size: What that counts up to; None when it is not known before.
    """

    label: str
    names: tuple[str, ...]
    encoding: str | None
    rows: Callable[[Report], Iterator[Row]] = field(repr=False)
    size: int | None
    headings: tuple[str, ...] | None = None


def called(path: Path) -> str:
    """A file's name as it can be told."""
    return writable(path.name)


def unreadable(path: Path, error: OSError) -> UserError:
    """What a person is told when the disk does not give a file."""
    return UserError(
        f"{called(path)} cannot be read: {error.strerror or error}.", "Check the name and the permissions."
    )
