"""The page as a person uses it: sits at seats, types, clicks, and sees."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from playwright.async_api import Browser, ConsoleMessage, Locator, Request, expect
from playwright.async_api import Page as Tab

WAIT = 15_000

WATCH = """
// Everything that is ever shown in a seat, also what is gone again a moment later.
window.shown = {};
const note = () => {
  for (const pane of document.querySelectorAll("[data-pane]")) {
    const seen = window.shown[pane.dataset.seat] ??= { messages: {}, words: {}, whispered: {} };
    for (const el of pane.querySelectorAll("[data-testid=message]")) {
      const { ts, user, ephemeral } = el.dataset;
      const text = el.querySelector(".content")?.textContent ?? "";
      seen.messages[JSON.stringify([ts, user, ephemeral, text])] = true;
    }
    for (const el of pane.querySelectorAll("[data-ephemeral=true] :is(.block .text, .block h3)")) {
      seen.whispered[el.textContent.trim()] = true;
    }
    for (const el of pane.querySelectorAll(".stage, .sidebar, .toasts, .overlay")) seen.words[el.textContent] = true;
  }
};
new MutationObserver(note).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
"""


class Page:
    """A tab with the page in it.

    Attributes:
        faults: Errors of its scripts, and requests to any other place.
    """

    def __init__(self, tab: Tab, url: str) -> None:
        self.tab = tab
        self.url = url
        self.faults: list[str] = []
        tab.on("pageerror", lambda error: self.faults.append(str(error)))
        tab.on("console", self._console)
        tab.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.faults.append(f"asked {request.url}")

    async def start(self) -> None:
        """Open the page and wait for the bot."""
        await self.tab.add_init_script(WATCH)
        await self.tab.goto(f"{self.url}/")
        await self.connected()

    async def connected(self) -> None:
        """The page says that the bot is there."""
        await expect(self.tab.get_by_test_id("app-state")).to_have_attribute("data-connected", "true")

    async def shown(self, seat: str) -> "Shown":
        """All that was ever shown in a seat."""
        seen: dict[str, Any] = await self.tab.evaluate(
            "seat => window.shown[seat] ?? { messages: {}, words: {}, whispered: {} }", seat
        )
        return Shown(
            {Message(*json.loads(each)) for each in seen["messages"]}, "\n".join(seen["words"]), set(seen["whispered"])
        )

    async def say(self, user: str, channel: str, text: str) -> None:
        """Somebody who is not on the screen says something."""
        await self._post("say", user=user, channel=channel, text=text)

    async def admin(self, do: str, **more: str) -> None:
        """Something happens to the workspace from outside."""
        await self._post("admin", do=do, **more)

    async def _post(self, what: str, **body: str) -> None:
        answer = await self.tab.request.post(f"{self.url}/seat/{what}", data=body)
        assert answer.ok, await answer.text()

    def pane(self, index: int) -> "Pane":
        """The left pane (0) or the right one (1)."""
        return Pane(self.tab, index)

    async def follow(self, step: str) -> None:
        """Let the guide, which has come to this step, bring its seat, channel and words, or go on from it."""
        await expect(self.tab.get_by_test_id("story-step")).to_have_attribute("data-step", step)
        await self.tab.get_by_test_id("story-next").click()


class Message(NamedTuple):
    """A message as it stood on the screen."""

    ts: str
    user: str
    ephemeral: str
    text: str


class Shown(NamedTuple):
    """What a seat was ever shown: its messages, every word on its screen, and the parts of its whispers."""

    messages: set[Message]
    words: str
    whispered: set[str]


class Pane:
    """One seat on the screen."""

    def __init__(self, tab: Tab, index: int) -> None:
        self.tab = tab
        self.node = tab.locator(f'[data-pane="{index}"]')

    async def sit(self, user: str) -> None:
        """Take somebody's seat."""
        await self.node.get_by_test_id(f"seat-{user}").click()
        await expect(self.node).to_have_attribute("data-seat", user)

    async def go(self, channel: str) -> None:
        """Open a channel."""
        await self.node.get_by_test_id(f"channel-{channel}").click()
        await expect(self.node.get_by_test_id("conversation")).to_have_attribute("data-channel", channel)

    async def home(self) -> Locator:
        """Open the App Home."""
        await self.node.get_by_test_id("home").click()
        return self.node.get_by_test_id("app-home")

    @property
    def composer(self) -> Locator:
        """The box to write in."""
        return self.node.get_by_test_id("composer")

    async def types(self, text: str) -> None:
        """Write key by key, and send with Enter."""
        await self.composer.press_sequentially(text)
        await self.composer.press("Enter")
        await expect(self.composer).to_have_value("")

    @property
    def messages(self) -> Locator:
        """What everybody in the channel sees."""
        return self.node.locator('[data-testid="message"][data-ephemeral="false"]')

    @property
    def whispers(self) -> Locator:
        """What this seat alone is shown."""
        return self.node.locator('[data-testid="message"][data-ephemeral="true"]')

    def message(self, text: str) -> Locator:
        """The visible message with these words."""
        return self.messages.filter(has_text=text)

    async def shortcut(self, message: Locator, callback_id: str) -> None:
        """A shortcut from a message's menu."""
        await message.focus()
        await message.hover()
        await message.get_by_test_id("message-menu").click()
        await self.tab.get_by_test_id("menu").get_by_test_id(f"shortcut-{callback_id}").click()

    @property
    def modal(self) -> Locator:
        """The window in front."""
        return self.node.get_by_test_id("modal")


@asynccontextmanager
async def opened(browser: Browser, url: str, *, locale: str = "zh-TW", dark: bool = False) -> AsyncIterator[Page]:
    """The page, watched: it asks no other place for anything, and nothing in it breaks."""
    expect.set_options(timeout=WAIT)
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900},
        locale=locale,
        timezone_id="Asia/Taipei",
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(WAIT)
    page = Page(await context.new_page(), url)
    await page.start()
    yield page
    await context.close()
    assert not page.faults
