"""Stopping: a worker that is told to end ends, whatever else happens at that moment."""

import asyncio

import pytest

from handlers.services import woken


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancellation_that_comes_together_with_work_is_not_lost(turns: int) -> None:
    """Otherwise SIGTERM would leave a busy bot running, now and then."""
    event = asyncio.Event()

    async def work() -> None:
        while True:
            event.clear()
            await woken(event, 60)

    worker = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    worker.cancel()
    await asyncio.wait([worker], timeout=5)
    assert worker.cancelled()
