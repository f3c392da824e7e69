"""The app in one workspace: whether it is installed, with which scopes, and which of its tokens still open the door."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sandbox.manifest import Manifest
from sandbox.state import ApiError, Clock
from sandbox.world import Tokens

TOKEN_SECONDS = 43_200
"""How long a token lasts where tokens are rotated: twelve hours, as Slack documents."""
CODE_SECONDS = 600.0
MOST_TOKENS = 2
"""How many rotating tokens are valid beside each other; one that is refreshed more often loses the oldest."""


@dataclass
class Token:
    """A bot token.

    Attributes:
        expires: When it ends by itself, seconds since 1970; None for never.
        fault: What a call with it is told; None while it is good.
    """

    value: str
    expires: float | None = None
    fault: str | None = None


@dataclass
class RefreshToken:
    """The right to one new token; `used` is when it was taken."""

    value: str
    used: float | None = None
    revoked: bool = False


@dataclass
class Code:
    """What a person allowed, until the app takes it up.

    Attributes:
        redirect_uri: The one that the app named when it asked; None when it named none.
    """

    value: str
    user: str
    scopes: list[str]
    redirect_uri: str | None
    issued: float
    used: bool = False


class Issued(NamedTuple):
    """A token that was just handed out, with what renews it where tokens are rotated.

    Attributes:
        revokes: Whether an older token was revoked by that.
    """

    token: Token
    refresh: RefreshToken | None
    revokes: bool


@dataclass
class Installation:
    """What the app has in one workspace.

    A world file with a bot token has the app installed from the beginning, with the manifest's scopes and for good.
    """

    manifest: Manifest
    clock: Clock
    grace: float = 0.0
    installed: bool = False
    tokens: list[Token] = field(default_factory=list)
    refreshes: list[RefreshToken] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    granted: list[str] | None = None

    @classmethod
    def of(cls, given: Tokens, manifest: Manifest, clock: Clock, grace: float) -> "Installation":
        """The installation that a world file describes."""
        tokens = [Token(given.bot)] if given.bot else []
        return cls(manifest, clock, grace, installed=bool(tokens), tokens=tokens)

    @property
    def scopes(self) -> list[str]:
        """The scopes that the app has here: the manifest's, or those that were allowed by OAuth, all times together."""
        if not self.installed:
            return []
        return self.manifest.scopes if self.granted is None else self.granted

    def knows(self, secret: str | None) -> bool:
        """Whether a token, a refresh token or a code is of this workspace, good or not."""
        known: tuple[Sequence[Token | RefreshToken | Code], ...] = (self.tokens, self.refreshes, self.codes)
        return secret is not None and any(each.value == secret for kind in known for each in kind)

    def check(self, value: str) -> None:
        """Let a bot token pass.

        Raises:
            ApiError: It is unknown, revoked, or over.
        """
        token = next((each for each in self.tokens if each.value == value), None)
        if token is None:
            raise ApiError("invalid_auth")
        if token.fault is not None:
            raise ApiError(token.fault)
        if token.expires is not None and self.clock.now() >= token.expires:
            raise ApiError("token_expired")

    def allow(self, user: str, scopes: list[str], redirect_uri: str | None) -> Code:
        """Somebody of the workspace agrees."""
        number = f"{secrets.randbelow(10**10):010d}.{secrets.randbelow(10**12):012d}"
        code = Code(f"{number}.{secrets.token_hex(32)}", user, scopes, redirect_uri, self.clock.now())
        self.codes.append(code)
        return code

    def exchange(self, value: str, redirect_uri: str | None) -> tuple[Code, Issued]:
        """Take up a code: the app is installed.

        Raises:
            ApiError: The code is unknown, used or older than ten minutes, or was made for another redirect URI.
        """
        code = next((each for each in self.codes if each.value == value), None)
        if code is None or (not code.used and self.clock.now() - code.issued >= CODE_SECONDS):
            raise ApiError("invalid_code")
        if code.used:
            raise ApiError("code_already_used")
        if redirect_uri != code.redirect_uri:
            raise ApiError("bad_redirect_uri")
        code.used = True
        held = self.scopes
        self.granted = [*held, *(scope for scope in code.scopes if scope not in held)]
        self.installed = True
        for refresh in self.refreshes:
            refresh.revoked = True
        return code, self._issue()

    def refresh(self, value: str) -> Issued:
        """Take a refresh token: a new token and what refreshes that. The one before stays valid until it ends.

        Raises:
            ApiError: It is unknown, revoked, or was used.
        """
        refresh = next((each for each in self.refreshes if each.value == value), None)
        now = self.clock.now()
        late = refresh is not None and refresh.used is not None and now - refresh.used >= self.grace
        if refresh is None or refresh.revoked or late or not self.installed:
            raise ApiError("invalid_refresh_token")
        refresh.used = now if refresh.used is None else refresh.used
        return self._issue()

    def _issue(self) -> Issued:
        """A new token; the oldest beyond those that may be valid beside each other are revoked."""
        rotating = self.manifest.settings.token_rotation_enabled
        if rotating:
            token = Token(f"xoxe.xoxb-1-{secrets.token_hex(48)}", self.clock.now() + TOKEN_SECONDS)
            refresh = RefreshToken(f"xoxe-1-{secrets.token_hex(48)}")
            self.refreshes.append(refresh)
        else:
            token = Token(f"xoxb-{secrets.token_hex(24)}")
            refresh = None
        self.tokens.append(token)
        good = [each for each in self.tokens if each.fault is None]
        too_many = good[: -MOST_TOKENS if rotating else -1]
        for old in too_many:
            old.fault = "token_revoked"
        return Issued(token, refresh, revokes=bool(too_many))

    def revoke(self, value: str) -> bool:
        """Revoke one token; whether the whole authorization went with it, as it does with a token that never ends."""
        token = next(each for each in self.tokens if each.value == value)
        if token.expires is None:
            self.end("account_inactive")
            return True
        token.fault = "token_revoked"
        return False

    def end(self, fault: str) -> None:
        """Nothing opens the door any more; what a call with a token of the bot is told from now on."""
        for token in self.tokens:
            token.fault = fault
        for refresh in self.refreshes:
            refresh.revoked = True
        for code in self.codes:
            code.used = True
        self.installed = False
        self.granted = None
