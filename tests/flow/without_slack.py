"""The handlers on a real casebook, with Slack's Web API at the edge and nothing running: one deed at a time, at once.

What Slack would deliver is handed in as a payload; what would be sent stands in the outbox and is read there.
"""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot import app
from bot import goodwill as rules
from bot.case import Case
from bot.goodwill import ExceptionRequest
from bot.message import Message, Role
from bot.policy import Concession
from bot.settings import Settings
from bot.setup import Setup
from bot.signals import Reading
from handlers import deliver, inbound, works
from handlers.services import Services
from handlers.worker import work_on
from storage import cases, conversations, ids, inbox, turns
from storage import goodwill as requests
from storage import workspace as workspaces
from storage.inbox import Lane
from tests import fresh
from tests.flow.conftest import AGENT, CUSTOMER, SHARED, WORKSPACE, learn_once, read_once, save_setup
from tests.sandbox.stage import Json, Stage

MONDAY_NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC).timestamp()


class Clock:
    """The bot's present, which a test moves on."""

    def __init__(self, now: float = MONDAY_NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        """Now; never twice the same."""
        self.now += 0.001
        return self.now

    @property
    def moment(self) -> datetime:
        """Now, as a moment."""
        return datetime.fromtimestamp(self.now, tz=UTC)


class Desk:
    """Somebody's deeds, one after the other, and what they come to."""

    def __init__(self, services: Services, stage: Stage, settings: Settings, clock: Clock) -> None:
        self.services = services
        self.clock = clock
        self._stage = stage
        self._settings = settings
        self._numbers = itertools.count(1)
        self._bodies: dict[int, Json] = {}

    def set_up(self, setup: Setup) -> None:
        """As an administrator would."""
        save_setup(self._settings, setup)

    def case(
        self, *, customer: str | None = "C-1", agent: str = AGENT, channel: str = SHARED, thread_ts: str = ""
    ) -> Case:
        """A case that an agent handles.

        Args:
            thread_ts: Of a message that is really there.
        """
        ts = thread_ts or f"{self.clock.now - 3600 + next(self._numbers):.6f}"
        with self.services.casebook.begin() as connection:
            said = _said(CUSTOMER, Role.CUSTOMER, "ERP 當機了", channel, ts)
            case = cases.open_case(connection, said, customer)
            conversations.write_message(connection, said, Reading((), 0), case.id)
            if agent:
                cases.hand_over(connection, case, agent)
        found = self._case(case.id)
        assert found
        return found

    def _case(self, case_id: str) -> Case | None:
        with self.services.casebook.look() as connection:
            return cases.get(connection, WORKSPACE, case_id)

    def says(self, user: str, case: Case) -> None:
        """Somebody of us talks to the customer."""
        ts = f"{self.clock.now + next(self._numbers):.6f}"
        with self.services.casebook.begin() as connection:
            said = _said(user, Role.SUPERVISOR, "我來了解一下", case.channel, ts, case.thread_ts)
            conversations.write_message(connection, said, Reading((), 0), case.id)

    def request(self, case: Case, *, requested_by: str = AGENT, cost: int = 3000, **more: Any) -> ExceptionRequest:
        """A request on file, as it stands."""
        policy = self.services.playbook.policy
        filed = ExceptionRequest(
            workspace=WORKSPACE,
            id=ids.new_id(),
            case_id=case.id,
            customer_id=case.customer_id,
            requested_by=requested_by,
            requested_at=self.clock.moment,
            concession=Concession.FULL,
            fault="發票模組當機",
            cost=Decimal(cost),
            currency="TWD",
            reason="老客戶",
        )
        due = rules.due_next(filed, None, self.clock.moment, policy.approval, policy.hours)
        assert due
        filed = filed.model_copy(update={"due_at": due[0], "due_move": due[1], **more})
        with self.services.casebook.begin() as connection:
            requests.write(connection, filed)
        return filed

    def stands(self, request: ExceptionRequest) -> ExceptionRequest:
        """The request as it stands now."""
        return self.found(request.id)

    def found(self, request_id: str) -> ExceptionRequest:
        """A request by its id."""
        with self.services.casebook.look() as connection:
            found = requests.get(connection, WORKSPACE, request_id)
        assert found
        return found

    async def click(
        self,
        user: str,
        action_id: str,
        value: str,
        *,
        in_message: bool = True,
        channel: str = SHARED,
        in_window: bool = False,
        block_id: str = "b",
    ) -> list[str]:
        """Press a button; what that person is told, or the window that opens.

        Args:
            in_window: It stands in the window that was opened last.
        """
        views = self._stage.sandbox.workspace.state.views
        window = str(list(views)[-1]) if in_window else None
        payload = {
            "user": {"id": user},
            "actions": [{"action_id": action_id, "block_id": block_id, "value": value, "action_ts": self._number()}],
            "trigger_id": self._stage.sandbox.workspace.state.new_trigger(user, window),
        }
        in_message = in_message and not in_window
        payload |= {"channel": {"id": channel}, "response_url": "http://localhost/respond/1"} if in_message else {}
        payload |= {"view": views[window]} if window else {}
        return await self.deliver("click", user, payload, key=f"click:{self._number()}")

    async def command(self, user: str, line: str, channel: str = SHARED) -> list[str]:
        """Type a command."""
        name, _, text = line.partition(" ")
        payload = {
            "command": name,
            "text": text,
            "user_id": user,
            "channel_id": channel,
            "response_url": "http://localhost/respond/1",
            "trigger_id": self._stage.sandbox.workspace.state.new_trigger(user),
        }
        return await self.deliver("command", user, payload, key=f"command:{self._number()}")

    async def submit(self, user: str, callback_id: str, about: str, values: Json) -> list[str]:
        """Send a window off, opened or forged; the mistakes that are shown in it, or what that person is told."""
        payload = {
            "user": {"id": user},
            "view": {
                "id": f"V{self._number()}",
                "callback_id": callback_id,
                "private_metadata": about,
                "state": {"values": values},
            },
        }
        errors = await works.mistakes(self.services.for_one_task(), inbound.submission(payload))
        if errors:
            return [f"{name}: {words}" for name, words in errors.items()]
        return await self.deliver("view", user, payload, key=f"view:{self._number()}")

    async def deliver(self, kind: str, user: str, payload: Json, *, key: str) -> list[str]:
        """What Slack delivers, worked on; a second delivery of the same changes nothing."""
        last = self.last_row()
        opened = self._opened()
        with self.services.casebook.begin() as connection:
            inbox.put(
                connection,
                workspace=WORKSPACE,
                key=key,
                lane=Lane.PERSON,
                kind=kind,
                payload=payload,
                now=self.clock(),
            )
            entry = inbox.claim(connection, lane=Lane.PERSON, now=self.clock())
        if entry:
            await work_on(self.services, entry, {**works.PERSON, **works.STREAM})
        windows = [f"window {name}" for name in self._opened()[len(opened) :]]
        return windows + self.told(user, since=last)

    async def home(self, user: str) -> str:
        """What stands on somebody's Home, opened now; its buttons too."""
        last = self.last_row()
        await self.deliver("app_home_opened", user, {"tab": "home", "user": user}, key=f"home:{self._number()}")
        ((body,),) = self.rows("SELECT body FROM outbox WHERE seq > ? AND kind = 'home'", last)
        return str(body)

    def told(self, user: str, since: int = 0) -> list[str]:
        """What is written down for one person to read, oldest first."""
        found = self.rows(
            "SELECT seq, target, body FROM outbox WHERE seq > ? AND kind NOT IN ('home', 'update') ORDER BY seq", since
        )
        mine = [(seq, json.loads(body)) for seq, target, body in found if json.loads(target).get("user") == user]
        return [str((self._bodies.get(seq) or body)["text"]) for seq, body in mine]

    def last_row(self) -> int:
        """The outbox so far."""
        return int(self.rows("SELECT coalesce(max(seq), 0) FROM outbox")[0][0])

    def rows(self, question: str, *values: object) -> list[Any]:
        """Ask the casebook, or change it."""
        return fresh.asked(self._settings, question, *values)

    def body(self, key: str) -> Json:
        """The newest message written down under this key, in which `%` stands for anything."""
        ((body,),) = self.rows("SELECT body FROM outbox WHERE key LIKE ? ORDER BY seq DESC LIMIT 1", key)
        found: Json = json.loads(body)
        return found

    def view(self) -> Json:
        """The window that was opened last."""
        return self._views()[-1]

    async def send_all(self) -> None:
        """Send what is due now, as fast as Slack lets us."""
        while True:
            with self.services.casebook.begin() as connection:
                sending = turns.claim(connection, WORKSPACE, now=self.clock())
                is_paced = sending is None and WORKSPACE in turns.waiting(connection, now=self.clock.now)
            if sending is None:
                ((opens_at,),) = self.rows("SELECT min(opens_at) FROM paces WHERE opens_at > ?", self.clock.now)
                if not is_paced or opens_at is None:
                    return
                self.clock.now = opens_at
                continue
            self._bodies[sending.seq] = dict(sending.body)
            await deliver.send(self.services, sending)

    def _number(self) -> str:
        return str(next(self._numbers))

    def _opened(self) -> list[str]:
        """The windows that Slack opened so far."""
        return [str(each["callback_id"]) for each in self._views()]

    def _views(self) -> list[Json]:
        log = self._stage.sandbox.workspace.log.since(0)
        calls = [each for each in log if each["dir"] == "call" and each["name"] in {"views.open", "views.push"}]
        views = [each["body"]["view"] for each in calls if each["ok"]]
        return [json.loads(each) if isinstance(each, str) else each for each in views]


def _said(user: str, role: Role, text: str, channel: str, ts: str, thread_ts: str | None = None) -> Message:
    return Message(workspace=WORKSPACE, channel=channel, ts=ts, thread_ts=thread_ts, speaker=user, role=role, text=text)


@asynccontextmanager
async def desk(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """The parts as `bot.app` wires them, with a clock of the test's and nobody working."""
    clock = Clock()
    async with app.wired(settings, clock=clock, learning=learn_once, reading=read_once) as wired:
        parts = wired.lone
        with parts.casebook.begin() as connection:
            for group, members in (("S0SUPERVISORS", ["U0YATING", "U0CHIHMING"]),):
                workspaces.save_group(connection, WORKSPACE, group, members, clock())
        yield Desk(replace(parts), stage, settings, clock)
