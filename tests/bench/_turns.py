"""What something costs beside something else, by turns, so that whatever else goes on here slows all of them."""

import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median

EACH = 50

Turn = Callable[[range], Awaitable[None]]
"""Does it once for each of these numbers."""


async def by_turns(turns: Mapping[str, Turn], rounds: int) -> dict[str, list[float]]:
    """CPU milliseconds of one of each, in each round; this process's, so waiting for another one does not count."""
    spent: dict[str, list[float]] = {name: [] for name in turns}
    for turn in turns.values():
        await turn(range(-EACH, 0))
    for number in range(rounds):
        for name, turn in turns.items():
            began = time.process_time()
            await turn(range(number * EACH, (number + 1) * EACH))
            spent[name].append((time.process_time() - began) / EACH * 1000)
    return spent


def times(these: list[float], those: list[float]) -> float:
    """How many times as much: the middle of all rounds, each held against what it had beside it."""
    return median(one / other for one, other in zip(these, those, strict=True))
