"""The sandbox's limits where the world asks for them: each method in a minute, and no kinder than Slack's tiers."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.limits import A_MINUTE, TIER_3
from sandbox.server import Sandbox
from sandbox.webapi import METHODS
from tests.sandbox.stage import sample_manifest, sample_world


async def test_a_method_that_is_called_too_often_is_refused_until_its_minute_is_over() -> None:
    """By its tier, each method for itself; the answer says for how long."""
    now = [1_800_000_000.0]
    async with (
        Sandbox(sample_world(rate_limits=True), sample_manifest(), clock=lambda: now[0]) as sandbox,
        aiohttp.ClientSession() as http,
    ):
        client = AsyncWebClient(token="xoxb-test", base_url=sandbox.api_url, session=http)
        for _ in range(TIER_3):
            await client.conversations_info(channel="C0TEAM")
        now[0] += 20
        with pytest.raises(SlackApiError) as refused:
            await client.conversations_info(channel="C0TEAM")
        assert refused.value.response["error"] == "ratelimited"
        assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (429, "40")
        await client.conversations_members(channel="C0TEAM")
        now[0] += 40
        await client.conversations_info(channel="C0TEAM")


def test_every_method_that_is_limited_is_one_of_the_sandboxs() -> None:
    """A limit under a misspelt name would limit nothing."""
    assert A_MINUTE.keys() <= METHODS.keys()
