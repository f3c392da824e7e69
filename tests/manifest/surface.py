"""What the manifest promises, what the code calls and registers, and where they differ."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from tests.manifest.slack_facts import ANY, DIRECT, EVENT_SCOPES, METHOD_SCOPES, PRIVATE, PUBLIC

ROOT = Path(__file__).parents[2]
CHANNELS = frozenset({PUBLIC, PRIVATE})

CALLS: Mapping[str, frozenset[str]] = {
    "apps.connections.open": frozenset(),
    "apps.uninstall": frozenset(),
    "auth.test": frozenset(),
    "chat.delete": frozenset({ANY}),
    "chat.getPermalink": frozenset(),
    "chat.postEphemeral": frozenset({ANY}),
    "chat.postMessage": frozenset({ANY}),
    "chat.update": frozenset({ANY}),
    "conversations.history": CHANNELS | {DIRECT},  # filling in, and looking for a DM before a second try
    "conversations.info": CHANNELS,
    "conversations.members": CHANNELS,
    "conversations.open": frozenset({DIRECT}),
    "conversations.replies": CHANNELS,
    "files.info": frozenset({ANY}),
    "oauth.v2.access": frozenset(),
    "usergroups.users.list": frozenset({ANY}),
    "users.info": frozenset({ANY}),
    "views.open": frozenset(),
    "views.publish": frozenset(),
    "views.push": frozenset(),
    "views.update": frozenset(),
}
"""Each method that Aside calls, and the kinds of conversation that it calls it for."""


@dataclass(frozen=True)
class Surface:
    """Where Slack can reach an app: its commands, the callback ids of its shortcuts, its event types."""

    commands: frozenset[str]
    shortcuts: frozenset[str]
    events: frozenset[str]


def promised(manifest: Mapping[str, Any]) -> Surface:
    """What a manifest tells Slack to send; `message.channels` arrives as an event of type `message`."""
    features = manifest["features"]
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    return Surface(
        commands=frozenset(command["command"] for command in features["slash_commands"]),
        shortcuts=frozenset(shortcut["callback_id"] for shortcut in features["shortcuts"]),
        events=frozenset("message" if event.startswith("message.") else event for event in events),
    )


def differences(promise: Surface, registered: Surface) -> list[str]:
    """One sentence for each thing that only one of the two knows; none when they agree."""
    kinds = (
        ("command", promise.commands, registered.commands),
        ("shortcut", promise.shortcuts, registered.shortcuts),
        ("event", promise.events, registered.events),
    )
    unheard = [f"{kind} {name} has no listener" for kind, said, heard in kinds for name in sorted(said - heard)]
    unsaid = [f"{kind} {name} is not in the manifest" for kind, said, heard in kinds for name in sorted(heard - said)]
    return unheard + unsaid


def needed_scopes(manifest: Mapping[str, Any], calls: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """Each bot scope that something needs, with what needs it."""
    needs: dict[str, list[str]] = {}
    for method, kinds in calls.items():
        for kind in sorted(kinds):
            needs.setdefault(METHOD_SCOPES[method][kind], []).append(f"{method} ({kind})")
    for event in manifest["settings"]["event_subscriptions"]["bot_events"]:
        for scope in EVENT_SCOPES[event]:
            needs.setdefault(scope, []).append(event)
    for feature in ("slash_commands", "shortcuts"):
        if manifest["features"].get(feature):
            needs.setdefault("commands", []).append(feature)
    return needs


def methods_called(files: Iterable[Path]) -> set[str]:
    """Every Web API method that these files name, as `client.chat_postMessage` or as "chat.postMessage"."""
    by_attribute = {
        name: name.replace("_", ".")
        for name in vars(AsyncWebClient)
        if "_" in name and not name.startswith("_") and name != "api_call"
    }
    methods = set(by_attribute.values())
    found: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in by_attribute:
                found.add(by_attribute[node.attr])
            elif isinstance(node, ast.Constant) and node.value in methods:
                found.add(str(node.value))
    return found


def sources() -> list[Path]:
    """The product's own code that may speak to Slack."""
    return sorted([*ROOT.glob("handlers/**/*.py"), *ROOT.glob("bot/**/*.py")])
