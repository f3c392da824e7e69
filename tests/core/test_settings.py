"""Settings as the environment has them."""

from pathlib import Path

import pytest

from bot.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ASIDE_{name.upper()}", raising=False)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_what_is_set_to_nothing_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As in the example file, in which the tokens stand with nothing after them; a folder would be wherever we run."""
    of_nobody = Settings()
    monkeypatch.setenv(f"ASIDE_{name.upper()}", "")
    assert load_settings() == of_nobody


def test_what_is_set_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same environment, with something in it."""
    monkeypatch.setenv("ASIDE_DIRECTORY", "customers.db")
    assert load_settings().directory == Path("customers.db")
