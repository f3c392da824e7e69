"""Every button pressed and every box filled where all names and words are tricks: none of them works."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from bot.setup import RoleSource
from storage.importing import import_files
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    FILES,
    MANAGER,
    OTHER_AGENT,
    SALES,
    SETUP,
    SHARED,
    SUPERVISOR,
)
from tests.flow.without_slack import Desk, desk
from tests.flow.working import ASKED_BACK, FAULT, FAVOUR, PROMISED
from tests.judges.published import marked
from tests.sandbox.stage import Json, Stage

TRICKS = (
    "<!channel> <!here|x> <@U0EVIL> <#C0EVIL> <!subteam^S0EVIL> <https://0EVIL.example|bank> &lt;!here&gt; `<@U0EVIL>` "
    "\u202e<!here>\u202c <\u200b!here> @here =0EVIL"
)
OURS = re.compile(
    r"<@U0(?!EVIL)[A-Z0-9]+>|<#C0(?!EVIL)[A-Z0-9]+>|<!date\^\d+\^\{[a-z_ {}]+\}\|[^<>|]*>|<https?://[^<>|]*(\|[^<>]*)?>"
)
EVIL_LABEL = re.compile(r"<https?://[^<>|]*EVIL[^<>|]*\|")
FIGURES = {"cost", "cap", "valid_days", "effort_hours", "hours", "value", "months", "percent"}
ROUNDS = 4


@pytest.fixture
def tricky(tmp_path: Path) -> Path:
    """A directory in which whoever typed the customer's and the product's names meant no good."""
    folder = tmp_path / "tricky"
    folder.mkdir()
    for file in FILES.glob("*.csv"):
        text = re.sub("股份有限公司|有限公司", f" {TRICKS}", file.read_text("utf-8"))
        (folder / file.name).write_text(re.sub(r"\bERP\b", "ERP <!here>", text), "utf-8")
    path = folder / "directory.db"
    assert import_files(sorted(folder.glob("*.csv")), path).swapped_in
    return path


class Everything:
    """Somebody who presses whatever can be pressed, each kind of button once, and fills in whatever opens."""

    def __init__(self, at: Desk) -> None:
        self.at = at
        self.pressed: set[tuple[str, str]] = set()
        self.sent: set[str] = set()
        self._numbers = itertools.count(1)

    async def round(self) -> None:
        """Press all that is shown by now and was not pressed before."""
        for user, action_id, value, block_id, view in list(self._buttons()):
            if (action_id, user) not in self.pressed:
                self.pressed.add((action_id, user))
                windows = len(windows_of(self.at))
                await self._press(user, action_id, value, block_id, view)
                for opened in windows_of(self.at)[windows:]:
                    await self._fill(user, opened)

    def _buttons(self) -> Iterator[tuple[str, str, str, str, Json]]:
        for target, body in self.at.rows("SELECT target, body FROM outbox ORDER BY seq DESC"):
            to, shown = json.loads(target), json.loads(body)
            readers = (
                [to["user"]] if "user" in to else [SUPERVISOR, MANAGER] if to.get("channel") == APPROVALS else [SALES]
            )
            for reader, (element, block_id) in itertools.product(readers, elements(shown)):
                yield reader, element["action_id"], value_of(element), block_id, {}
        for view in windows_of(self.at):
            for (element, block_id), user in itertools.product(elements(view), (AGENT, SUPERVISOR)):
                yield user, element["action_id"], value_of(element), block_id, {**view, "id": "V1"}

    async def _press(self, user: str, action_id: str, value: str, block_id: str, view: Json) -> None:
        number = next(self._numbers)
        action = {"action_id": action_id, "block_id": block_id, "value": value, "action_ts": str(number)}
        trigger = self.at._stage.sandbox.workspace.state.new_trigger(user)
        payload: Json = {"user": {"id": user}, "actions": [action], "trigger_id": trigger}
        payload |= {"view": view} if view else {"channel": {"id": SHARED}, "response_url": "http://localhost/respond/1"}
        await self.at.deliver("click", user, payload, key=f"press:{number}")

    async def _fill(self, user: str, view: Json) -> None:
        values = {
            block["block_id"]: {block["element"]["action_id"]: filled(block["block_id"], block["element"])}
            for block in view["blocks"]
            if block["type"] == "input"
        }
        if values:
            self.sent.add(view["callback_id"])
            await self.at.submit(user, view["callback_id"], view.get("private_metadata", ""), values)


def windows_of(at: Desk) -> list[Json]:
    """Every window so far, those too that Slack would not put on top of one that is not really open here."""
    log = at._stage.sandbox.workspace.log.since(0)
    views = [
        each["body"]["view"] for each in log if each["dir"] == "call" and each["name"] in {"views.open", "views.push"}
    ]
    return [json.loads(each) if isinstance(each, str) else each for each in views]


def elements(part: object) -> Iterator[tuple[Json, str]]:
    """What can be pressed, with the row in which it stands."""
    if isinstance(part, dict):
        if part.get("type") == "actions":
            yield from ((each, part["block_id"]) for each in part["elements"] if each["type"] in {"button", "overflow"})
        for value in part.values():
            yield from elements(value)
    elif isinstance(part, list):
        for each in part:
            yield from elements(each)


def value_of(element: Json) -> str:
    """What a button carries; of a menu the first choice."""
    return str(element["value"] if "value" in element else element["options"][0]["value"])


def filled(name: str, element: Json) -> Json:
    """A box with a trick in it, or a choice taken."""
    kind = element["type"]
    if kind in {"plain_text_input", "number_input"}:
        return {
            "type": kind,
            "value": "3000" if name in FIGURES else f"{TRICKS} {element.get('initial_value', '')}"[:500],
        }
    if kind in {"static_select", "radio_buttons"}:
        return {"type": kind, "selected_option": element["options"][0]}
    if kind == "external_select":
        return {"type": kind, "selected_option": {"value": "C-4"}}
    people = {"users_select": "selected_user", "multi_users_select": "selected_users"}
    if kind in people:
        return {"type": kind, people[kind]: OTHER_AGENT if kind == "users_select" else [OTHER_AGENT]}
    if kind == "datetimepicker":
        return {"type": kind, "selected_date_time": 1_796_000_000}
    return {"type": kind}


def tricked(texts: Sequence[str]) -> set[str]:
    """What Slack would take for markup and is not ours."""
    found = {each for text in texts for each in re.findall(r"<[^<>]*>?", OURS.sub("", text))}
    return found | {text for text in texts if EVIL_LABEL.search(text)}


def spoken(at: Desk, user: str, text: str, ts: str, thread_ts: str) -> Json:
    """A message as Slack delivers it, which escapes what people type."""
    typed = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"type": "message", "channel": SHARED, "user": user, "text": typed, "ts": ts, "thread_ts": thread_ts}


@pytest.mark.slow
async def test_no_trick_in_any_name_or_word_works(stage: Stage, settings: Settings, tricky: Path) -> None:
    """Customers, colleagues and the directory all try; what goes out holds no mention and no link of theirs."""
    async with desk(stage, settings.model_copy(update={"directory": tricky})) as at:
        at.set_up(SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
        root = f"{at.clock.now:.6f}"
        said = (
            (CUSTOMER, FAULT),
            (AGENT, ASKED_BACK),
            (CUSTOMER, FAVOUR),
            (CUSTOMER, PROMISED),
            (CUSTOMER, "我要找律師"),
        )
        for number, (user, text) in enumerate(said):
            event = spoken(at, user, f"{text} {TRICKS}", f"{at.clock.now + number:.6f}" if number else root, root)
            await at.deliver("message", user, event, key=f"message:{number}")
        for line in (
            f"/warranty {TRICKS}",
            "/warranty C-1",
            "/exception",
            f"/aside draft 公司規定 {TRICKS}",
            "/aside duty",
        ):
            await at.command(AGENT, line)
        everything = Everything(at)
        for _ in range(ROUNDS):
            for user in (AGENT, SUPERVISOR, MANAGER, SALES):
                await at.home(user)
            await everything.round()
        assert len(everything.pressed) > 40
        assert len(everything.sent) > 8
        bodies: list[Any] = [json.loads(body) for (body,) in at.rows("SELECT body FROM outbox")]
        bodies += [json.loads(target).get("if_not_sent") for (target,) in at.rows("SELECT target FROM outbox")]
        assert tricked([each for body in [*bodies, *windows_of(at)] for each in marked(body)]) == set()
