"""What the tests of the pure core share."""

import pytest

from bot.playbook import Playbook
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK


@pytest.fixture(scope="session")
def playbook() -> Playbook:
    """The playbook that comes with Aside."""
    return load_playbook(PACKAGED_PLAYBOOK)
