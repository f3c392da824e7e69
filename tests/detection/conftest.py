"""A detector that has learnt from the tests' own small playbook."""

from pathlib import Path

import pytest

from bot.playbook_files import load_playbook
from bot.signals import Detector

TINY = Path(__file__).parent.parent / "playbook" / "tiny"


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The folder of the small playbook."""
    return TINY


@pytest.fixture(scope="session")
def detector(tiny: Path) -> Detector:
    """Trained once; it keeps nothing from one message to the next."""
    return Detector.train(load_playbook(tiny))
