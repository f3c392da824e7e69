"""The world file: who is there, which channels there are, which tokens open the door."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

Json = dict[str, Any]


def _in_one_language(words: Any, info: ValidationInfo) -> Any:
    """Words of a language each, such as `{zh-TW: 客服, en: support}`, in the wanted one; otherwise in the first."""
    if not isinstance(words, dict) or not words:
        return words
    wanted = str((info.context or {}).get("locale") or "")
    first = next(iter(words.values()))
    return words.get(wanted) or words.get(wanted.partition("-")[0]) or first


Named = Annotated[str, BeforeValidator(_in_one_language)]
"""What something is called: a text, or one per language."""


class WorldError(Exception):
    """A world or manifest file cannot be used; the text says which file, where and why."""


class Strict(BaseModel):
    """A part of the world file: a misspelt key is an error, never ignored."""

    model_config = ConfigDict(extra="forbid")


class Team(Strict):
    """A Slack workspace."""

    id: str = Field(pattern=r"^T[A-Z0-9]+$")
    name: Named
    domain: str = ""


class User(Strict):
    """A person, or the bot user of an app.

    `kind` is `member` of the home team, `guest` (single-channel, unless `multi_channel`), or `external`: of
    another team.
    """

    id: str = Field(pattern=r"^[UW][A-Z0-9]+$")
    name: str
    real_name: Named
    title: Named = ""
    team: str = ""
    kind: Literal["member", "guest", "external"] = "member"
    multi_channel: bool = False
    is_admin: bool = False
    is_bot: bool = False
    deleted: bool = False
    tz: str = "Asia/Taipei"
    locale: str = "zh-TW"
    color: str = "9f69e7"
    seat: bool = False


class Usergroup(Strict):
    """A user group; `handle` is what people type after the @."""

    id: str = Field(pattern=r"^S[A-Z0-9]+$")
    handle: str
    name: Named
    users: list[str] = []


class Channel(Strict):
    """A channel; `teams` are those it is shared with, `pending_teams` those invited and not there yet."""

    id: str = Field(pattern=r"^[CG][A-Z0-9]+$")
    name: Named
    topic: Named = ""
    private: bool = False
    archived: bool = False
    teams: list[str] = []
    pending_teams: list[str] = []
    members: list[str] = []


class App(Strict):
    """The app under test: its ids, and the bot user that stands in channels for it."""

    id: str = Field(pattern=r"^A[A-Z0-9]+$")
    bot_id: str = Field(pattern=r"^B[A-Z0-9]+$")
    user: str
    name: Named


class OtherApp(Strict):
    """Another app of the workspace, such as a helpdesk that mirrors customers' mails."""

    id: str = Field(pattern=r"^A[A-Z0-9]+$")
    bot_id: str = Field(pattern=r"^B[A-Z0-9]+$")
    name: Named


class Tokens(Strict):
    """The tokens that are valid here; they open nothing anywhere else.

    Without `bot` the app is not installed until somebody does it by OAuth. `app`, `signing_secret`, `client_id` and
    `client_secret` are the app's own: the same in every workspace of one sandbox.
    """

    bot: str | None = Field(default=None, pattern=r"^xoxb-.+$")
    app: str = Field(pattern=r"^xapp-.+$")
    signing_secret: str = Field(default="sandbox", min_length=1)
    client_id: str = Field(default="1000000000.2000000000", pattern=r"^\d+\.\d+$")
    client_secret: str = Field(default="sandbox", min_length=1)

    def of_the_app(self) -> tuple[str, str, str, str]:
        """What is the same wherever the app is."""
        return self.app, self.signing_secret, self.client_id, self.client_secret


class Settings(Strict):
    """How this workspace differs from the common one.

    `usergroups` off answers `plan_upgrade_required`, as plans without user groups do. `outsiders_may_command`
    hands commands and shortcuts of guests and external people to the app, which has to refuse them itself. For
    `refresh_grace_seconds` a used refresh token is taken again; Slack promises a short while and says not how long.
    """

    usergroups: bool = True
    rate_limits: bool = False
    ephemeral_per_minute: int = 100
    post_seconds_per_channel: float = 1.0
    outsiders_may_command: bool = True
    refresh_grace_seconds: float = 0.0


class Step(Strict):
    """One step of the guided story; handed to the page as it is."""

    id: str
    seat: str
    title: dict[str, str]
    text: dict[str, str]
    channel: str | None = None
    say: str | dict[str, str] | None = None
    do: Literal["command", "shortcut", "click", "look"] | None = None
    expect: Json | None = None


class Story(Strict):
    """A guided story for the page."""

    title: dict[str, str]
    steps: list[Step]


class World(Strict):
    """Everything that the sandbox knows when it starts."""

    team: Team
    other_teams: list[Team] = []
    users: list[User]
    usergroups: list[Usergroup] = []
    channels: list[Channel]
    app: App
    other_apps: list[OtherApp] = []
    tokens: Tokens
    settings: Settings = Settings()
    story: Story | None = None

    def speaking(self, locale: str) -> Self:
        """The same world in which everybody has set Slack to this language."""
        return self.model_copy(update={"users": [user.model_copy(update={"locale": locale}) for user in self.users]})

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        """Each user, team and channel that is named is there, and each id is given once."""
        for kind, listed in self._ids().items():
            twice = sorted({one for one in listed if listed.count(one) > 1})
            if twice:
                raise ValueError(f"{kind} given twice: {', '.join(twice)}")
        ids = self._ids()
        named = {
            "users": [m for c in self.channels for m in c.members]
            + [u for g in self.usergroups for u in g.users]
            + [self.app.user]
            + [s.seat for s in (self.story.steps if self.story else [])],
            "teams": [t for c in self.channels for t in c.teams + c.pending_teams]
            + [u.team for u in self.users if u.team],
            "channels": [s.channel for s in (self.story.steps if self.story else []) if s.channel],
        }
        for kind, names in named.items():
            missing = sorted(set(names) - set(ids[kind]))
            if missing:
                raise ValueError(f"{kind} named but not in the file: {', '.join(missing)}")
        for user in self.users:
            user.team = user.team or self.team.id
            if (user.team != self.team.id) != (user.kind == "external"):
                raise ValueError(f"{user.id}: exactly the external users are of another team")
        return self

    def _ids(self) -> dict[str, list[str]]:
        return {
            "users": [u.id for u in self.users],
            "teams": [t.id for t in (self.team, *self.other_teams)],
            "channels": [c.id for c in self.channels],
            "usergroups": [g.id for g in self.usergroups],
        }


def load_yaml(path: Path) -> Any:
    """Read a YAML file.

    Raises:
        WorldError: It is missing or no YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorldError(f"{path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WorldError(f"{path} is no YAML: {error}") from error


def load_world(path: Path, locale: str | None = None, story: Path | None = None) -> World:
    """Read a world file.

    Args:
        locale: The language of what has a name in several, and of everybody in it; without one as the file says.
        story: A file with another story for the page than the world's own.

    Raises:
        WorldError: A file is missing, no YAML, or says something that cannot be.
    """
    told = load_yaml(path)
    if story and isinstance(told, dict):
        told["story"] = load_yaml(story)
    try:
        world = World.model_validate(told, context={"locale": locale})
        return world.speaking(locale) if locale else world
    except ValidationError as error:
        raise WorldError(f"{path}: {first_error(error)}") from error


def first_error(error: ValidationError) -> str:
    """Say where the first thing is that pydantic did not like, and what it is."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
