"""What Slack publishes of its Web API, as a judge of every call that the bot makes in a test.

Names and shapes come from the types in `@slack/web-api` and `@slack/types`, read once into a JSON schema; lengths and
numbers from `slack_sdk.models`, which refuses to send what Slack would refuse to take.
"""

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.judges.npm import CACHE, SLACK_TYPES, SLACK_WEB_API, TYPESCRIPT, OutOfReach, unpacked
from tests.manifest.surface import CALLS

READER = Path(__file__).with_name("types_to_schema.js")
PATIENCE = 120.0
"""Seconds that reading the types may take."""
LITERAL = re.compile(r"[a-z_]{1,40}")
"""How a word looks that Slack's types may ask for; everything else is somebody's text."""
RESPONSE = frozenset({"text", "blocks", "response_type", "replace_original", "delete_original", "thread_ts"})
"""What a `response_url` takes (docs.slack.dev/interactivity/handling-user-interaction); no package of ours has it."""

Json = Mapping[str, Any]


class UnlikeSlack(AssertionError):  # noqa: N818 - reads as what a test is told
    """A call is not as Slack publishes it."""


@cache
def schema() -> dict[str, Any]:
    """The published types: `methods` with what each takes, `view`, `blocks`, and the `$defs` that they share.

    Raises:
        OutOfReach: npm or node is not to be had on this machine.
    """
    if reason := _unreachable():
        raise OutOfReach(reason)
    found: dict[str, Any] = json.loads(_file().read_text("utf-8"))
    return found


