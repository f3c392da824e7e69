"""A copy of the tests' own small playbook, to be spoilt."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

TINY = Path(__file__).parent / "tiny"
Spoil = Callable[[str, str, str], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound playbook that a test may change."""
    return Path(shutil.copytree(TINY, tmp_path / "playbook"))


@pytest.fixture
def spoil(folder: Path) -> Spoil:
    """Replace some text of one file, once."""

    def replace(name: str, old: str, new: str) -> Path:
        file = folder / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), encoding="utf-8")
        return folder

    return replace
