"""Fixtures for the sandbox's tests."""

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from sandbox.server import Sandbox
from tests.sandbox.stage import Stage, sample_manifest, sample_world


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    """The sandbox on a free port, with Slack's own three seconds to acknowledge."""
    sandbox = Sandbox(sample_world(), sample_manifest())
    async with sandbox, aiohttp.ClientSession() as http:
        stage = Stage(sandbox, http)
        yield stage
        await stage.close()
