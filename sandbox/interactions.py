"""What people do with the app: commands, shortcuts, buttons, menus, modals, its home."""

from typing import Literal, NamedTuple

from sandbox import blocks, elements, events, files, respond, shapes, text, views
from sandbox.delivery import UnansweredError
from sandbox.state import ApiError, Conversation, RefusalError, ResponseUrl
from sandbox.workspace import Workspace
from sandbox.world import Json

FAILED = '{what} failed with the error "{code}"'
TROUBLE = "We had some trouble connecting. Try again?"


class Place(NamedTuple):
    """Where a person used an element: the blocks, and what the payload says about the place."""

    key: str
    blocks: list[Json]
    payload: Json
    right: ResponseUrl | None
    view: Json | None


class Interactions:
    """Each method is one thing a person can do; it raises `RefusalError` when Slack would not let them."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.state = ws.state

    # Commands and shortcuts

    async def command(self, user: str, channel_id: str, line: str, thread_ts: str | None) -> None:
        """Type a slash command."""
        channel = self.ws.writable(channel_id, user)
        if thread_ts is not None:
            raise RefusalError("command_in_thread", "Slash commands are not supported in threads.")
        name, _, rest = line.strip().partition(" ")
        known = self.state.manifest.command(name)
        if known is None or not self._may_command(user):
            raise RefusalError("unknown_command", f"{name} is not a valid command.")
        right = ResponseUrl(user=user, channel=channel.id, issued=self.state.clock.now())
        words = text.as_slack(self.state, rest.strip()) if known.should_escape else text.escape(rest.strip())
        payload = {
            "token": "sandbox",
            "team_id": self.state.team_of(user),
            "team_domain": self._team(user)["domain"],
            "channel_id": channel.id,
            "channel_name": _channel_name(channel),
            "user_id": user,
            "user_name": self.state.users[user].name,
            "command": name,
            "text": words,
            "api_app_id": self.state.world.app.id,
            "is_enterprise_install": "false",
            "response_url": self._response_url(right),
            "trigger_id": self.state.new_trigger(user),
        }
        answer = await self._ask("slash_commands", name, payload, name)
        if answer:
            self._answer(right, answer, name)

    async def shortcut(self, user: str, callback_id: str, channel_id: str | None, ts: str | None) -> None:
        """Use a shortcut, on a message or globally."""
        known = self.state.manifest.shortcut(callback_id)
        wanted = "global" if ts is None else "message"
        if known is None or known.type != wanted or not self._may_command(user):
            raise RefusalError("unknown_shortcut", "There is no such shortcut here.")
        self._interactivity()
        payload = self._common(user) | {
            "type": "shortcut" if ts is None else "message_action",
            "action_ts": self.state.next_ts(),
            "callback_id": callback_id,
            "trigger_id": self.state.new_trigger(user),
        }
        if ts is not None:
            channel = self.ws.visible(channel_id or "", user)
            message = channel.messages.get(ts)
            if message is None:
                raise RefusalError("message_not_found", "That message is not there any more.")
            right = ResponseUrl(user=user, channel=channel.id, issued=self.state.clock.now())
            payload |= {
                "channel": {"id": channel.id, "name": _channel_name(channel)},
                "message_ts": ts,
                "message": shapes.stored(message),
                "response_url": self._response_url(right),
            }
        await self._ask("interactive", payload["type"], payload, known.name)

    # Elements in messages and views

    async def action(self, user: str, container: Json, sent: Json, values: Json) -> None:
        """Use a button or a menu."""
        place = self._place(user, container)
        found = elements.find(place.blocks, str(sent.get("block_id")), str(sent.get("action_id")))
        if found is None:
            raise RefusalError("no_such_element", "There is no such button or menu there.")
        self._only_offered(place, user, found.element, sent)
        said = elements.action(found, sent, self.state.next_ts())
        known = self._enter(place, user, values)
        kept = elements.KEPT.get(found.element["type"])
        if kept is not None:
            known = self._enter(place, user, {said["block_id"]: {said["action_id"]: {kept.key: sent.get(kept.key)}}})
        if found.block["type"] == "input" and not found.block.get("dispatch_action"):
            return
        payload = self._common(user) | place.payload | {"type": "block_actions", "actions": [said]}
        payload["trigger_id"] = self.state.new_trigger(user, place.view["id"] if place.view else None)
        if place.right is not None:
            payload["response_url"] = self._response_url(place.right)
            payload["state"] = {"values": known}
        await self._ask("interactive", "block_actions", payload, "This action")

    async def options(self, user: str, container: Json, block_id: str, action_id: str, typed: str) -> list[Json]:
        """Type into a menu whose options the app gives."""
        place = self._place(user, container)
        found = elements.find(place.blocks, block_id, action_id)
        if found is None or "external" not in found.element["type"]:
            raise RefusalError("no_such_element", "There is no such menu there.")
        if len(typed) < found.element.get("min_query_length", 3):
            return []
        payload = self._common(user) | place.payload
        payload |= {"type": "block_suggestion", "action_id": action_id, "block_id": block_id, "value": typed}
        answer = await self._ask("interactive", "block_suggestion", payload, "This menu")
        faults = blocks.suggestion_faults(answer)
        if faults:
            self.ws.log.add("response", "block_suggestion", answer, ok=False, error="; ".join(map(str, faults)))
            raise RefusalError("invalid_options", "The app's options could not be shown.")
        flat = elements.options(answer)
        self.state.offered[place.key, user, action_id] = flat
        return flat

    def _place(self, user: str, container: Json) -> Place:
        """What the person can see there.

        Raises:
            RefusalError: They see nothing there.
        """
        self._interactivity()
        kind = container.get("type")
        if kind == "view":
            return self._view_place(user, str(container.get("view_id")))
        channel = self.ws.visible(str(container.get("channel")), user)
        ts = str(container.get("ts"))
        whisper = self.ws.hub.ephemeral(user, channel.id, ts)
        message = whisper if kind == "ephemeral" else channel.messages.get(ts)
        app = self.state.world.app
        if message is None or message.get("app_id", app.id) != app.id:
            raise RefusalError("message_not_found", "That message is not there any more.")
        return self._message_place(user, channel, message, ephemeral=kind == "ephemeral")

    def _interactivity(self) -> None:
        if not self.state.manifest.settings.interactivity.is_enabled:
            raise RefusalError("interactivity_off", "This app is not set up for shortcuts, buttons and menus.")

    def _view_place(self, user: str, view_id: str) -> Place:
        home = self.state.homes.get(user)
        if view_id not in views.stack(self.ws, user)[-1:] and (home is None or home["id"] != view_id):
            raise RefusalError("view_not_found", "That window is not open.")
        view = self.state.views[view_id]
        return Place(
            key=view_id,
            blocks=view["blocks"],
            payload={"container": {"type": "view", "view_id": view_id}, "view": view},
            right=None,
            view=view,
        )

    def _message_place(self, user: str, channel: Conversation, message: Json, *, ephemeral: bool) -> Place:
        container = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        payload: Json = {
            "container": container,
            "channel": {"id": channel.id, "name": _channel_name(channel)},
        }
        if not ephemeral:
            payload["message"] = shapes.stored(message)
        right = ResponseUrl(
            user=user,
            channel=channel.id,
            issued=self.state.clock.now(),
            ts=message["ts"],
            ephemeral=ephemeral,
        )
        return Place(message["ts"], message.get("blocks", []), payload, right, None)

    def _enter(self, place: Place, user: str, values: Json) -> Json:
        """Keep what was entered there, and return all that was.

        Raises:
            RefusalError: A menu does not offer what was chosen in it.
        """
        for block, element in elements.interactive(place.blocks):
            sent = values.get(block["block_id"], {}).get(element["action_id"]) or {}
            self._only_offered(place, user, element, sent)
            if element["type"] == "file_input" and sent:
                stood = files.entered(self.state, user, element, sent, self.ws.url)
                values = elements.merged(values, {block["block_id"]: {element["action_id"]: stood}})
        if place.view is not None:
            place.view["state"]["values"] = elements.merged(place.view["state"]["values"], values)
            entered: Json = place.view["state"]["values"]
            return entered
        before = self.state.values.get((place.key, user)) or elements.first_values(place.blocks)
        after = elements.merged(before, values)
        self.state.values[place.key, user] = after
        return after

    def _only_offered(self, place: Place, user: str, element: Json, sent: Json) -> None:
        offered = self.state.offered.get((place.key, user, element["action_id"]), [])
        if elements.chosen_not_offered(element, sent, offered):
            raise RefusalError("no_such_option", "That menu does not offer this.")

    # Modals and the home

    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        """Press a modal's submit button; the answer says what becomes of the modal."""
        place = self._view_place(user, view_id)
        view = place.view
        if view is None or view["type"] != "modal" or not view["submit"]:
            raise RefusalError("no_submit", "This window has nothing to submit.")
        entered = self._enter(place, user, values)
        missing = elements.missing_inputs(view["blocks"], entered)
        if missing:
            return {"response_action": "errors", "errors": missing}
        files.give(self.state, view["blocks"], entered)
        payload = self._common(user) | {
            "type": "view_submission",
            "trigger_id": self.state.new_trigger(user, view_id),
            "view": view,
            "response_urls": self._response_urls(user, view),
        }
        answer = await self._ask("interactive", "view_submission", payload, None)
        try:
            return self._after_submit(user, view, answer)
        except ApiError as error:
            self.ws.log.add("response", "view_submission", answer, ok=False, error=error.code, summary=str(error.extra))
            raise RefusalError(error.code, TROUBLE) from error

    def _after_submit(self, user: str, view: Json, answer: Json) -> Json:
        what = answer.get("response_action")
        if what is None:
            views.close(self.ws, user, view["id"])
        elif what == "clear":
            views.clear(self.ws, user)
        elif what == "update":
            views.update(self.ws, view, answer.get("view"))
        elif what == "push":
            views.push_modal(self.ws, user, answer.get("view"))
        elif what == "errors":
            return {"response_action": what, "errors": _errors(view, answer)}
        else:
            raise ApiError("invalid_response_action")
        return {"response_action": what}

    def _response_urls(self, user: str, view: Json) -> list[Json]:
        """A response_url for each menu of the modal that asked for one."""
        urls = []
        for block, element in elements.interactive(view["blocks"]):
            chosen = view["state"]["values"].get(block["block_id"], {}).get(element["action_id"], {})
            channel = chosen.get("selected_conversation") or chosen.get("selected_channel")
            if not element.get("response_url_enabled") or not isinstance(channel, str):
                continue
            if channel not in self.state.conversations:
                continue
            right = ResponseUrl(user=user, channel=channel, issued=self.state.clock.now())
            urls.append(
                {
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                    "channel_id": channel,
                    "response_url": self._response_url(right),
                }
            )
        return urls

    def upload(self, user: str, view_id: str, block_id: str, action_id: str, name: str, content: bytes) -> Json:
        """Put a file into a modal; it is uploaded at once, before the modal is sent."""
        place = self._view_place(user, view_id)
        element = elements.find(place.blocks, block_id, action_id)
        if element is None or element.element["type"] != "file_input":
            raise RefusalError("no_such_element", "There is nothing there that takes a file.")
        return files.shape(self.state, files.upload(self.state, user, element.element, name, content), self.ws.url)

    async def close(self, user: str, view_id: str) -> None:
        """Close a modal with its cross."""
        if view_id not in views.stack(self.ws, user):
            raise RefusalError("view_not_found", "That window is not open.")
        cleared = bool(self.state.views[view_id]["clear_on_close"])
        gone = views.clear(self.ws, user) if cleared else views.close(self.ws, user, view_id)
        for view in gone:
            if view["notify_on_close"]:
                payload = self._common(user) | {"type": "view_closed", "view": view, "is_cleared": cleared}
                await self._ask("interactive", "view_closed", payload, None)

    def open_home(self, user: str) -> None:
        """Look at the app's home."""
        if not self.state.manifest.features.app_home.home_tab_enabled:
            raise RefusalError("no_home", "This app has no home.")
        channel = self.ws.open_im(user, self.state.bot_user)
        self.ws.tell(events.home_opened(self.state, user, channel.id, self.state.homes.get(user)), None)

    # What payloads have in common

    def _may_command(self, user: str) -> bool:
        allowed = self.state.world.settings.outsiders_may_command or not self.state.is_outsider(user)
        return allowed and "commands" in self.ws.installation.scopes

    def _team(self, user: str) -> Json:
        team = self.state.team_of(user)
        known = next((t for t in (self.state.world.team, *self.state.world.other_teams) if t.id == team), None)
        return {"id": team, "domain": known.domain if known else ""}

    def _common(self, user: str) -> Json:
        who = self.state.users[user]
        return {
            "team": self._team(user),
            "user": {"id": user, "username": who.name, "name": who.name, "team_id": who.team},
            "api_app_id": self.state.world.app.id,
            "token": "sandbox",
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _response_url(self, right: ResponseUrl) -> str:
        return f"{self.ws.url}/respond/{self.state.new_response_url(right)}"

    def _answer(self, right: ResponseUrl, body: Json, what: str) -> None:
        """Show what came with the acknowledgement."""
        try:
            respond.answer(self.ws, right, body)
        except ApiError as error:
            self.ws.log.add("response", what, body, ok=False, error=error.code, summary=str(error.extra))
            raise RefusalError(error.code, FAILED.format(what=what, code=error.code)) from error

    async def _ask(
        self, kind: Literal["slash_commands", "interactive"], name: str, payload: Json, what: str | None
    ) -> Json:
        """Hand it to the app; without an acknowledgement the person reads Slack's words."""
        if not self.ws.installation.installed:
            raise RefusalError("app_not_installed", "This app is not installed here any more.")
        try:
            return await self.ws.delivery.ask(kind, name, payload)
        except UnansweredError as lack:
            sentence = FAILED.format(what=what, code=lack.code) if what else TROUBLE
            raise RefusalError(lack.code, sentence) from None


def _channel_name(channel: Conversation) -> str:
    return {"channel": channel.name, "group": "privategroup", "im": "directmessage"}[channel.type]


def _errors(view: Json, answer: Json) -> Json:
    """The sentences under the fields, when each stands under an input block of the modal."""
    errors = answer.get("errors")
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise ApiError("invalid_errors")
    return errors
