"""A file that takes another's place, whole or not at all."""

import os
from pathlib import Path


def put_in_place(new: Path, target: Path, *, mode: int) -> None:
    """Flush the new file to the disk and give it the target's name, a step that cannot be half done."""
    new.chmod(mode)
    with new.open("rb+") as stream:
        os.fsync(stream.fileno())
    new.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
