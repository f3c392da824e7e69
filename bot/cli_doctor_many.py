"""What `aside doctor` looks at where several workspaces install us: the settings, the key, each workspace's token."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from bot import cli_doctor_local as local
from bot.cli_doctor_http import Line
from bot.cli_workspaces import told, what_to_do
from bot.errors import UserError
from bot.playbook_files import load_playbook
from bot.settings import Settings
from bot.terminal import printable
from storage import installations
from storage.engine import open_casebook
from storage.sealing import Seal


def lines(settings: Settings) -> Iterator[Line]:
    """A line for the key and for each workspace: its token, its directory, and its playbook if it has its own."""
    try:
        seal = Seal(settings.token_key.get_secret_value())
        with closing(open_casebook(settings.casebook_url)) as casebook, casebook.look() as connection:
            found = installations.all_of(connection, seal)
    except UserError as error:
        yield Line("workspaces", error.what, error.do)
        return
    if not found:
        yield Line("workspaces", "nobody has installed Aside yet: open /slack/install at its address")
    for each in found:
        do = what_to_do(each)
        yield Line(
            each.workspace,
            f"{printable(each.name)}: token {told(each)}".removesuffix(f": {do}"),
            do[:1].upper() + do[1:],
        )
        if each.lets_us_in:
            yield from _its_own(settings.of(each.workspace))


def _its_own(settings: Settings) -> Iterator[Line]:
    name = settings.workspace
    try:
        found = local.directory(settings, datetime.now(UTC))
        yield Line(name, f"directory: {found.found}", found.do)
    except UserError as error:
        yield Line(name, f"directory: {error.what}", f"Run: aside --workspace {name} import, with your files.")
    if settings.playbook.is_relative_to(settings.home):
        try:
            yield Line(name, f"playbook of its own, version {load_playbook(settings.playbook).version}")
        except UserError as error:
            yield Line(name, f"playbook: {error.what}", error.do)
