"""The demo's story on the page, from the customer's first message to the supervisor's answer and the sales ping."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.page import opened
from tests.browser.play import AGENT, COMPANY, DECIDING, Play
from tests.browser.running import Demo, demo_in, demo_world

pytestmark = pytest.mark.slow


async def test_the_story_in_chinese_to_an_approval(demo: Demo, browser: Browser) -> None:
    """Asked, approved, told: each in its own seat, and the customer hears it from the agent alone."""
    fault, reason = "ERP 當機，發票印不出來，出貨卡住", "老客戶，正在談續約"
    async with opened(browser, demo.url) as page:
        play = Play(page, "zh-TW", by_hand=False)
        offer = await play.to_the_offer()
        await play.asks(offer, fault=fault, reason=reason)
        card = await play.card(fault=fault, reason=reason)
        await card.locator('[data-action-id="approve_exception"]').click()
        await expect(card).to_contain_text("✅")
        await expect(card).to_contain_text("@張雅婷")
        await expect(card.locator(DECIDING)).to_have_count(0)
        line = (await play.hears(COMPANY))[0]
        await play.customer_saw_only_what_was_said()
        assert await page.tab.evaluate("navigator.clipboard.readText()") == line
        await play.staff.composer.press("Control+v")
        await expect(play.staff.composer).to_have_value(line, timeout=2000)
        await play.staff.composer.press("Enter")
        play.said.append((AGENT, line))
        await expect(play.customer.message(line)).to_be_visible()
        await play.customer_saw_only_what_was_said()
        await play.sales_knows()
        await play.nobody_else_was_told()
        await play.customer_saw_only_what_was_said()


@pytest.fixture
def english_demo(chromium: str, tmp_path: Path) -> Iterator[Demo]:
    """The demo for a team whose Slack speaks English."""
    with demo_in(demo_world(), tmp_path / "demo", locale="en-GB") as made:
        yield made


async def test_the_guide_leads_from_a_no_to_one_exception_and_no_second(english_demo: Demo, browser: Browser) -> None:
    """Declined, a threat held, reopened by a new fact, granted with conditions, booked; then refused (R34, R23)."""
    fault, reason = "ERP down, no invoices print", "With us for years, renewal in sight"
    why_not, new = "Everybody else pays for this; offer the one-off service", "The renewal order PO-1123 is signed"
    terms, why = "Parts are paid by the customer", "No labour charge, this once"
    async with opened(browser, english_demo.url, locale="en-GB") as page:
        play = Play(page, "en", by_hand=False)
        offer = await play.to_the_offer()
        await play.asks(offer, fault=fault, reason=reason)
        card = await play.card(fault=fault, reason=reason)
        await card.locator('[data-action-id="decline_exception"]').click()
        modal = play.staff.modal
        await expect(modal).to_have_attribute("data-callback-id", "decline_exception_view")
        await modal.get_by_test_id("modal-submit").click()
        await expect(modal.locator('[data-testid="block-error"]:not(:empty)')).to_have_count(1)
        await play.sends(reason=why_not)
        await expect(card).to_contain_text("⛔")
        await expect(card).to_contain_text(why_not)
        await expect(card.locator(DECIDING)).to_have_count(0)
        await play.hears(play.called(COMPANY), why_not)
        await page.follow("answer")
        await play.says("tell")
        await play.says("threat")
        await expect(play.staff.whispers.last.locator('[data-action-id="ask_exception"]')).to_have_count(0)
        await page.follow("held")
        await play.says("evidence")
        await play.presses("reopen", "new_facts")
        await play.sends(what=new)
        noted = play.staff.whispers.filter(has_text="You can ask for the exception once more")
        await expect(noted.locator('[data-action-id="ask_exception"]')).to_have_count(1)
        await play.presses("ask_again", "ask_exception")
        await play.sends(fault_ours="no", concession="full")
        await page.follow("approve")
        second = play.staff.messages.last
        await expect(second).to_contain_text(new)
        await second.locator('[data-action-id="approve_exception_with_terms"]').click()
        await play.sends(concession="labour_waived", cap="1500", conditions=terms, reason=why)
        await expect(second).to_contain_text(terms)
        await play.presses("book", "use_exception")
        await play.says("again")
        await play.says("refused")
        await expect(play.staff.modal).to_have_attribute("data-callback-id", "notice_view")
        await play.staff.modal.get_by_test_id("modal-close").click()
        await page.follow("sales")
        await page.follow("sales")
        await expect(page.tab.get_by_test_id("story-end")).to_be_visible()
        assert len(english_demo.rows("exceptions")) == 1 + 2, "one of the past, two of the story"
        await play.sales_knows()
        await play.nobody_else_was_told()
        shown = await play.customer_saw_only_what_was_said()
        assert shown


async def test_a_reload_ends_the_whispers_and_the_app_home_keeps_them(demo: Demo, browser: Browser) -> None:
    """As in Slack: an ephemeral message is gone with the page, what was said is not."""
    async with opened(browser, demo.url) as page:
        play = Play(page, "zh-TW", by_hand=True)
        await play.says("help")
        await expect(play.staff.whispers).to_have_count(1)
        lines = await play.staff.whispers.locator("blockquote").all_inner_texts()
        await page.tab.reload()
        await page.connected()
        await expect(page.tab.get_by_test_id("reload-hint")).to_be_visible()
        await expect(play.staff.messages).to_have_count(1)
        await expect(play.customer.messages).to_have_count(1)
        await expect(play.staff.whispers).to_have_count(0)
        home = await play.staff.home()
        for line in lines:
            await expect(home).to_contain_text(line)
        await play.customer_saw_only_what_was_said()


async def test_the_guide_moves_on_with_what_happens_whatever_was_typed(demo: Demo, browser: Browser) -> None:
    """A step is done once what it leads to is seen: its own words are an offer, no password."""
    async with opened(browser, demo.url) as page:
        play = Play(page, "zh-TW", by_hand=True)
        step = page.tab.get_by_test_id("story-step")
        await play.customer.types("早安")
        await expect(play.customer.message("早安")).to_be_visible()
        await expect(step).to_have_attribute("data-step", "help")
        await play.customer.types("系統今天早上突然當機，全公司都不能開單，非常急！")
        await expect(play.staff.whispers).not_to_have_count(0)
        await expect(step).to_have_attribute("data-step", "first_whisper")
        await page.follow("first_whisper")
        await play.staff.types("/warranty 廣昕")
        await expect(step).to_have_attribute("data-step", "receive")
        await play.staff.types("辛苦了，請問是從幾點開始的？")
        await expect(step).to_have_attribute("data-step", "favour")


async def test_the_bot_speaks_the_language_that_the_page_is_switched_to(demo: Demo, browser: Browser) -> None:
    """Everybody on the page uses Slack in it from then on; what was said before stays as it was."""
    async with opened(browser, demo.url) as page:
        play = Play(page, "zh-TW", by_hand=True)
        await play.staff.types("/aside duty")
        await expect(play.staff.whispers.filter(has_text="這裡的值班人員")).to_have_count(1)
        await page.tab.get_by_test_id("language-toggle").click()
        await expect(play.staff.node.get_by_test_id(f"seat-{AGENT}")).to_contain_text("Yichun Lin")
        answers = play.staff.whispers.filter(has_text="On duty here")
        await expect(answers).to_have_count(0)
        await play.staff.types("/aside duty")
        await expect(answers).to_have_count(1)
