"""The demo's story, step by step, as it is played on the page."""

import os
import re
from pathlib import Path
from typing import Any

import yaml
from playwright.async_api import Locator, expect

from bot.cli_demo import ROOT, WORLD
from tests.browser.page import Page

CUSTOMER, AGENT, OTHER_AGENT, DEPUTY, SUPERVISOR = "U0SHUFEN", "U0YICHUN", "U0POHAN", "U0CHIHMING", "U0YATING"
SALES, SUCCESSOR, ASIDE = "U0CHIENHUNG", "U0CHIAHAO", "U0ASIDE"
SHARED, APPROVALS = "C0KUANGHSIN", "C0APPROVALS"
COMPANY, TAX_ID, CONTRACT = "廣昕精密股份有限公司", "79269120", "MA-1001-03"
OWNER_WHO_LEFT, OWNER_NOW, ASKER = "周美玲", "許家豪", "林怡君"
IN_ENGLISH = {
    COMPANY: "Kuanghsin Precision Co., Ltd.",
    OWNER_WHO_LEFT: "Meiling Chou",
    OWNER_NOW: "Chiahao Hsu",
    ASKER: "Yichun Lin",
}

DECIDING = 'button[data-action-id*="_exception"]'
"""The buttons by which a request is decided; the ways to its case and its conversation stay."""

PICTURES = ROOT / "docs" / "pictures"
TAKING_PICTURES = os.environ.get("ASIDE_PICTURES") == "1"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
WORDS = re.compile(r"\w")

# What only we talk about, in either language; what the two typed themselves is taken off before it is looked for.
OURS = (
    *("旁白", "通融", "核准", "主管", "保固", "到期", "看得到", "看不到", "這樣說", "許家豪"),
    *("Aside", "exception", "approve", "supervisor", "expired", "warranty", "only visible", "you could say"),
    *(COMPANY, TAX_ID, "MA-1001", OWNER_WHO_LEFT, "NT$"),
    *("Co., Ltd.", "Meiling", "Chiahao"),
)


