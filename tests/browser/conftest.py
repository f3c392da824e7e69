"""The page in a real browser; where there is none, its tests are skipped with the reason."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.running import Demo, aside_demo

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--font-render-hinting=none",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; without it the page cannot be tried, which on CI is a failure."""
    found = os.environ.get("ASIDE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    reason = "The page needs Chromium: install Debian's chromium, or say in ASIDE_CHROMIUM where one is."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield made
        await made.close()


@pytest.fixture
def demo(chromium: str, tmp_path: Path) -> Iterator[Demo]:
    """The demo, and nothing said in it yet."""
    with aside_demo(tmp_path / "data") as made:
        yield made
