"""The manifest as Slack would read it."""

from typing import Any

import pytest
import yaml

from tests.manifest.surface import ROOT


@pytest.fixture
def manifest() -> dict[str, Any]:
    """`manifest.yml`, read anew for each test."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return read
