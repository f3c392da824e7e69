"""What the app may do, read from a manifest in Slack's own format."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, PrivateAttr, ValidationError

from sandbox.world import WorldError, first_error, load_yaml


class Command(BaseModel):
    """A slash command; the name starts with the slash."""

    command: str = Field(pattern=r"^/\S+$", max_length=32)
    description: str = Field(max_length=2000)
    usage_hint: str = Field(default="", max_length=1000)
    should_escape: bool = False
    url: str | None = None


class Shortcut(BaseModel):
    """A shortcut on a message or a global one."""

    name: str = Field(max_length=24)
    type: Literal["message", "global"]
    callback_id: str = Field(max_length=255)
    description: str = Field(max_length=150)


class AppHome(BaseModel):
    """Which tabs the app's home has."""

    home_tab_enabled: bool = False
    messages_tab_enabled: bool = False
    messages_tab_read_only_enabled: bool = True


class BotUser(BaseModel):
    """The bot user as it is shown."""

    display_name: str
    always_online: bool = False


class Features(BaseModel):
    """The manifest's `features`."""

    app_home: AppHome = AppHome()
    bot_user: BotUser | None = None
    shortcuts: list[Shortcut] = Field(default=[], max_length=10)
    slash_commands: list[Command] = Field(default=[], max_length=50)


class Scopes(BaseModel):
    """The scopes asked for."""

    bot: list[str] = []


class OAuth(BaseModel):
    """The manifest's `oauth_config`."""

    scopes: Scopes = Scopes()
    redirect_urls: list[str] = []


class Events(BaseModel):
    """The events that the bot subscribes to."""

    bot_events: list[str] = []
    request_url: str | None = None


class Interactivity(BaseModel):
    """Whether buttons, menus, modals and shortcuts reach the app."""

    is_enabled: bool = False
    request_url: str | None = None
    message_menu_options_url: str | None = None


class ManifestSettings(BaseModel):
    """The manifest's `settings`."""

    event_subscriptions: Events = Events()
    interactivity: Interactivity = Interactivity()
    socket_mode_enabled: bool = False
    token_rotation_enabled: bool = False


class Display(BaseModel):
    """The manifest's `display_information`."""

    name: str = Field(max_length=35)
    description: str = Field(default="", max_length=140)


class Manifest(BaseModel):
    """The parts of an app manifest that the sandbox obeys; the other parts are Slack's business."""

    display_information: Display
    features: Features = Features()
    oauth_config: OAuth = OAuth()
    settings: ManifestSettings = ManifestSettings()
    _verified: str | None = PrivateAttr(default=None)

    @property
    def scopes(self) -> list[str]:
        """The scopes of the bot token."""
        return self.oauth_config.scopes.bot

    @property
    def events(self) -> list[str]:
        """The subscribed bot events."""
        return self.settings.event_subscriptions.bot_events

    @property
    def is_verified(self) -> bool:
        """Whether the request URL for events is the one that met the challenge."""
        url = self.settings.event_subscriptions.request_url
        return url is not None and url == self._verified

    def verify(self, url: str) -> None:
        """This URL met the challenge."""
        self._verified = url

    def call_at(self, url: str) -> None:
        """Take one request URL for events, interactivity, menus and every command; it has yet to meet the challenge."""
        self._verified = None
        self.settings.event_subscriptions.request_url = url
        self.settings.interactivity.request_url = url
        self.settings.interactivity.message_menu_options_url = url
        for command in self.features.slash_commands:
            command.url = url

    def command(self, name: str) -> Command | None:
        """The slash command of this name, if there is one."""
        return next((c for c in self.features.slash_commands if c.command == name), None)

    def shortcut(self, callback_id: str) -> Shortcut | None:
        """The shortcut with this callback id, if there is one."""
        return next((s for s in self.features.shortcuts if s.callback_id == callback_id), None)


def load_manifest(path: Path) -> Manifest:
    """Read an app manifest (YAML or JSON).

    Raises:
        WorldError: The file is missing, no YAML, or no manifest.
    """
    try:
        return Manifest.model_validate(load_yaml(path))
    except ValidationError as error:
        raise WorldError(f"{path}: {first_error(error)}") from error
