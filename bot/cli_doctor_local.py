"""What `aside doctor` looks at on this machine: how tokens were pasted, files, disk, directory and casebook."""

import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from bot.cli_doctor_http import Line
from bot.settings import Settings
from storage import workspace as kept
from storage.directory import DirectorySource
from storage.engine import open_casebook

OLD_DAYS = 31
"""Contracts are renewed every month of the year."""
OLDEST_SERVER = 13
"""`pg_current_snapshot` came with it (`storage.engine.whole`)."""
GIB = 1024**3
LEAST_BYTES = GIB
LEAST_SHARE = 0.05
IMPORT = "Run: aside import FILE…"

_SIGNING_SECRET = re.compile("[0-9a-f]{32}")
_CLIENT_ID = re.compile(r"[0-9]+\.[0-9]+")
_TOKENS = {
    "xoxb-": ("the bot token", "ASIDE_SLACK_BOT_TOKEN"),
    "xapp-": ("the app-level token", "ASIDE_SLACK_APP_TOKEN"),
    "xoxp-": ("a person's token", ""),
    "xoxe": ("a token that configures apps, or one for renewing", ""),
}
"""What Slack's tokens begin with, what they are, and where they belong; the others belong nowhere here."""
_WHERE = {
    "ASIDE_SLACK_BOT_TOKEN": "The bot token begins with xoxb-: Slack app, OAuth & Permissions.",
    "ASIDE_SLACK_APP_TOKEN": "The app-level token begins with xapp-: Slack app, Basic Information.",
    "ASIDE_SLACK_SIGNING_SECRET": "The signing secret is no token: Slack app, Basic Information.",
    "ASIDE_SLACK_CLIENT_SECRET": "The client secret is no token: Slack app, Basic Information.",
}


def pasted(settings: Settings) -> Iterator[Line]:
    """What is wrong with a token before anybody asks Slack: nothing, usually."""
    for name, secret in (
        ("ASIDE_SLACK_BOT_TOKEN", settings.slack_bot_token),
        ("ASIDE_SLACK_APP_TOKEN", settings.slack_app_token),
        ("ASIDE_SLACK_SIGNING_SECRET", settings.slack_signing_secret),
        ("ASIDE_SLACK_CLIENT_SECRET", settings.slack_client_secret),
    ):
        if line := _pasted(name, secret):
            yield line
    yield from _shapes(settings)


def _shapes(settings: Settings) -> Iterator[Line]:
    """What cannot be what Slack gave, whatever it is; of a secret nothing is said but that."""
    signing, client = (
        each.get_secret_value() for each in (settings.slack_signing_secret, settings.slack_client_secret)
    )
    if signing and not signing.startswith(tuple(_TOKENS)) and not _SIGNING_SECRET.fullmatch(signing):
        what = "ASIDE_SLACK_SIGNING_SECRET is not 32 digits of 0–9 and a–f, as Slack's is"
        yield Line("pasted", what, "Copy it anew: Slack app, Basic Information.")
    if not settings.slack_client_id or _CLIENT_ID.fullmatch(settings.slack_client_id):
        return
    if _CLIENT_ID.fullmatch(client):
        what = "ASIDE_SLACK_CLIENT_ID and ASIDE_SLACK_CLIENT_SECRET hold each other's value"
        yield Line("pasted", what, "Swap them.")
    else:
        what = "ASIDE_SLACK_CLIENT_ID is not two numbers with a dot between them, as Slack's is"
        yield Line("pasted", what, "Copy it anew: Slack app, Basic Information.")


def _pasted(name: str, secret: SecretStr) -> Line | None:
    value = secret.get_secret_value()
    bare = value.strip().strip("'\"“”‘’").strip()
    if value != bare:
        return Line("pasted", f"{name} has blanks or quotes around it", "Set it without them.")
    for prefix, (what, place) in _TOKENS.items():
        if bare.startswith(prefix) and place != name:
            return Line("pasted", f"{name} holds {what}", _WHERE[name])
    return None


def directory(settings: Settings, now: datetime) -> Line:
    """Whether there are customers, and how old they are.

    Raises:
        UserError: when there is no directory, or it cannot be read.
    """
    found = DirectorySource(settings.directory_path).current()
    number = found.customer_count()
    if number == 0:
        return Line("directory", "there are no customers in it", IMPORT)
    days = (now - found.built_at().replace(tzinfo=found.built_at().tzinfo or UTC)).days
    if days > OLD_DAYS:
        do = "Contracts that were renewed since count as expired. Import your files as they are now."
        return Line("directory", f"{counted(number, 'customer')}, imported {days:,} days ago", do)
    return Line("directory", counted(number, "customer"))


def casebook(settings: Settings) -> Line:
    """Whether it opens, is of a server that we know, and takes what we write.

    Raises:
        UserError: when it does not open.
    """
    with closing(open_casebook(settings.casebook_url)) as opened:
        try:
            with opened.begin() as connection:
                version = _server_version(connection)
                kept.save_written_at(connection, "", 0.0)
                connection.rollback()
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0].rstrip(".")
            do = "Give Aside's user the right to write there; on a server let it own the database."
            return Line("casebook", f"cannot be written: {reason}", do)
    if version is not None and (old := old_server(version)):
        return old
    address = make_url(settings.casebook_url).difference_update_query(["password"])
    return Line("casebook", address.render_as_string(hide_password=True))


def _server_version(connection: Connection) -> int | None:
    if connection.dialect.name != "postgresql":
        return None
    return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def old_server(version: int) -> Line | None:
    """Whether a PostgreSQL is too old.

    Args:
        version: Its major version.
    """
    if version >= OLDEST_SERVER:
        return None
    return Line("casebook", f"PostgreSQL {version} is too old", f"Use PostgreSQL {OLDEST_SERVER} or newer.")


def disk(data: Path) -> Iterator[Line]:
    """What is wrong with the room where the data are: nothing, usually."""
    there = next(each for each in (data, *data.absolute().parents) if each.exists())
    usage = shutil.disk_usage(there)
    if full := room(usage.free, usage.total):
        yield full


def room(free: int, total: int) -> Line | None:
    """Whether so many bytes are too few: on a full disk nothing that a customer says can be written down."""
    left = f"{free / GIB:,.1f} GiB left"
    if free < min(LEAST_BYTES, total * LEAST_SHARE):
        return Line("disk", left, "Make room: on a full disk nothing that a customer says can be written down.")
    return None


def files(settings: Settings) -> Iterator[Line]:
    """Who else reads what we keep: nobody, usually. The folder's own mode guards all that is in it."""
    data = settings.data
    if not data.exists() or not _for_others(data):
        return
    own = (*data.glob("workspaces/*/*.db"), *data.glob("workspaces/*/exports/*"))
    ours = (*data.glob("*.db*"), *data.glob("*.zip"), *data.glob("exports/*"))
    inside = [*([settings.directory] if settings.directory else []), *ours, *own]
    seen = sorted({each.name for each in inside if each.exists() and _for_others(each)})
    if seen:
        do = f"Run: chmod o-rwx {data}"
        yield Line("files", f"every account of this machine can read {', '.join(seen)}", do)


def _for_others(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IRWXO)


def counted(n: int, thing: str) -> str:
    """So many of something."""
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"
