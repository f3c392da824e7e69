"""local-slack, a stand-in for Slack that nobody here wrote, in a network namespace of its own.

What it does and where it differs from Slack: docs/judges.md.
"""

import contextlib
import http.client
import json
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sandbox.world import load_world
from tests.judges.namespace import Namespace, until
from tests.judges.npm import LOCAL_SLACK, OutOfReach, unpacked

ROOT = Path(__file__).parents[2]
PORT = 3000
APP = "A0ASIDE"
BOT = "U0ASIDE"
BOT_TOKEN = "xoxb-judge"
APP_TOKEN = "xapp-judge"
SIGNING_SECRET = "judge"
HTTP_PORT = 3001
"""Where the bot hears it over HTTP."""


def world_of_the_demo() -> dict[str, Any]:
    """The demo's workspace, as far as local-slack has such things.

    Outsiders stand in channels and cannot be looked up, so that everybody takes them for what they are.
    """
    world = load_world(ROOT / "sandbox" / "demo" / "world.yml")
    ours = [each for each in world.users if each.kind == "member" and not each.is_bot]
    return {
        "workspace": {"name": world.team.name, "domain": world.team.domain, "teamId": world.team.id},
        "app": {
            "appId": APP,
            "botUserId": BOT,
            "botName": "aside",
            "botToken": BOT_TOKEN,
            "appToken": APP_TOKEN,
            "signingSecret": SIGNING_SECRET,
            "mode": "socket",
        },
        "users": [
            {"id": each.id, "name": each.name, "real_name": each.real_name, "tz": "Asia/Taipei"} for each in ours
        ],
        "channels": [{"id": each.id, "name": each.name, "members": list(each.members)} for each in world.channels],
    }


class LocalSlack:
    """A running local-slack; programs that are to talk to it start inside its namespace."""

    def __init__(self, namespace: Namespace, *, http: bool = False) -> None:
        self.inside = namespace
        self._http = http
        self.api_url = f"http://127.0.0.1:{PORT}/api/"
        self.settings = {
            "ASIDE_SLACK_API_URL": self.api_url,
            "ASIDE_SLACK_BOT_TOKEN": BOT_TOKEN,
            **(
                {"ASIDE_SLACK_SIGNING_SECRET": SIGNING_SECRET, "ASIDE_HTTP_PORT": str(HTTP_PORT)}
                if http
                else {"ASIDE_SLACK_APP_TOKEN": APP_TOKEN}
            ),
        }

    def say(self, channel: str, user: str, text: str, thread_ts: str | None = None) -> str:
        """Someone posts a message; its ts. Returns once the bot has acknowledged it, or after 5 seconds."""
        body = {"channel": channel, "user": user, "text": text, "thread_ts": thread_ts}
        answer = self._control("POST", "message", {key: value for key, value in body.items() if value})
        return str(answer["message"]["ts"])

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """Every message in a channel, ephemeral ones too: these have `ephemeral_to`."""
        return list(self._control("GET", f"messages/{channel}")["messages"])

    def whispers(self, channel: str) -> list[dict[str, Any]]:
        """The ephemeral messages in a channel."""
        return [message for message in self.messages(channel) if message.get("subtype") == "ephemeral"]

    def spoken_by_bot(self, channel: str) -> list[dict[str, Any]]:
        """What the bot posted for everybody in a channel."""
        return [
            message
            for message in self.messages(channel)
            if message.get("user") == BOT and message.get("subtype") != "ephemeral"
        ]

    def log(self) -> list[dict[str, Any]]:
        """The traffic to and from the bot, oldest first: `direction`, `kind`, `summary`, `detail`."""
        return list(self._control("GET", "log")["log"])

    def called(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of a Web API method so far."""
        return [
            entry["detail"]
            for entry in self.log()
            if (entry["direction"], entry["kind"], entry["summary"]) == ("from_bot", "web_api", method)
        ]

    def wait_for_bot(self, name: str) -> None:
        """Wait until the program started under this name has a Socket Mode connection, or says that it listens."""

        def connected() -> bool:
            return any(entry["summary"].startswith("socket connected") for entry in self.log())

        if self._http:
            self.wait_until_said(name, "Aside is listening")
        else:
            self._wait(connected, "a Socket Mode connection", name)

    def wait_until_said(self, name: str, words: str) -> None:
        """Wait until the program started under this name has printed these words."""
        self._wait(lambda: words in self.inside.said(name), f"“{words}”", name)

    def wait_for_whisper(self, channel: str, name: str) -> dict[str, Any]:
        """The first ephemeral message in a channel, once there is one."""
        self._wait(lambda: bool(self.whispers(channel)), f"a whisper in {channel}", name)
        return self.whispers(channel)[0]

    def _wait(self, look: Callable[[], bool], what: str, name: str) -> None:
        try:
            until(look, what)
        except TimeoutError as error:
            tail = "\n".join(f"{entry['direction']} {entry['summary']}" for entry in self.log()[-20:])
            raise AssertionError(f"{error}\n\n{name} said:\n{self.inside.said(name)}\n\nlog:\n{tail}") from error

    def _control(self, method: str, path: str, body: object = None) -> Any:
        return self.inside.request(method, f"/_control/{path}", body)


@contextlib.contextmanager
def running(*, http: bool = False) -> Iterator[LocalSlack]:
    """A local-slack with `WORLD` in it, ended with the `with`.

    Args:
        http: It calls the bot in signed requests instead of over Socket Mode.

    Raises:
        OutOfReach: the package cannot be fetched, or this machine cannot run it apart.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise OutOfReach(f"{LOCAL_SLACK.spec} runs on Linux x86_64, this is {platform.platform()}")
    binary = unpacked(LOCAL_SLACK) / "bin" / "local-slack"
    with Namespace(PORT) as namespace:
        world = namespace.folder / "world.json"
        over_http = {"mode": "events", "requestUrl": f"http://127.0.0.1:{HTTP_PORT}/slack/events"}
        known = world_of_the_demo()
        known["app"] |= over_http if http else {}
        world.write_text(json.dumps(known), encoding="utf-8")
        files = namespace.folder / "files"
        files.mkdir()
        options = {"config": world, "port": PORT, "base-host": "127.0.0.1", "files-dir": files}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        namespace.start("local-slack", [str(binary), *words])
        slack = LocalSlack(namespace, http=http)
        until(lambda: _answers(slack), "local-slack")
        yield slack


def _answers(slack: LocalSlack) -> bool:
    try:
        slack.log()
    except (OSError, http.client.HTTPException):
        return False
    return True
