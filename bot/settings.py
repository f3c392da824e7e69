"""Settings from the environment; each has a name that starts with ASIDE_."""

import os
import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urljoin

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import UserError
from bot.webhook import key_of

PACKAGED_PLAYBOOK = Path(__file__).parent.parent / "playbooks"
MANIFEST = Path(__file__).parent / "manifest.yml"
"""The Slack app's manifest; a link to the one at the top of the tree, so that a wheel holds it too."""
SLACK_API_URL = "https://slack.com/api/"
_API_URL = re.compile("https?://.+/api/?")
HTTP_PORT = 3000
WORKSPACE = "T[A-Z0-9]{1,31}"
"""What the id of a workspace looks like; nothing else becomes part of a path."""
NO_WORKSPACE = "“{}” is not the id of a workspace, which begins with T"


class Settings(BaseSettings):
    """Where things are and how Slack is reached. What is set to nothing counts as not set.

    Attributes:
        data: Folder for the casebook, and for the directory unless `directory` says otherwise.
        workspace: The workspace that a command is about, of several.
        database_url: The casebook's database; an SQLite file in `data` when empty.
        slack_api_url: Any server that speaks Slack's Web API and Socket Mode.
        slack_app_token: Slack is heard over Socket Mode.
        slack_signing_secret: Slack is heard over HTTP, in requests signed with it.
        slack_client_id: With its secret: whoever installs the app is served, each workspace for itself.
        slack_authorize_url: Where Slack asks whoever installs the app; beside `slack_api_url` when empty.
        slack_redirect_uri: Where Slack sends them back; the app's first one when empty.
        token_key: What the tokens of those workspaces are closed with (`storage.sealing`).
        slack_connections: Over Socket Mode: how many are held at once; one more is open while another is renewed.
        http_host: Where `/slack/events`, `/healthz` and `/readyz` are served.
        http_port: The same; over Socket Mode nothing is served without it.
        encoders: Which sentence encoders read: `all`, only the `cheap` one, or `none`.
        crm_webhook_url: Where moves of opportunities and exceptions are posted; nowhere when empty.
        crm_webhook_secret: What those posts are signed with, `whsec_` and base64 (`bot.crm`).
        cache: Folder for what was learnt from playbooks; may be deleted at any time, then it is learnt anew.
    """

    model_config = SettingsConfigDict(env_prefix="ASIDE_", env_ignore_empty=True, extra="ignore")

    data: Path = Path(".aside")
    workspace: str = ""
    directory: Path | None = None
    database_url: str = ""
    playbook: Path = PACKAGED_PLAYBOOK
    slack_api_url: str = SLACK_API_URL
    slack_bot_token: SecretStr = SecretStr("")
    slack_app_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    slack_client_id: str = ""
    slack_client_secret: SecretStr = SecretStr("")
    slack_authorize_url: str = Field(default="", pattern="^(https?://.+)?$")
    slack_redirect_uri: str = Field(default="", pattern="^(https?://.+)?$")
    token_key: SecretStr = SecretStr("")
    slack_connections: int = Field(default=2, ge=1, le=9)
    http_host: str = "127.0.0.1"
    http_port: int | None = Field(default=None, ge=0, le=65_535)
    crm_webhook_url: str = Field(default="", pattern="^(https?://.+)?$")
    crm_webhook_secret: SecretStr = SecretStr("")
    encoders: Literal["all", "cheap", "none"] = "all"
    cache: Path | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("slack_api_url")
    @classmethod
    def _an_api(cls, value: str) -> str:
        """Without its end every method is asked of a page."""
        if not _API_URL.fullmatch(value):
            raise ValueError(f"ASIDE_SLACK_API_URL does not end in /api/, as {SLACK_API_URL} does")
        return value

    @field_validator("workspace")
    @classmethod
    def _a_workspace(cls, value: str) -> str:
        """It becomes part of a path."""
        if value and not is_workspace(value):
            raise ValueError(NO_WORKSPACE.format(value))
        return value

    @model_validator(mode="after")
    def _signed(self) -> Self:
        """Nothing is posted that the receiver cannot know to be ours."""
        if self.crm_webhook_url and key_of(self.crm_webhook_secret.get_secret_value()) is None:
            raise ValueError("ASIDE_CRM_WEBHOOK_SECRET has to be whsec_ and at least 24 bytes in base64")
        return self

    @property
    def installs(self) -> bool:
        """Whether workspaces install us by themselves; otherwise there is one, with its token in a setting.

        Raises:
            UserError: when settings for the one and for the other are there, or some lack.
        """
        secret = self.slack_client_secret.get_secret_value()
        if not self.slack_client_id and not secret:
            return False
        if not self.slack_client_id or not secret:
            lacks = "ASIDE_SLACK_CLIENT_SECRET" if self.slack_client_id else "ASIDE_SLACK_CLIENT_ID"
            raise UserError(
                f"{lacks} is not set.", "Copy client id and secret from Basic Information of your Slack app."
            )
        if self.slack_bot_token.get_secret_value():
            raise UserError(
                "ASIDE_SLACK_BOT_TOKEN and ASIDE_SLACK_CLIENT_ID are both set.",
                "Leave out the first to serve every workspace that installs the app, or the second to serve one.",
            )
        if self.slack_app_token.get_secret_value():
            raise UserError(
                "ASIDE_SLACK_APP_TOKEN and ASIDE_SLACK_CLIENT_ID are both set.",
                "Several workspaces are heard over HTTP: set ASIDE_SLACK_SIGNING_SECRET instead of the first.",
            )
        if not self.slack_signing_secret.get_secret_value():
            raise UserError(
                "ASIDE_SLACK_SIGNING_SECRET is not set.",
                "Several workspaces are heard over HTTP: copy it from Basic Information of your Slack app.",
            )
        if self.directory and not self.workspace:
            raise UserError(
                "ASIDE_DIRECTORY and ASIDE_SLACK_CLIENT_ID are both set.",
                "Leave out the first: each workspace has a directory of its own. aside --workspace T… import fills it.",
            )
        return True

    def of(self, workspace: str) -> Self:
        """The same settings for one workspace of several: what is its own stands in a folder of its own.

        Raises:
            UserError: when that is no workspace's id.
        """
        if not is_workspace(workspace):
            raise UserError(f"{NO_WORKSPACE.format(workspace)}.", "aside workspaces lists them.")
        made = self.model_copy(update={"workspace": workspace})
        playbook = made.home / "playbook"
        its_own = {
            "directory": made.home / "directory.db",
            "playbook": playbook if playbook.is_dir() else self.playbook,
        }
        return made.model_copy(update=its_own)

    @property
    def only(self) -> str | None:
        """The workspace that a command keeps to; None where there is a lone one.

        Raises:
            UserError: when there are several, and nobody said which.
        """
        if self.installs and not self.workspace:
            raise UserError(
                "Several workspaces may be served here, and each keeps its own.",
                "Say which: aside --workspace T… before the command; aside workspaces lists them.",
            )
        return self.workspace or None

    @property
    def home(self) -> Path:
        """Folder for what is one workspace's own; of a lone one, for everything."""
        return self.data / "workspaces" / self.workspace if self.workspace else self.data

    def named(self, playbook: Path) -> dict[str, str]:
        """How the log names a playbook's folder: by the workspace whose own it is, or by its own name."""
        of_workspaces = self.data / "workspaces"
        if playbook.is_relative_to(of_workspaces):
            return {"workspace": playbook.relative_to(of_workspaces).parts[0]}
        return {"folder": playbook.name}

    @property
    def exports(self) -> Path:
        """Folder for the cases that are taken out as evidence."""
        return self.home / "exports"

    @property
    def authorize_url(self) -> str:
        """Where Slack asks whoever installs the app."""
        return self.slack_authorize_url or urljoin(self.slack_api_url, "/oauth/v2/authorize")

    @property
    def speaks_http(self) -> bool:
        """Whether Slack is heard over HTTP; otherwise over Socket Mode.

        Raises:
            UserError: when both ways are set.
        """
        if self.installs:
            return True
        if self.slack_signing_secret.get_secret_value() and self.slack_app_token.get_secret_value():
            raise UserError(
                "ASIDE_SLACK_APP_TOKEN and ASIDE_SLACK_SIGNING_SECRET are both set.",
                "Leave out the second for Socket Mode, or the first for HTTP; a Slack app has one or the other.",
            )
        return bool(self.slack_signing_secret.get_secret_value())

    @property
    def serves(self) -> bool:
        """Whether anything is served over HTTP."""
        return self.speaks_http or self.http_port is not None

    @property
    def port(self) -> int:
        """The port on which it is served; 0 takes a free one."""
        return HTTP_PORT if self.http_port is None else self.http_port

    @property
    def directory_path(self) -> Path:
        """The directory's file.

        Raises:
            UserError: when there are several workspaces, and nobody said which.
        """
        home = self.home if self.only else self.data
        return self.directory or home / "directory.db"

    @property
    def cache_path(self) -> Path:
        """The cache's folder, the user's own unless set: a playbook is learnt once, whatever the data folder."""
        return self.cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aside"

    @property
    def casebook_url(self) -> str:
        """The casebook's database."""
        return self.database_url or f"sqlite:///{self.data / 'casebook.db'}"


def is_workspace(text: str) -> bool:
    """Whether this is the id of a workspace, which may become part of a path."""
    return re.fullmatch(WORKSPACE, text) is not None


def _wanted(error: ErrorDetails) -> str:
    """What a value had to be."""
    if error["type"] == "literal_error":
        expected = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
        return f"has to be one of {expected}"
    if error["type"] == "string_pattern_mismatch":
        return "is not usable: it does not begin with http:// or https://"
    return f"is not usable: {error['msg']}"


def load_settings(workspace: str | None = None) -> Settings:
    """Read the environment.

    Args:
        workspace: The one that was named, of several; a lone one has everything where it always was.

    Raises:
        UserError: when a value does not make sense.
    """
    try:
        settings = Settings()
        named = workspace if workspace and settings.installs else settings.workspace
        return settings.of(named) if named else settings
    except ValidationError as error:
        first = error.errors()[0]
        name = "ASIDE_" + "_".join(str(part) for part in first["loc"]).upper()
        ours = first.get("ctx", {}).get("error")
        what = str(ours) if ours else f"{name} {_wanted(first)}"
        raise UserError(f"{what}.", "Change it and start again.") from error
