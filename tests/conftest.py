"""What holds for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import fresh

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=fresh.ON_SERVER)
def _databases_gone() -> Iterator[None]:
    """What a test put on the server is gone after it; what a module shares stays."""
    before = fresh.known()
    yield
    fresh.let_go(fresh.known() - before)