class Play:
    """The story as it is played: the customer on the left, one of us on the right.

    Attributes:
        said: What the two typed, in order: who, and the words.
        steps: The guide's, by their ids.
    """

    def __init__(self, page: Page, lang: str, *, by_hand: bool, told: Path | None = None) -> None:
        self.page, self.lang, self.by_hand = page, lang, by_hand
        self.customer, self.staff = page.pane(0), page.pane(1)
        self.said: list[tuple[str, str]] = []
        story: Any = yaml.safe_load((told or WORLD).read_text(encoding="utf-8"))
        story = story if told else story["story"]
        self.steps = {step["id"]: step for step in story["steps"]}

    def called(self, name: str) -> str:
        """A person or company as the demo in this language calls them."""
        return name if self.lang == "zh-TW" else IN_ENGLISH[name]

    async def says(self, step: str) -> None:
        """Somebody speaks: the guide fills the words in, or they are typed key by key."""
        told = self.steps[step]
        words = told["say"] if isinstance(told["say"], str) else told["say"][self.lang]
        pane = self.customer if told["seat"] == CUSTOMER else self.staff
        await expect(pane.node).to_have_attribute("data-seat", told["seat"])
        if self.by_hand:
            await pane.types(words)
        else:
            await self.page.follow(step)
            await expect(pane.composer).to_have_value(words)
            await pane.composer.press("Enter")
        if not words.startswith("/"):
            self.said.append((told["seat"], words))
            await expect(self.customer.message(words)).to_be_visible()

    async def to_the_offer(self) -> Locator:
        """Up to the whisper on which an exception can be asked for; that whisper."""
        await self.says("help")
        await expect(self.staff.whispers).to_have_count(1)
        await self._speaks_our_language(self.staff.whispers)
        await self.page.follow("first_whisper")
        await self.says("warranty")
        card = self.staff.whispers.filter(has_text=TAX_ID)
        for fact in (self.called(COMPANY), CONTRACT, self.called(OWNER_WHO_LEFT), self.called(OWNER_NOW)):
            await expect(card).to_contain_text(fact)
        await self._picture("warranty")
        await self.says("receive")
        await self.says("favour")
        offers = self.staff.whispers.filter(has=self.page.tab.locator('[data-action-id="ask_exception"]'))
        await expect(offers).to_have_count(1)
        await self._speaks_our_language(offers)
        await self._hero()
        return offers

    async def _speaks_our_language(self, whisper: Locator) -> None:
        """There is something to say in it, in the customer's language, and buttons in the reader's."""
        await expect(whisper.locator("blockquote")).not_to_have_count(0)
        for words in await whisper.locator("blockquote").all_inner_texts():
            assert bool(CHINESE.search(words)) == (self.lang == "zh-TW"), words
        for words in filter(WORDS.search, await whisper.locator("[data-action-id]").all_inner_texts()):
            assert bool(CHINESE.search(words)) == (self.lang == "zh-TW"), words

    async def _picture(self, name: str, *, langs: tuple[str, ...] = ("zh-TW",)) -> None:
        """Keep what the page shows, for the README; only when ASIDE_PICTURES=1 asks for it."""
        if TAKING_PICTURES and self.lang in langs:
            await self.page.tab.mouse.move(720, 20)
            await self.page.tab.screenshot(path=PICTURES / f"{name}-{self.lang}.png", animations="disabled")

    async def picture_of(self, shown: Locator, name: str) -> None:
        """Keep one thing that the page shows, whole; only when ASIDE_PICTURES=1 asks for it."""
        if TAKING_PICTURES:
            await shown.page.set_viewport_size({"width": 1440, "height": 2400})
            await shown.page.mouse.move(720, 20)
            await shown.screenshot(path=PICTURES / f"{name}-{self.lang}.png", animations="disabled")
            await shown.page.set_viewport_size({"width": 1440, "height": 900})

    async def _hero(self) -> None:
        """The README's first picture: the two seats side by side, in light and dark."""
        if not TAKING_PICTURES:
            return
        await self.page.tab.get_by_test_id("story-toggle").click()
        await self._picture("whisper", langs=("zh-TW", "en"))
        await self.page.tab.get_by_test_id("theme-toggle").click()
        await self._picture("whisper-dark", langs=("zh-TW", "en"))
        await self.page.tab.get_by_test_id("theme-toggle").click()
        await self.page.tab.get_by_test_id("story-toggle").click()

    async def asks(self, offer: Locator, *, fault: str, reason: str) -> None:
        """The agent fills in the window and sends it; a window that is not filled in stays."""
        await self.page.follow("ask")
        before = await self.staff.whispers.count()
        await offer.locator('[data-action-id="ask_exception"]').click()
        modal = self.staff.modal
        await expect(modal).to_have_attribute("data-callback-id", "ask_exception_view")
        await modal.get_by_test_id("modal-submit").click()
        await expect(modal.locator('[data-testid="block-error"]:not(:empty)')).to_have_count(5)
        await modal.locator('[data-block-id="fault"]').press_sequentially(fault)
        await modal.locator('[data-block-id="fault_ours"]').select_option("no")
        await modal.locator('[data-block-id="cost"]').press_sequentially("3000")
        await modal.locator('[data-block-id="concession"]').select_option("full")
        await modal.locator('[data-block-id="reason"]').press_sequentially(reason)
        await modal.get_by_test_id("modal-submit").click()
        await expect(modal).to_have_count(0)
        await expect(self.staff.whispers).to_have_count(before + 1)

    async def presses(self, step: str, action_id: str) -> None:
        """The guide brings somebody to where a button is; they press the newest one."""
        await self.page.follow(step)
        await self.staff.node.locator(f'[data-action-id="{action_id}"]').last.click()

    async def sends(self, **fields: str) -> None:
        """A window is filled in and sent."""
        modal = self.staff.modal
        for name, value in fields.items():
            field = modal.locator(f'[data-block-id="{name}"]')
            if await field.evaluate("each => each.tagName") == "SELECT":
                await field.select_option(value)
            else:
                await field.fill(value)
        await modal.get_by_test_id("modal-submit").click()
        await expect(modal).to_have_count(0)

    async def card(self, *, fault: str, reason: str) -> Locator:
        """What stands before the supervisor, who also finds it in the App Home."""
        await self.page.follow("decide")
        await expect(self.staff.node).to_have_attribute("data-seat", SUPERVISOR)
        home = await self.staff.home()
        await expect(home).to_contain_text(self.called(COMPANY))
        await expect(home).to_contain_text("NT$3,000")
        await self.staff.go(APPROVALS)
        await expect(self.staff.messages).to_have_count(1)
        for fact in (self.called(COMPANY), f"@{self.called(ASKER)}", "NT$3,000", fault, reason):
            await expect(self.staff.messages).to_contain_text(fact)
        await self._picture("exception-card")
        return self.staff.messages

    async def hears(self, *facts: str) -> list[str]:
        """The news in the agent's seat, and the lines that came with it."""
        await self.page.follow("answer")
        await expect(self.staff.node).to_have_attribute("data-seat", AGENT)
        await self.staff.node.locator(f'[data-testid^="channel-"][data-with="{ASIDE}"]').click()
        news = self.staff.messages.last
        for fact in facts:
            await expect(news).to_contain_text(fact)
        await self._speaks_our_language(news)
        lines = await news.locator("blockquote").all_inner_texts()
        await news.get_by_test_id("copy").first.click()
        await expect(news.locator(".copy.done")).to_have_count(1)
        home = await self.staff.home()
        for line in lines:
            await expect(home).to_contain_text(line)
        await self._picture("app-home")
        await self.staff.go(SHARED)
        return lines

    async def sales_knows(self) -> None:
        """A direct message, to whoever took over from the account owner who left, and none to anybody else of sales."""
        direct = self.staff.node.locator(f'[data-testid^="channel-"][data-with="{ASIDE}"]')
        about = self.staff.messages.filter(has_text=self.called(COMPANY))
        await self.staff.sit(SUCCESSOR)
        await direct.click()
        for fact in (CONTRACT, self.called(OWNER_WHO_LEFT)):
            await expect(about.first).to_contain_text(fact)
        await self.staff.sit(SALES)
        if await direct.count():
            await direct.click()
            await expect(about).to_have_count(0)

    async def nobody_else_was_told(self) -> None:
        """The other agent and the deputy read along in the channel, and no whisper was theirs."""
        for seat in (OTHER_AGENT, DEPUTY):
            await self.staff.sit(seat)
            await self.staff.go(SHARED)
            await expect(self.staff.messages).to_have_count(len(self.said))
            await expect(self.staff.whispers).to_have_count(0)

    async def customer_saw_only_what_was_said(self) -> set[str]:
        """Not for a moment was anything of ours in the customer's seat; what was whispered to the agent meanwhile."""
        await expect(self.customer.node).to_have_attribute("data-seat", CUSTOMER)
        await expect(self.customer.messages).to_have_count(len(self.said))
        shown = await self.page.shown(CUSTOMER)
        assert {(each.user, each.text) for each in shown.messages} == set(self.said)
        assert {each.ephemeral for each in shown.messages} == {"false"}
        rest = shown.words
        for _, words in sorted(self.said, key=lambda each: -len(each[1])):
            rest = rest.replace(words, "")
        whispered = (await self.page.shown(AGENT)).whispered
        assert [words for words in (*OURS, *whispered) if len(words) > 1 and words.lower() in rest.lower()] == []
        return whispered
