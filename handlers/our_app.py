"""Our app at Slack, which many workspaces install: by what it is known there, and where their tokens are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field

from slack_sdk.web.async_client import AsyncWebClient

from storage.engine import Casebook
from storage.sealing import Seal


@dataclass(frozen=True)
class OurApp:
    """What installing and renewing have in common.

    Attributes:
        client: Without a token.
        seal: Closes the tokens that stand in the casebook.
        clock: Seconds since 1970.
    """

    client_id: str
    client_secret: str = field(repr=False)
    client: AsyncWebClient
    casebook: Casebook
    seal: Seal
    clock: Callable[[], float]
