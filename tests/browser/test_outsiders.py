"""Whoever is not one of our staff is turned away on the page, with a sentence that says nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from bot.i18n import words
from tests.browser.page import opened
from tests.browser.play import (
    AGENT,
    APPROVALS,
    COMPANY,
    CUSTOMER,
    DECIDING,
    OWNER_WHO_LEFT,
    SHARED,
    SUPERVISOR,
    TAX_ID,
    Play,
)
from tests.browser.running import Demo, demo_in, demo_world

pytestmark = pytest.mark.slow

GUEST, STRANGER, COLLEAGUE, DESK = "U0GUEST", "U0PASSERBY", "U0ACCOUNTS", "C0SUPPORT"
PASSERBY = "T0PASSERBY"

SAY = words("zh-TW")
TURNED_AWAY = SAY("This is for our support team.")
NOTHING_HERE = SAY("This app is for our support team. There is nothing you need to do here.")
TYPED = ("/warranty 廣昕精密", "/warranty", "/aside setup", "/aside duty on", "/aside help", "/aside")
SHORTCUTS = ("warranty_card", "ask_exception")
ON_FILE = (COMPANY, TAX_ID, "MA-1001", OWNER_WHO_LEFT, "NT$", "許家豪")


def world_with_outsiders() -> dict[str, Any]:
    """The demo's world with seats for a guest, for a third company's visitor and for a colleague without a part."""
    world = demo_world()
    world["other_teams"].append({"id": PASSERBY, "name": "路過股份有限公司", "domain": "passerby"})
    for user in world["users"]:
        user["seat"] = user.get("seat", False) or user["id"] == GUEST
    world["users"] += [
        {
            "id": STRANGER,
            "name": "passer.by",
            "real_name": "路人甲",
            "team": PASSERBY,
            "kind": "external",
            "seat": True,
        },
        {"id": COLLEAGUE, "name": "ac.counts", "real_name": "會計同事", "seat": True},
    ]
    for channel in world["channels"]:
        if channel["id"] == SHARED:
            channel["teams"].append(PASSERBY)
            channel["members"].append(STRANGER)
        if channel["id"] == DESK:
            channel["members"].append(COLLEAGUE)
    return world


@pytest.fixture(scope="module")
def crowd(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo with those people in it; whoever is turned away changes nothing, so they can share it."""
    with demo_in(world_with_outsiders(), tmp_path_factory.mktemp("crowd") / "demo", locale="zh-TW") as made:
        yield made


@pytest.fixture
def fresh_crowd(chromium: str, tmp_path: Path) -> Iterator[Demo]:
    """The same people, for a story of its own."""
    with demo_in(world_with_outsiders(), tmp_path / "demo", locale="zh-TW") as made:
        yield made


@pytest.mark.parametrize(
    ("who", "channel"),
    [(CUSTOMER, SHARED), (STRANGER, SHARED), (GUEST, DESK), (COLLEAGUE, DESK)],
    ids=["customer", "stranger", "guest", "colleague"],
)
async def test_every_command_and_shortcut_is_refused_with_the_same_neutral_sentence(
    crowd: Demo, browser: Browser, who: str, channel: str
) -> None:
    """A refusal tells nothing, opens nothing and changes nothing."""
    before = crowd.work()
    async with opened(browser, crowd.url) as page:
        pane = page.pane(1)
        await pane.sit(who)
        await pane.go(channel)
        for number, text in enumerate(TYPED, 1):
            await pane.types(text)
            await expect(pane.whispers).to_have_count(number)
        greeting = f"早安，{who}"
        await page.say(AGENT, channel, greeting)
        for number, callback_id in enumerate(SHORTCUTS, len(TYPED) + 1):
            await pane.shortcut(pane.message(greeting), callback_id)
            await expect(pane.whispers).to_have_count(number)
        await expect(pane.modal).to_have_count(0)
        shown = await page.shown(who)
    whispers = [each.text for each in shown.messages if each.ephemeral == "true"]
    assert whispers == [TURNED_AWAY] * (len(TYPED) + len(SHORTCUTS))
    assert [fact for fact in ON_FILE if fact in shown.words] == []
    after = crowd.work()
    del before["messages"], after["messages"]
    assert after == before


@pytest.mark.parametrize("who", [GUEST, COLLEAGUE], ids=["guest", "colleague"])
async def test_the_app_home_of_somebody_who_is_no_staff_has_one_sentence(
    crowd: Demo, browser: Browser, who: str
) -> None:
    """No whispers, no requests, no way to the setup; people of other companies have no App Home at all."""
    async with opened(browser, crowd.url) as page:
        pane = page.pane(1)
        await pane.sit(who)
        home = await pane.home()
        await expect(home.locator(".block")).to_have_text([NOTHING_HERE])
        await expect(home.locator("[data-action-id]")).to_have_count(0)
        await pane.sit(CUSTOMER)
        await expect(pane.node.get_by_test_id("home")).to_have_count(0)


async def test_the_buttons_of_a_card_refuse_a_colleague_and_the_card_is_gone_before_a_guest_can_read_it(
    fresh_crowd: Demo, browser: Browser
) -> None:
    """Who clicked decides, not what the button says (R30); what names a cost does not stay where a guest comes in."""
    fault, reason = "ERP 當機，發票印不出來", "老客戶"
    async with opened(browser, fresh_crowd.url) as page:
        play = Play(page, "zh-TW", by_hand=False)
        await play.asks(await play.to_the_offer(), fault=fault, reason=reason)
        card = await play.card(fault=fault, reason=reason)
        await page.admin("add_member", channel=APPROVALS, user=COLLEAGUE)
        before = fresh_crowd.work()

        colleague = page.pane(0)
        await colleague.sit(COLLEAGUE)
        await colleague.go(APPROVALS)
        for number, button in enumerate(("approve_exception", "decline_exception"), 1):
            await colleague.messages.locator(f'[data-action-id="{button}"]').click()
            await expect(colleague.whispers).to_have_count(number)
        await expect(colleague.modal).to_have_count(0)
        assert [each.text for each in (await page.shown(COLLEAGUE)).messages if each.ephemeral == "true"] == [
            TURNED_AWAY
        ] * 2
        assert fresh_crowd.work() == before
        await expect(card.locator(DECIDING)).to_have_count(4)

        await page.admin("add_member", channel=APPROVALS, user=GUEST)
        await page.pane(1).sit(SUPERVISOR)
        await expect(card.locator("[data-action-id]")).to_have_count(0)