@cache
def _unreachable() -> str:
    """Why the types are out of reach, empty when they are not; asked once, since npm takes its time to give up."""
    if _file().exists():
        return ""
    node = shutil.which("node")
    if node is None:
        return "node is not installed"
    try:
        folders = [str(unpacked(each)) for each in (TYPESCRIPT, SLACK_WEB_API, SLACK_TYPES)]
    except OutOfReach as reason:
        return str(reason)
    with (CACHE / "schema.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _file().exists():
            read = subprocess.run(
                [node, str(READER), *folders], check=True, capture_output=True, text=True, timeout=PATIENCE
            )
            whole = _file().with_suffix(".new")
            whole.write_text(read.stdout, "utf-8")
            whole.rename(_file())
    return ""


@cache
def _file() -> Path:
    made_of = "".join(each.integrity for each in (TYPESCRIPT, SLACK_WEB_API, SLACK_TYPES)) + READER.read_text("utf-8")
    return CACHE / f"slack-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}.json"


def is_within_reach() -> bool:
    """Whether the judge can sit."""
    return not _unreachable()


def call_faults(method: str, arguments: Json) -> list[str]:
    """What Slack's publications have against a call, one sentence each; none when it is as they say.

    Args:
        arguments: As they came over the wire: of a form every value is a string.
    """
    if method == "response_url":
        return [
            *(f"response_url takes no {name}" for name in sorted(arguments.keys() - RESPONSE)),
            *_content_faults(arguments),
        ]
    if method not in schema()["methods"]:
        return [f"{method} is no method that Slack publishes"]
    given = _read(method, arguments)
    return [*_shape_faults(method, given), *_content_faults(given)]


def answer_faults(answer: Json) -> list[str]:
    """The same against what an event was acknowledged with: a window in place of another, or the choices of a menu."""
    if "options" in answer:
        menu = {"type": "static_select", "options": answer["options"]}
        return _content_faults({"blocks": [{"type": "actions", "elements": [menu]}]})
    faults = [f"an answer takes no {name}" for name in sorted(answer.keys() - {"response_action", "view", "errors"})]
    if view := answer.get("view"):
        faults += _shape_faults("view", view)
    return [*faults, *_content_faults(answer)]


def _content_faults(given: Json) -> list[str]:
    """What is shown: blocks against the published shapes where no method's type does it, and all limits."""
    faults: list[str] = []
    if blocks := given.get("blocks"):
        faults += _shape_faults("blocks", blocks)
    view = given.get("view") or {}
    for each in [*(blocks or ()), *view.get("blocks", ())]:
        faults += _limit_faults(json.dumps(each))
    if view:
        faults += _beyond(lambda: View(**{**view, "blocks": [{"type": "divider"}]}).to_dict())
    return faults


@lru_cache(maxsize=10_000)
def _limit_faults(block: str) -> list[str]:
    """What is too long in a block, or too many; most blocks stand in many calls."""
    return _beyond(lambda: [each.to_dict() for each in Block.parse_all([json.loads(block)])])


def _beyond(made: Callable[[], object]) -> list[str]:
    try:
        made()
    except SlackObjectFormationError as error:
        return [f"over a limit of slack_sdk: {error}"]
    except (AttributeError, TypeError) as error:  # how its models meet a type or an attribute that they do not know
        return [f"slack_sdk knows no such thing: {error}"]
    return []


def _shape_faults(of: str, given: object) -> list[str]:
    """What the type of this name has against something."""
    return _judged(of, json.dumps(_bones(given), sort_keys=True))


@cache
def _judged(of: str, bones: str) -> list[str]:
    """The same for a shape, once in a process: most calls of a test are like one of the calls of another."""
    errors = (error for top in _validator(of).iter_errors(json.loads(bones)) for error in _leaves(top))
    return sorted(f"{of}{error.json_path.removeprefix('$')}: {error.message[:200]}" for error in errors)


@cache
def _validator(of: str) -> Draft202012Validator:
    whole = schema()
    return Draft202012Validator({**(whole["methods"].get(of) or whole[of]), "$defs": whole["$defs"]})


def _leaves(error: Any) -> Iterator[Any]:
    """The errors behind an error: of several shapes the one that fits best says what is wrong."""
    if not error.context:
        yield error
        return
    tries: dict[Any, list[Any]] = {}
    for each in error.context:
        tries.setdefault(each.schema_path[0], []).append(each)
    for each in min(tries.values(), key=lambda errors: sum(len(each.message) for each in errors)):
        yield from _leaves(each)


def _bones(given: object) -> object:
    """Its shape without anybody's text, and alike parts of a list once."""
    if isinstance(given, dict):
        return {str(name): _bones(value) for name, value in given.items()}
    if isinstance(given, list):
        parts = {json.dumps(_bones(each), sort_keys=True) for each in given}
        return [json.loads(each) for each in sorted(parts)]
    if isinstance(given, str):
        return given if LITERAL.fullmatch(given) else "…"
    return given if isinstance(given, bool) or given is None else 1


def _read(method: str, arguments: Json) -> dict[str, Any]:
    """The arguments as the caller meant them: JSON in a string is read, and so is the text of a form."""
    given = _opened(arguments)
    if all(isinstance(value, str) for value in arguments.values()):
        for name, value in arguments.items():
            given[name] = _meant(value, _kinds(method, name))
    return given


def _opened(arguments: Json) -> dict[str, Any]:
    given = dict(arguments)
    for name in ("blocks", "view", "metadata"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    return given


def _meant(value: str, kinds: Sequence[str]) -> object:
    if "string" in kinds or not kinds:
        return value
    if "boolean" in kinds and value in {"0", "1", "true", "false"}:
        return value in {"1", "true"}
    return float(value) if "number" in kinds and value.isdecimal() else value


@cache
def _kinds(method: str, name: str) -> tuple[str, ...]:
    """What Slack takes for an argument, as `string` or `number`."""
    return tuple(sorted(set(_types(schema()["methods"][method], name))))


def _types(of: Any, name: str | None) -> Iterator[str]:
    if not isinstance(of, dict):
        return
    if "$ref" in of:
        yield from _types(schema()["$defs"][of["$ref"].rpartition("/")[2]], name)
    for each in of.get("anyOf", ()):
        yield from _types(each, name)
    if name is not None:
        yield from _types(of.get("properties", {}).get(name), None)
    elif "type" in of:
        yield str(of["type"])
    else:
        literals = [of["const"]] if "const" in of else of.get("enum", [])
        yield from ("boolean" if isinstance(each, bool) else "string" for each in literals)


OURS_TO_MEND = frozenset(
    {
        "invalid_arguments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_json",
        "invalid_metadata_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
    }
)
"""What Slack answers to a call that is wrong in itself."""


CRY = re.compile(r"<!(?:channel|here|everyone|subteam)")


def marked(part: object) -> Iterator[str]:
    """Every text that Slack reads as markup: of blocks, and of a message itself."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str) and part.get("type", "mrkdwn") == "mrkdwn":
            yield part["text"]
        for value in part.values():
            yield from marked(value)
    elif isinstance(part, list):
        for each in part:
            yield from marked(each)


def _loud_faults(name: str, body: Json) -> list[str]:
    """What pings people or lets Slack look for names in what somebody typed; we never do either."""
    faults = [f"{name} pings everybody"] if any(map(CRY.search, marked(_opened(body)))) else []
    if name == "chat.update" and body.get("parse") != "none":
        faults.append("chat.update lets Slack look for names and channels, since parse is not none")
    return faults


class Record:
    """What the bot said to one Slack of a test; hand `note` to the sandbox's log."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, Json]] = {}
        self._refused: set[str] = set()

    def note(self, entry: Json) -> None:
        """Keep what went from the bot to Slack, each thing once."""
        payload = entry["body"].get("payload") if entry["dir"] == "response" else None
        if entry["dir"] == "call":
            self._keep(entry["name"], entry["body"])
        elif payload:
            self._keep("", payload)
        if entry["error"] in OURS_TO_MEND:
            self._refused.add(f"{entry['name']} was refused: {entry['error']}")

    def _keep(self, name: str, body: Json) -> None:
        self._said[json.dumps([name, body], sort_keys=True)] = (name, body)

    def check(self) -> None:
        """Stop the test when something was not as Slack publishes it; where no judge can sit, nothing is judged.

        Raises:
            UnlikeSlack: with a line for each fault.
        """
        uncounted = {name for name, _ in self._said.values()} - {"", "response_url"} - set(CALLS)
        faults = self._refused | {f"the manifest's scopes were not counted for {name}" for name in uncounted}
        if is_within_reach():
            for name, body in self._said.values():
                faults.update(call_faults(name, body) if name else answer_faults(body))
        for name, body in self._said.values():
            faults.update(_loud_faults(name, body))
        if faults:
            raise UnlikeSlack("\n".join(sorted(faults)))
