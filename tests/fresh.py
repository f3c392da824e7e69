"""A new casebook for each test: the real migrations make its tables once in a process, and they are copied."""

from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.engine import Casebook, open_casebook


@cache
def _empty() -> bytes:
    """The file of a casebook in which nothing is; closing it folds its log in."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "casebook.db"
        with closing(open_casebook(f"sqlite:///{file}")):
            pass
        return file.read_bytes()


def casebook_at(file: Path) -> Casebook:
    """Open the casebook at `file`, a new one where there is none."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_empty())
    return open_casebook(f"sqlite:///{file}")
