"""What there is besides where workspaces install us: the two pages, their tokens, and the end of whoever leaves."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import MANIFEST, Settings
from handlers import leaving
from handlers.installing import Installing
from handlers.our_app import OurApp
from handlers.tokens import Tokens
from handlers.workspaces import Workspaces
from storage.engine import Casebook
from storage.sealing import Seal


def wanted_scopes() -> list[str]:
    """What the manifest asks for."""
    scopes: list[str] = yaml.safe_load(MANIFEST.read_text("utf-8"))["oauth_config"]["scopes"]["bot"]
    return scopes


@dataclass(frozen=True)
class Many:
    """The parts for many workspaces.

    Attributes:
        folder_of: Where a workspace's own files are.
    """

    tokens: Tokens
    installing: Installing
    folder_of: Callable[[str], Path]

    @classmethod
    def of(
        cls, settings: Settings, casebook: Casebook, seal: Seal, clock: Callable[[], float], client: AsyncWebClient
    ) -> Self:
        """Make them.

        Args:
            client: Without a token.
        """
        ours = OurApp(
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret.get_secret_value(),
            client=client,
            casebook=casebook,
            seal=seal,
            clock=clock,
        )
        installing = Installing(
            ours,
            scopes=wanted_scopes(),
            authorize_url=settings.authorize_url,
            redirect_uri=settings.slack_redirect_uri,
        )
        tokens = Tokens(ours)
        return cls(tokens, installing, lambda workspace: settings.of(workspace).home)

    def work(self, workspaces: Workspaces) -> Sequence[Coroutine[None, None, None]]:
        """What goes on for as long as we run."""
        return self.tokens.keep_fresh(), leaving.Leaving(workspaces, self.folder_of).delete_forever()
