"""A chart of the report as SVG: axes with units, nothing that runs or is fetched, its colours the page's.

Whoever cannot see it is told its title and what it shows, and finds each number in the table beside it.
"""

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Final

from bot.i18n import Words
from bot.insight_parts import Chart

WIDTH: Final = 360
HEIGHT: Final = 172
ABOVE: Final = 24
BELOW: Final = 34
RIGHT: Final = 8
LETTER: Final = 6.4
"""How wide a figure is in the size of the axes' text, or a little less."""
YEAR: Final = 30
"""How far two years are apart at least."""
STEPS: Final = 4
MOST_NAMED: Final = 13
"""So many months have their number below them; of more, every second or third one."""


def svg(chart: Chart, number: int, say: Words) -> str:
    """The chart, as wide as there is room.

    Args:
        number: Which one of the page it is.
    """
    known = [each for each in chart.figures if each is not None]
    scale = ticks(max(known, default=0.0), whole=all(float(each).is_integer() for each in known))
    left = max(len(_figure(each)) for each in scale) * LETTER + 10
    across = (WIDTH - RIGHT - left) / len(chart.months)
    down = HEIGHT - ABOVE - BELOW

    def x(place: int) -> float:
        return left + across * (place + 0.5)

    def y(figure: float) -> float:
        return ABOVE + down * (1 - figure / scale[-1])

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="chart{number} shows{number}">',
        f'<title id="chart{number}">{escape(_title(chart, say))}</title>',
        f'<desc id="shows{number}">{escape(_shows(chart, say))}</desc>',
        f'<text class="unit" x="{left:.1f}" y="{ABOVE - 10}">{escape(chart.unit)}</text>',
    ]
    for each in scale:
        parts.append(f'<path class="grid" d="M{left:.1f} {y(each):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="up" x="{left - 6:.1f}" y="{y(each) + 4:.1f}">{_figure(each)}</text>')
    marks = _points if chart.is_line else _bars
    parts += marks(chart, [(x(place), y(each or 0)) for place, each in enumerate(chart.figures)], across, y(0))
    parts += _months(chart, [x(place) for place in range(len(chart.months))])
    return "".join([*parts, "</svg>"])


def ticks(most: float, *, whole: bool) -> list[float]:
    """Round figures from nought to the first that is not below `most`, evenly apart.

    Args:
        whole: What is counted does not come in parts.
    """
    most = most or 1.0
    least = most / STEPS
    size = 10.0 ** math.floor(math.log10(least))
    step = next(each * size for each in (1, 2, 5, 10) if each * size >= least * 0.999)
    step = max(step, 1.0) if whole else step
    return [round(step * each, 9) for each in range(math.ceil(round(most / step, 6)) + 1)]


def _figure(figure: float) -> str:
    return f"{figure:,.10g}"


def _title(chart: Chart, say: Words) -> str:
    return say("{title} ({unit})", title=chart.title, unit=chart.unit)


def _shows(chart: Chart, say: Words) -> str:
    """The span, and the highest month; the rest is in the table."""
    known = [(each, -place) for place, each in enumerate(chart.figures) if each is not None]
    highest = -max(known)[1]
    return say(
        "{first} to {last}; the highest is {figure} in {month}. Each month is in the table.",
        first=chart.months[0],
        last=chart.months[-1],
        figure=chart.told[highest],
        month=chart.months[highest],
    )


def _bars(chart: Chart, tops: Sequence[tuple[float, float]], across: float, foot: float) -> Iterator[str]:
    wide = min(across * 0.7, 40)
    for month, told, (x, y) in zip(chart.months, chart.told, tops, strict=True):
        if y < foot:
            place = f'x="{x - wide / 2:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{foot - y:.1f}"'
            part = ' class="part"' if chart.ends_early and month == chart.months[-1] else ""
            yield f"<rect{part} {place}><title>{escape(f'{month}: {told}')}</title></rect>"


def _points(chart: Chart, tops: Sequence[tuple[float, float]], _across: float, _foot: float) -> Iterator[str]:
    """Points, joined where no month between them is without a figure."""
    drawn = list(zip(chart.months, chart.told, chart.figures, tops, strict=True))
    for has_figure, run in groupby(drawn, key=lambda each: each[2] is not None):
        if not has_figure:
            continue
        joined = list(run)
        yield f'<path class="line" d="M{"L".join(f"{x:.1f} {y:.1f}" for *_, (x, y) in joined)}"/>'
        for month, told, _, (x, y) in joined:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{escape(f"{month}: {told}")}</title></circle>'


def _months(chart: Chart, across: Sequence[float]) -> Iterator[str]:
    """The number of each month below it, and the year below each January, and below the first if there is room."""
    every = math.ceil(len(chart.months) / MOST_NAMED)
    years = [place for place, name in enumerate(chart.months) if name.endswith("-01")]
    if not years or across[years[0]] - across[0] >= YEAR:
        years = [0, *years]
    for place, (name, x) in enumerate(zip(chart.months, across, strict=True)):
        year, month = name.split("-")
        if place % every == 0:
            yield f'<text class="across" x="{x:.1f}" y="{HEIGHT - BELOW + 14}">{month}</text>'
        if place in years:
            yield f'<text class="across" x="{x:.1f}" y="{HEIGHT - BELOW + 27}">{year}</text>'
