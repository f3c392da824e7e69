"""Settings from the environment; each has a name that starts with ASIDE_."""

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import UserError
from bot.webhook import key_of

PACKAGED_PLAYBOOK = Path(__file__).parent.parent / "playbooks"
MANIFEST = Path(__file__).parent / "manifest.yml"
"""The Slack app's manifest; a link to the one at the top of the tree, so that a wheel holds it too."""
SLACK_API_URL = "https://slack.com/api/"
HTTP_PORT = 3000


class Settings(BaseSettings):
    """Where things are and how Slack is reached.

    Attributes:
        data: Folder for the casebook, and for the directory unless `directory` says otherwise.
        database_url: The casebook's database; an SQLite file in `data` when empty.
        slack_api_url: Any server that speaks Slack's Web API and Socket Mode.
        slack_app_token: Slack is heard over Socket Mode.
        slack_signing_secret: Slack is heard over HTTP, in requests signed with it.
        slack_connections: Over Socket Mode: how many are held at once; one more is open while another is renewed.
        http_host: Where `/slack/events`, `/healthz` and `/readyz` are served.
        http_port: The same; over Socket Mode nothing is served without it.
        encoders: Which sentence encoders read: `all`, only the `cheap` one, or `none`.
        crm_webhook_url: Where moves of opportunities and exceptions are posted; nowhere when empty.
        crm_webhook_secret: What those posts are signed with, `whsec_` and base64 (`bot.crm`).
        cache: Folder for what was learnt from playbooks; may be deleted at any time, then it is learnt anew.
    """

    model_config = SettingsConfigDict(env_prefix="ASIDE_", extra="ignore")

    data: Path = Path(".aside")
    directory: Path | None = None
    database_url: str = ""
    playbook: Path = PACKAGED_PLAYBOOK
    slack_api_url: str = SLACK_API_URL
    slack_bot_token: SecretStr = SecretStr("")
    slack_app_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    slack_connections: int = Field(default=2, ge=1, le=9)
    http_host: str = "127.0.0.1"
    http_port: int | None = Field(default=None, ge=0, le=65_535)
    crm_webhook_url: str = Field(default="", pattern="^(https?://.+)?$")
    crm_webhook_secret: SecretStr = SecretStr("")
    encoders: Literal["all", "cheap", "none"] = "all"
    cache: Path | None = None
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    @model_validator(mode="after")
    def _signed(self) -> Self:
        """Nothing is posted that the receiver cannot know to be ours."""
        if self.crm_webhook_url and key_of(self.crm_webhook_secret.get_secret_value()) is None:
            raise ValueError("ASIDE_CRM_WEBHOOK_SECRET has to be whsec_ and at least 24 bytes in base64")
        return self

    @property
    def speaks_http(self) -> bool:
        """Whether Slack is heard over HTTP; otherwise over Socket Mode.

        Raises:
            UserError: when both ways are set.
        """
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
        """The directory's file."""
        return self.directory or self.data / "directory.db"

    @property
    def cache_path(self) -> Path:
        """The cache's folder, the user's own unless set: a playbook is learnt once, whatever the data folder."""
        return self.cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aside"

    @property
    def casebook_url(self) -> str:
        """The casebook's database."""
        return self.database_url or f"sqlite:///{self.data / 'casebook.db'}"


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        UserError: when a value does not make sense.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "ASIDE_" + "_".join(str(part) for part in first["loc"]).upper()
        ours = first.get("ctx", {}).get("error")
        what = str(ours) if ours and not first["loc"] else f"{name} is not usable: {first['msg']}"
        raise UserError(f"{what}.", "Change it and start again.") from error
