"""`/metrics` of a running process, read by Prometheus' own parser."""

import asyncio

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.settings import Settings
from tests.flow.conftest import AGENT, CUSTOMER, SHARED
from tests.reliability.running import Running
from tests.sandbox.stage import Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

Series = dict[str, dict[tuple[tuple[str, str], ...], float]]


async def scraped(http: aiohttp.ClientSession, bot: Running) -> Series:
    """Every value by its name and its labels."""
    async with http.get(f"{bot.address}/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await answer.text()
    found: Series = {}
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            found.setdefault(each.name, {})[tuple(sorted(each.labels.items()))] = each.value
    return found


async def test_what_happened_can_be_counted_from_outside(stage: Stage, settings: Settings) -> None:
    """A message, its whisper and the calls they took; whose words or names they were is not to be read there."""
    stage.sandbox.workspace.state.manifest.settings.socket_mode_enabled = False
    bot = Running(settings, http=True)
    await bot.start()
    try:
        customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
        await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來，出貨全部卡住")
        await agent.sees("ephemeral")
        async with asyncio.timeout(30):
            while (found := await scraped(stage.http, bot))["aside_inbox_rows"][("lane", "stream"),]:  # noqa: ASYNC110 - as Prometheus does
                await asyncio.sleep(0.2)
            while not found.get("aside_send_seconds_count", {}).get((("kind", "ephemeral"),)):
                await asyncio.sleep(0.2)
                found = await scraped(stage.http, bot)
    finally:
        assert await bot.stop() == 0
    assert found["aside_heard_total"][("kind", "message"),] == 1
    assert found["aside_work_seconds_count"][("lane", "stream"),] >= 1
    assert found["aside_whispers_total"][("outcome", "given"),] == 1
    assert found["aside_slack_calls_total"][("method", "chat.postEphemeral"), ("outcome", "ok")] == 1
    assert found["aside_database_up"][()] == 1
    assert found["aside_workspaces"][()] == 1
    assert found["aside_directory_age_seconds"][("workspace", "T0KAPOK"),] >= 0
    assert found["aside_outbox_rows"][("kind", "ephemeral"),] == 0
    labels = {value for series in found.values() for of in series for _, value in of}
    assert not any(word in label for label in labels for word in (CUSTOMER, AGENT, SHARED, "ERP", "C-1"))
