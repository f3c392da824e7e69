"""Files handed out of the casebook: whole or not there, and readable by their owner alone."""

import os
import tempfile
from pathlib import Path


def write(file: Path, text: str) -> None:
    """Write a file that is seen only once it is whole.

    Raises:
        OSError: When it cannot be written.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as half:
            half.write(text)
            half.flush()
            os.fsync(half.fileno())
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
