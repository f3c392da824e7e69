"""A casebook in a file of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.engine import Casebook
from tests.fresh import casebook_at


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    """A new one."""
    opened = casebook_at(tmp_path / "casebook.db")
    yield opened
    opened.close()
