"""emulate, a stand-in for Slack's Web API and OAuth v2 that nobody here wrote, on a port of 127.0.0.1.

What it does and where it differs from Slack: docs/judges.md.
"""

import contextlib
import json
import platform
import re
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import aiohttp

from tests.judges.namespace import until
from tests.judges.npm import EMULATE, NODE, OutOfReach, unpacked

SCRIPT = Path(__file__).with_name("emulate.mjs")
TEAM = "T000000001"
"""The only workspace that there is."""
APP = "A0ASIDE"
CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET = "1000000000.2000000000", "emulate-client", "emulate-signing"
INSTALLER, AGENT, SUPERVISOR = "installer", "agent", "supervisor"
CUSTOMER = "U09OUTSIDE"
"""A person whom `users.info` does not know: an outsider, since the look-up fails."""
CUSTOMER_TOKEN = "xoxp-customer"
SUPERVISOR_TOKEN = "xoxp-supervisor"
SUPPORT, APPROVALS = "support", "approvals"


class Emulate:
    """A running emulate."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.api_url = f"{url}/api/"

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """Users, channels, installations, tokens, messages, whispers and views, as it keeps them."""
        return dict(self._asked("/_judge/state"))

    def user(self, name: str) -> str:
        """Somebody's id."""
        return next(str(each["user_id"]) for each in self.state()["users"] if each["name"] == name)

    def channel(self, name: str) -> str:
        """A channel's id."""
        return next(str(each["channel_id"]) for each in self.state()["channels"] if each["name"] == name)

    def whispers(self) -> list[dict[str, Any]]:
        """Every ephemeral message."""
        return self.state()["ephemeralMessages"]

    def subscribe(self, url: str) -> None:
        """Send events there, signed; it asks for no challenge."""
        self._asked("/_judge/subscribe", {"url": url})

    def deliveries(self) -> list[dict[str, Any]]:
        """The events it sent, each with the status it was answered with."""
        return list(self._asked("/_judge/deliveries"))

    def calls(self) -> list[dict[str, Any]]:
        """The Web API calls by the app: `name` and `body`, what it sent."""
        return [each for each in self._asked("/_judge/calls") if each["byBot"]]

    def happens(self, kind: str, **more: str) -> None:
        """Send an event, signed as all of its events, of a kind of which it sends none by itself."""
        envelope = {"type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event_id": f"Ev{kind}"}
        event = {"type": kind, **more}
        self._asked("/_judge/event", {**envelope, "event_time": int(time.time()) + 1, "event": event})

    def call(self, method: str, token: str, **arguments: str) -> dict[str, Any]:
        """A Web API method, called by a person."""
        return dict(self._asked(f"/api/{method}", arguments, {"Authorization": f"Bearer {token}"}))

    def _asked(self, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(urljoin(self.url, path), content, sent)  # noqa: S310 - of 127.0.0.1
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            return json.loads(answer.read())


async def allowed(http: aiohttp.ClientSession, authorize_url: str, name: str) -> str:
    """Somebody picks themselves on emulate's page, which is its way to allow; where they are sent back to."""
    async with http.get(authorize_url) as page:
        shown = await page.text()
        assert page.status == 200, shown
    forms = [dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form)) for form in shown.split("<form")[1:]]
    picked = [form for form, text in zip(forms, shown.split("<form")[1:], strict=True) if f">{name}<" in text]
    assert len(picked) == 1, f"{name} is not on the page once:\n{shown}"
    url = urljoin(authorize_url, "/oauth/v2/authorize/callback")
    unescaped = {key: value.replace("&amp;", "&") for key, value in picked[0].items()}
    async with http.post(url, data=unescaped, allow_redirects=False) as sent:
        assert sent.status == 302, await sent.text()
        return sent.headers["Location"]


@contextlib.contextmanager
def running(redirect_uri: str, scopes: Sequence[str]) -> Iterator[Emulate]:
    """An emulate with one app that may be installed, ended with the `with`.

    Raises:
        OutOfReach: the packages cannot be fetched, or this machine cannot run them.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise OutOfReach(f"{NODE.spec} runs on Linux x86_64, this is {platform.platform()}")
    node, package = unpacked(NODE) / "bin" / "node", unpacked(EMULATE)
    seed = {
        "team": {"name": "Judge", "domain": "judge"},
        "users": [
            {"name": name, "real_name": real}
            for name, real in ((INSTALLER, "Installer"), (AGENT, "林小姐"), (SUPERVISOR, "陳經理"))
        ],
        "channels": [{"name": SUPPORT}, {"name": APPROVALS, "is_private": True}],
        "oauth_apps": [
            {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "app_id": APP,
                "name": "Aside",
                "redirect_uris": [redirect_uri],
                "scopes": list(scopes),
            }
        ],
        "tokens": [
            {"token": CUSTOMER_TOKEN, "type": "user", "user": CUSTOMER, "scopes": ["chat:write"]},
            {
                "token": SUPERVISOR_TOKEN,
                "type": "user",
                "user": SUPERVISOR,
                "scopes": ["channels:manage", "groups:write", "chat:write"],
            },
        ],
        "signing_secret": SIGNING_SECRET,
        "strict_scopes": True,
    }
    with tempfile.TemporaryDirectory(prefix="aside-judge-") as folder:
        said = Path(folder) / "emulate.log"
        with said.open("wb") as log:
            command = ["timeout", "--kill-after=2", "300", str(node), str(SCRIPT), str(package), json.dumps(seed)]
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            url = until(lambda: _address(said, process), "emulate")
            yield Emulate(url)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


def _address(said: Path, process: subprocess.Popen[bytes]) -> str | None:
    text = said.read_text(errors="replace")
    assert process.poll() is None, f"emulate ended:\n{text}"
    lines = [line for line in text.splitlines() if line.startswith("http://127.0.0.1:")]
    return lines[0] if lines else None
