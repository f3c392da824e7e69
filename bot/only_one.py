"""Only one of us works on a data folder with a casebook in it; on a server several may."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import UserError


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder: two of us on one SQLite casebook would both take themselves for the only worker.

    Raises:
        UserError: when another Aside works on it, or nobody may write there.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (data / "lock").open("w")
    except OSError as error:
        raise UserError(
            f"The data folder {data} cannot be written: {error.strerror}.", "Set ASIDE_DATA to another folder."
        ) from error
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"Another Aside is already running on {data}.",
                "Stop it first, or set ASIDE_DATA to another folder.",
            ) from error
        yield
