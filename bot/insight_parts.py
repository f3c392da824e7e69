"""What the report is made of, whoever shows it and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

MOST_ROWS = 12


@dataclass(frozen=True)
class Chart:
    """A figure over the months, drawn; its numbers stand in the table of the same section.

    Attributes:
        unit: What is counted up the side.
        months: First days as they are read, oldest first: 2026-05.
        figures: One for each month; None where there is none.
        told: The same as they are read.
        is_line: Points on a line, for what does not add up over time; otherwise bars.
        ends_early: The last month is not over.
    """

    title: str
    unit: str
    months: tuple[str, ...]
    figures: tuple[float | None, ...]
    told: tuple[str, ...]
    is_line: bool = False
    ends_early: bool = False


@dataclass(frozen=True)
class Section:
    """One part of the report.

    Attributes:
        asked: Names of the questions to the database it rests on.
        says: What the figures say, in a sentence or two.
        columns: Heads of the table; the first column names things, the others are figures.
        rows: The table, as it is read.
        bars: How long the bar beside each row is, 0 to 1; empty where no chart would say more than the table.
        words_from: From which column on there are words and no figures; the first is 0.
        charts: What the table holds, over time.
        charts_say: How they are to be read.
    """

    title: str
    asked: tuple[str, ...]
    says: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    bars: tuple[float, ...] = ()
    words_from: int | None = None
    charts: tuple[Chart, ...] = ()
    charts_say: str = ""

    def is_words(self, column: int) -> bool:
        """Whether a column holds words, which are read from the left."""
        return column == 0 or (self.words_from is not None and column >= self.words_from)


def shares(figures: Sequence[float | Decimal]) -> tuple[float, ...]:
    """Each beside the greatest."""
    most = max((float(each) for each in figures), default=0.0)
    return tuple(float(each) / most if most else 0.0 for each in figures)
