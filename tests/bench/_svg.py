"""A drawing of what a deed costs as things grow: both axes in powers of ten, so that a line at 45° is linear."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 300, 250
LEFT, RIGHT, ABOVE, BELOW = 44, 8, 26, 34
COLUMNS = 2
LEGEND = 15
COLOURS = ("#0b6e99", "#b3541e", "#4c7a34", "#7b4fa3", "#a1843c", "#b03060", "#3f5873", "#6b6b6b", "#1b998b")


def drawn(found: Mapping[str, Sequence[Mapping[str, float]]], times: Sequence[int]) -> str:
    """A small drawing for each thing that grows, with the same axes.

    Args:
        found: For what grows, what each deed costs at each size, in milliseconds.
        times: The sizes.
    """
    deeds = list(dict.fromkeys(deed for costs in found.values() for deed in costs[0]))
    colours = {deed: COLOURS[number % len(COLOURS)] for number, deed in enumerate(deeds)}
    every = [cost for costs in found.values() for each in costs for cost in each.values() if cost > 0]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    rows = math.ceil(len(found) / COLUMNS)
    whole = rows * HEIGHT + LEGEND * math.ceil(len(deeds) / COLUMNS) + 20
    box = f'viewBox="0 0 {WIDTH * COLUMNS} {whole}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" font-family="sans-serif" font-size="11">',
        "<title>What a deed costs as things grow</title>",
        f'<rect width="{WIDTH * COLUMNS}" height="{whole}" fill="#ffffff"/>',
    ]
    for number, (name, costs) in enumerate(found.items()):
        x, y = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
        parts.append(f'<g transform="translate({x} {y})">')
        parts += _panel(name, costs, times, (low, high), colours)
        parts.append("</g>")
    for number, deed in enumerate(deeds):
        x, y = number % COLUMNS * WIDTH + LEFT, rows * HEIGHT + 14 + number // COLUMNS * LEGEND
        parts.append(f'<path d="M{x} {y - 4}h18" stroke="{colours[deed]}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 24}" y="{y}" fill="#222222">{escape(deed)}</text>')
    return "".join([*parts, "</svg>\n"])


def _panel(
    name: str,
    costs: Sequence[Mapping[str, float]],
    times: Sequence[int],
    powers: tuple[int, int],
    colours: Mapping[str, str],
) -> list[str]:
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - ABOVE - BELOW
    low, high = powers

    def x(size: float) -> float:
        return LEFT + across * math.log10(size) / math.log10(times[-1])

    def y(cost: float) -> float:
        return ABOVE + down * (high - math.log10(cost)) / (high - low)

    parts = [f'<text x="{LEFT}" y="16" font-weight="bold" fill="#222222">{escape(name)}</text>']
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
        label = f"{10.0**power:g} ms"
        parts.append(f'<text x="{LEFT - 4}" y="{at + 4:.1f}" text-anchor="end" fill="#555555">{label}</text>')
    below = f'y="{HEIGHT - BELOW + 16}" text-anchor="middle" fill="#555555"'
    parts += [f'<text x="{x(size):.1f}" {below}>×{size}</text>' for size in times]
    for deed in costs[0]:
        points = [(x(size), y(each[deed])) for size, each in zip(times, costs, strict=False) if each[deed] > 0]
        line = "L".join(f"{across_:.1f} {down_:.1f}" for across_, down_ in points)
        parts.append(f'<path d="M{line}" fill="none" stroke="{colours[deed]}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{colours[deed]}"/>' for a, b in points]
    return parts
