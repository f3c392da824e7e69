"""Going on where the database or the disk fails for a while: what waits in it is not lost, and ended we hear nobody."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

PAUSES = (1.0, 2.0, 5.0, 10.0)
WELL_SECONDS = 60.0
"""Whatever went on for so long was well again."""

log = structlog.get_logger()


async def enduring(begin: Callable[[], Coroutine[Any, Any, None]], name: str, pauses: Sequence[float] = PAUSES) -> None:
    """Let something go on, begun anew each time that the database or the disk ends it; anything else ends it for good.

    Args:
        begin: Begins it; it takes up from the rows where it was.
        name: What the log calls it.
        pauses: Seconds until it is begun anew; the last one from then on.
    """
    tries = 0
    while True:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            await begin()
        except Exception as error:
            if not _passes(error):
                raise
            tries = 0 if clock() - began >= WELL_SECONDS else tries
            log.exception("begun_anew", what=name, seconds=pauses[tries])
        else:
            return
        await asyncio.sleep(pauses[tries])
        tries = min(tries + 1, len(pauses) - 1)


def _passes(error: Exception) -> bool:
    """Whether it is nothing but the database's or the disk's, which somebody may mend meanwhile."""
    if isinstance(error, ExceptionGroup):
        return error.split((SQLAlchemyError, OSError))[1] is None
    return isinstance(error, SQLAlchemyError | OSError)
