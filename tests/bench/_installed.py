"""Make-believe workspaces that have installed us."""

import base64
import os
import time
from collections.abc import Sequence
from pathlib import Path

from bot.settings import Settings
from storage import installations
from storage import workspace as workspaces_kept
from storage.engine import Casebook
from storage.installations import Installation
from storage.sealing import Seal
from tests.bench._desk import Workspace

TOKEN_KEY = base64.urlsafe_b64encode(bytes(32)).decode()
"""What the make-believe tokens are closed with."""


def install(
    casebook: Casebook, workspaces: Sequence[Workspace], data: Path, directory: Path | None, customers: Sequence[str]
) -> None:
    """Write down what is there once each workspace has installed us and its administrator has set it up.

    Args:
        data: ASIDE_DATA.
        directory: Each gets this one.
        customers: Whose the channels are.
    """
    seal = Seal(TOKEN_KEY)
    with casebook.begin() as connection:
        for each in workspaces:
            installations.save(connection, seal, _installation(each))
            workspaces_kept.save_setup(connection, each.id, each.setup(customers), actor="bench", now=time.time())
    if directory:
        for each in workspaces:
            own = Settings(data=data).of(each.id).directory_path
            own.parent.mkdir(parents=True)
            os.link(directory, own)


def _installation(workspace: Workspace) -> Installation:
    return Installation(
        workspace=workspace.id,
        name=workspace.id,
        enterprise=None,
        app_id="A0ASIDE",
        bot_user=workspace.bot_user,
        bot_id=workspace.bot_id,
        scopes=frozenset(),
        bot_token=workspace.token,
        refresh_token="",
        expires_at=None,
        installed_by=workspace.supervisor,
        installed_at=time.time(),
    )
