"""Tokens at rest: nobody who reads the database, or a backup of it, reads a token."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import UserError

MAKE_ONE = (
    'Make one and keep it as safe as a password: python3 -c "import base64, os; '
    'print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'
)


class UnreadableError(Exception):
    """None of the keys opens it."""


class Seal:
    """Closes and opens tokens.

    Args:
        keys: As in ASIDE_TOKEN_KEY, parted by commas: the first closes, all open.

    Raises:
        UserError: when there is none, or one that is no key.
    """

    def __init__(self, keys: str) -> None:
        given = [each.strip() for each in keys.split(",") if each.strip()]
        if not given:
            raise UserError("ASIDE_TOKEN_KEY is not set, and tokens are not kept without.", MAKE_ONE)
        try:
            fernet = MultiFernet([Fernet(each) for each in given])
        except ValueError as error:
            raise UserError("ASIDE_TOKEN_KEY holds something that is no key.", MAKE_ONE) from error
        self._fernet = fernet
        self._opened = lru_cache(maxsize=1024)(lambda sealed: fernet.decrypt(sealed).decode())

    def closed(self, token: str) -> str:
        """A token, closed; nothing stays nothing."""
        return self._fernet.encrypt(token.encode()).decode() if token else ""

    def opened(self, sealed: str) -> str:
        """What was closed.

        Raises:
            UnreadableError: when none of the keys fits.
        """
        try:
            return self._opened(sealed) if sealed else ""
        except (InvalidToken, ValueError) as error:  # the second for what is no base64 at all
            raise UnreadableError from error
