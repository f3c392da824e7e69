"""`manifest.yml` is what Slack accepts, what customers may read, and no more than Aside needs."""

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from handlers import listeners
from tests.judges.npm import SLACK_WEB_API, TYPESCRIPT, OutOfReach, unpacked
from tests.manifest.slack_facts import LIMITS
from tests.manifest.surface import (
    CALLS,
    Surface,
    differences,
    methods_called,
    needed_scopes,
    promised,
    sources,
)

ONLY_FOR_STAFF = re.compile(
    r"coach|whisper|secret|exception|goodwill|approv|supervisor|manager|sales|pric|cost|charge|discount|refund"
    r"|教練|提示|悄悄|私下|話術|通融|例外|核准|簽核|審核|主管|業務|價|費|折|籌碼|商機",
    re.IGNORECASE,
)


def test_it_keeps_to_the_limits_that_slack_documents(manifest: dict[str, Any]) -> None:
    """Slack refuses a manifest with a key it does not know or a text over its limit."""
    jsonschema.validate(manifest, LIMITS)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("display_information", "name"), "長" * 36),
        (("display_information", "description"), "長" * 141),
        (("display_information", "long_description"), "短" * 174),
        (("display_information", "background_color"), "blue"),
        (("features", "bot_user", "display_name"), "Aside 旁白"),
        (("features", "shortcuts", 0, "name"), "長" * 25),
        (("features", "shortcuts", 0, "type"), "channel"),
        (("features", "slash_commands", 0, "command"), "warranty"),
        (("features", "slash_commands", 0, "url"), "http://example.com/"),
        (("settings", "event_subscriptions", "bot_events"), ["message.groups", "message.groups"]),
        (("settings", "socket_mode"), True),
        (("_metadata", "major_version"), 1),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "over",
)
def test_what_slack_would_refuse_is_refused_here(
    manifest: dict[str, Any], path: tuple[str | int, ...], value: object
) -> None:
    """The limits bite: one step over any of them fails the check above."""
    broken: Any = copy.deepcopy(manifest)
    place = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, LIMITS)


@pytest.mark.slow
def test_it_is_a_manifest_by_the_types_that_slack_publishes(manifest: dict[str, Any], tmp_path: Path) -> None:
    """Slack's own package says which keys, scopes and events there are; TypeScript holds us to it."""
    assert _type_errors(manifest, tmp_path) == ""


@pytest.mark.slow
def test_the_published_types_know_a_wrong_scope_and_a_wrong_event(manifest: dict[str, Any], tmp_path: Path) -> None:
    """A misspelt scope or event is an error by Slack's own types, so the check above can fail."""
    manifest["oauth_config"]["scopes"]["bot"].append("channel:history")
    manifest["settings"]["event_subscriptions"]["bot_events"].append("message.channel")
    errors = _type_errors(manifest, tmp_path)
    assert [name for name in ("channel:history", "message.channel") if name not in errors] == []


COMMAND_FOR_STAFF = "/exception"
"""What staff type: Slack offers a command to nobody in another company, and its name alone
tells of no case; what it says about itself is held to the same words as everything else."""


def test_a_customer_may_read_every_word_of_it(manifest: dict[str, Any]) -> None:
    """Whoever shares a channel can read the app's profile, commands and shortcuts: nothing leaks there."""
    told = [text for text in _texts_for_people(manifest) if ONLY_FOR_STAFF.search(text)]
    assert [text for text in told if text != COMMAND_FOR_STAFF] == []


def test_it_speaks_chinese_and_english(manifest: dict[str, Any]) -> None:
    """Both languages are first-class: every description is in both."""
    descriptions = [
        manifest["display_information"]["description"],
        manifest["display_information"]["long_description"],
        *(item["description"] for item in manifest["features"]["slash_commands"]),
        *(item["description"] for item in manifest["features"]["shortcuts"]),
    ]
    both = re.compile(r"[A-Za-z]{3}.*[一-鿿]{2}", re.DOTALL)
    assert [text for text in descriptions if not both.search(text)] == []


def test_every_call_and_every_event_is_granted_and_no_scope_is_to_spare(manifest: dict[str, Any]) -> None:
    """Least scopes: the manifest asks for what the methods and events need, and for nothing else."""
    asked = manifest["oauth_config"]["scopes"]["bot"]
    assert asked == sorted(needed_scopes(manifest, CALLS))


def test_the_code_calls_the_methods_that_the_scopes_were_counted_for() -> None:
    """A method that the code starts or stops to call changes the scopes: the table follows the code."""
    assert methods_called(sources()) == set(CALLS)


def test_a_call_is_found_by_attribute_and_by_name(tmp_path: Path) -> None:
    """Code names a Web API method as an attribute of the client or as a string, and both are seen."""
    code = tmp_path / "code.py"
    code.write_text('await client.users_info(user=u)\nsend("chat.postEphemeral", x)\nnot_a_method = "chat.x"\n')
    assert methods_called([code]) == {"users.info", "chat.postEphemeral"}


def test_the_app_listens_to_what_the_manifest_promises(manifest: dict[str, Any]) -> None:
    """Slack sends what the manifest says: each command, shortcut and event has a listener, and no more."""
    registered = listeners.REGISTERED
    heard = Surface(
        commands=frozenset(registered.commands),
        shortcuts=frozenset(registered.shortcuts),
        events=frozenset(registered.events),
    )
    assert differences(promised(manifest), heard) == []


def test_a_difference_is_told_in_a_sentence() -> None:
    """What only the manifest or only the app knows is named, each in its own sentence."""
    promise = Surface(frozenset({"/aside", "/warranty"}), frozenset({"warranty_card"}), frozenset({"message"}))
    heard = Surface(frozenset({"/aside"}), frozenset({"warranty_card", "old"}), frozenset({"message"}))
    assert differences(promise, heard) == [
        "command /warranty has no listener",
        "shortcut old is not in the manifest",
    ]


def test_messages_of_channels_and_groups_arrive_as_one_event_type(manifest: dict[str, Any]) -> None:
    """An app listens to `message`, whichever subscriptions bring it."""
    assert "message" in promised(manifest).events
    assert not any(event.startswith("message.") for event in promised(manifest).events)


def _texts_for_people(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Every text that Slack shows: not ids, scopes and events."""
    shown = manifest["display_information"]
    yield from (shown["name"], shown["description"], shown["long_description"])
    yield manifest["features"]["bot_user"]["display_name"]
    for command in manifest["features"]["slash_commands"]:
        yield from (command["command"], command["description"], command["usage_hint"])
    for shortcut in manifest["features"]["shortcuts"]:
        yield from (shortcut["name"], shortcut["description"])


def _type_errors(manifest: Mapping[str, Any], folder: Path) -> str:
    """What TypeScript says about the manifest by the types in Slack's own package; nothing when it fits."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    try:
        types = unpacked(SLACK_WEB_API) / "dist" / "types" / "request" / "manifest.d.ts"
        compiler = unpacked(TYPESCRIPT) / "bin" / "tsc"
    except OutOfReach as reason:
        pytest.skip(str(reason))
    shutil.copy(types, folder / "slack.d.ts")
    literal = json.dumps(manifest, ensure_ascii=False, indent=2)
    program = f'import type {{ Manifest }} from "./slack";\nexport const manifest: Manifest = {literal};\n'
    (folder / "manifest.ts").write_text(program, encoding="utf-8")
    options = {"noEmit": True, "strict": True, "types": [], "target": "es2022", "module": "nodenext"}
    settings = {"compilerOptions": options, "files": ["manifest.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [node, str(compiler), "--project", str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout + done.stderr
