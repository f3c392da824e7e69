"""The demo's second story: a promise that sales does not know of, a dear service, a renewal, and a word afterwards."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.cli_demo import ROOT, STORIES, WORLD
from tests.browser.page import opened
from tests.browser.play import AGENT, CONTRACT, CUSTOMER, OWNER_NOW, OWNER_WHO_LEFT, SUCCESSOR, Play
from tests.browser.running import Demo, aside_demo

pytestmark = pytest.mark.slow

PROMISE = STORIES["promise"] or WORLD
LOCALES = {"zh-TW": "zh-TW", "en": "en-GB"}
SAID: dict[str, dict[str, str]] = {
    "zh-TW": {
        "remembers": "只談過續約折扣，沒有免費更換",
        "promised": "問閘道器用得順不順",
        "gone": "原本負責您的業務已經離開",
        "not confirmed": "業務不知道有這個承諾",
        "extension": "他們說當初答應的那一項",
        "taken": "業務接下了",
        "won": "談成了：NT$96,000，12 個月",
        "renewed": "續約了",
        "careful": "留意",
    },
    "en": {
        "remembers": "We only spoke of a discount on a renewal",
        "promised": "Ask how the gateway is doing",
        "gone": "has left us",
        "not confirmed": "sales does not know of a promise",
        "extension": "what they say was promised",
        "taken": "sales has taken it up",
        "won": "NT$96,000 for 12 months",
        "renewed": "renewed",
        "careful": "Careful",
    },
}
REPORTED: dict[str, tuple[str, ...]] = {
    "zh-TW": ("未獲確認 1", "TWD 1 NT$96,000 NT$96,000", "準時做到 1 1"),
    "en": ("not confirmed 1", "TWD 1 NT$96,000 NT$96,000", "kept in time 1 1"),
}
"""What the report says of the claim, of the sale and its average, and of the follow-up, spaces set aside."""


@pytest.fixture(params=LOCALES)
def lang(request: pytest.FixtureRequest) -> str:
    """The language that everybody on the page uses."""
    return str(request.param)


@pytest.fixture
def promised(chromium: str, lang: str, tmp_path: Path) -> Iterator[Demo]:
    """The demo with its second story."""
    with aside_demo(tmp_path / "data", "--story", "promise", "--locale", LOCALES[lang]) as made:
        yield made


async def test_sales_walks_in_with_numbers_and_the_report_tells_of_it(
    promised: Demo, browser: Browser, lang: str
) -> None:
    """Claimed, asked of the successor, denied, dear, taken, won, followed up; the customer sees only what was said."""
    async with opened(browser, promised.url, locale=LOCALES[lang]) as page:
        play = Play(page, lang, by_hand=False, told=PROMISE)
        await claimed_and_not_confirmed(play)
        await taken_and_won(play)
        await followed_up(play)
        await page.follow("report")
        await page.follow("report")
        await expect(page.tab.get_by_test_id("story-end")).to_be_visible()
        assert await play.customer_saw_only_what_was_said()
        assert {who for who, _ in play.said} == {CUSTOMER, AGENT}
        terminal = " ".join(aside_report(promised, lang).split())
        assert [told for told in REPORTED[lang] if told not in terminal] == [], terminal
        file = promised.casebook.parent / "report.html"
        aside_report(promised, lang, "--html", str(file))
        tab = await browser.new_page(locale=LOCALES[lang])
        await tab.goto(file.as_uri())
        await expect(tab.locator("body")).to_contain_text("NT$96,000")


async def claimed_and_not_confirmed(play: Play) -> None:
    """The customer speaks of a promise; whoever took over from the salesperson says no; the service is dear."""
    said, staff = SAID[play.lang], play.staff
    await staff.sit(AGENT)
    for step in ("help", "receive", "claim"):
        await play.says(step)
    await play.presses("ask_sales", "ask_sales")
    await expect(staff.whispers.last).to_contain_text(said["gone"])
    await play.says("checking")
    await play.presses("answer_no", "promise_no")
    await expect(staff.node).to_have_attribute("data-seat", SUCCESSOR)
    await play.sends(evidence=said["remembers"])
    question = staff.messages.filter(has_text=said["remembers"])
    for told in (play.called(OWNER_WHO_LEFT), play.steps["claim"]["say"][play.lang]):
        await expect(question).to_contain_text(told)
    await play.page.follow("assess")
    news = staff.messages.last
    for told in (said["not confirmed"], said["remembers"]):
        await expect(news).to_contain_text(told)
    await news.locator('[data-action-id="assess"]').click()
    await play.sends(severity="team", effort_hours="4", cost="38000", fault_ours="no")
    await play.says("regret")


async def taken_and_won(play: Play) -> None:
    """The card has the numbers to walk in with; once taken the agent knows who will call; once won it is short."""
    said, staff = SAID[play.lang], play.staff
    await play.page.follow("take")
    card = staff.messages.filter(has_text=CONTRACT)
    for told in ("NT$42,000", "NT$96,000", "NT$38,000", said["extension"], said["careful"]):
        await expect(card).to_contain_text(told)
    await expect(card.locator("blockquote")).to_have_count(2)
    await play.picture_of(card, "sales-card")
    await card.locator('[data-action-id="sales_take"]').click()
    await expect(card.locator('[data-action-id="sales_take"]')).to_have_count(0)
    await play.page.follow("taken")
    for told in (said["taken"], f"@{play.called(OWNER_NOW)}"):
        await expect(staff.messages.last).to_contain_text(told)
    await play.page.follow("taken")
    await play.presses("won", "sales_won")
    await play.sends(value="96000", months="12")
    await expect(staff.messages.filter(has_text=said["won"])).not_to_have_count(0)
    await expect(staff.node.locator('[data-action-id^="sales_"]')).to_have_count(0)
    await expect(staff.messages.filter(has_text=said["careful"])).to_have_count(0)


async def followed_up(play: Play) -> None:
    """The agent hears of the renewal without a figure, promises to ask again, asks, and says that it is done (R42)."""
    said, staff = SAID[play.lang], play.staff
    await staff.sit(AGENT)
    await play.says("thanks")
    await play.page.follow("commit")
    news = staff.messages.last
    await expect(news).to_contain_text(said["renewed"])
    await expect(news).not_to_contain_text("NT$")
    await news.locator('[data-action-id="follow_up"]').click()
    await play.sends(text=said["promised"])
    await play.says("follow_up")
    await play.page.follow("kept")
    home = await staff.home()
    await expect(home).to_contain_text(said["promised"])
    await home.locator('[data-action-id="commitment_kept"]').click()
    await expect(home).not_to_contain_text(said["promised"])


def aside_report(demo: Demo, lang: str, *more: str) -> str:
    """What `aside report` prints about the demo."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASIDE_")}
    command = (sys.executable, "-m", "bot", "report", "--lang", lang, *more)
    environment = {**kept, "ASIDE_DATA": str(demo.casebook.parent), "COLUMNS": "100"}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return ran.stdout
