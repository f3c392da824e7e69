"""Who lets us in: the parts of each workspace, by its id; of a lone one, or of as many as installed us."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from bot.errors import UserError
from bot.metrics import Metrics
from handlers.identity import Identity
from handlers.services import Known, Services, Wake
from storage.engine import Casebook

log = structlog.get_logger()


@dataclass(frozen=True)
class Installed:
    """A workspace that lets us in.

    Attributes:
        token: The bot token with which Slack knows us there.
    """

    identity: Identity
    token: str = field(repr=False)

    @property
    def workspace(self) -> str:
        """Its id."""
        return self.identity.workspace


Read = Callable[[Casebook], Sequence[Installed]]
Open = Callable[[Installed, Known], Services]
Learnt = Callable[[Path], Awaitable[Known]]


class Workspaces:
    """The workspaces that we serve, in one process, on one casebook.

    Args:
        read: Who lets us in now.
        open_parts: Makes the parts of one, with the playbook it goes by.
        learnt: What is known from the playbook in a folder; learnt once, whoever asks.
        playbook_of: The folder of the playbook that a workspace goes by now.
        forget: Told of a folder by whose playbook nobody goes any more.
        is_lone: There is one and no other can come; whatever Slack sends us is for it.
        metrics: Counts what happens in all of them.
    """

    def __init__(
        self,
        *,
        casebook: Casebook,
        clock: Callable[[], float],
        wake: Wake,
        read: Read,
        open_parts: Open,
        learnt: Learnt,
        playbook_of: Callable[[str], Path],
        is_lone: bool,
        forget: Callable[[Path], None] = lambda _: None,
        metrics: Metrics | None = None,
    ) -> None:
        self.casebook = casebook
        self.clock = clock
        self.wake = wake
        self.is_lone = is_lone
        self.metrics = metrics or Metrics()
        self.support_channels: set[tuple[str, str]] = set()
        """Workspace and channel, where customers wrote when somebody last looked; some may be none any more."""
        self.unwritten: set[str] = set()
        """Workspaces of which something may lack: it could not be written down, or they came after our start."""
        self._read = read
        self._open_parts = open_parts
        self._learnt = learnt
        self._playbook_of = playbook_of
        self._forget = forget
        self._installed: Mapping[str, Installed] = {}
        self._open: dict[str, Services] = {}
        self._playbooks: dict[str, Path] = {}
        self._waits: dict[str, str] = {}
        """Why a workspace waits, as the log was told."""
        self._has_begun = False

    def heard_for(self, team: str | None) -> Installed | None:
        """The workspace for which Slack sent something; None when it does not let us in.

        Args:
            team: As Bolt reads it from what was sent.
        """
        if self.is_lone:
            return next(iter(self._installed.values()), None)
        if team not in self._installed:
            self.look()  # installed a moment ago, perhaps with the help of another process
        return self._installed.get(team or "")

    def of(self, workspace: str) -> Services | None:
        """The parts of a workspace; None while they are not there yet, or not any more."""
        return self._open.get(workspace)

    def all(self) -> Sequence[Services]:
        """The parts of each."""
        return list(self._open.values())

    @property
    def ids(self) -> Sequence[str]:
        """Everybody who lets us in, also while their parts are not there yet."""
        return list(self._installed)

    def look(self) -> None:
        """Read again who lets us in, and with which token."""
        self._installed = {each.workspace: each for each in self._read(self.casebook)}
        for workspace in self._open.keys() - self._installed.keys():
            del self._open[workspace]
            self._goes_by(workspace, None)
            log.info("workspace_closed", workspace=workspace)
        for workspace, parts in self._open.items():
            now = self._installed[workspace]
            parts.client.token = now.token
            if parts.identity != now.identity:
                self._open[workspace] = replace(parts, identity=now.identity)

    async def refresh(self) -> None:
        """Look again, and make the parts of whoever came; whose playbook stands elsewhere by now goes by that one.

        Raises:
            UserError: when the playbook of a lone workspace has a fault; of several, the one with it waits.
        """
        self.look()
        self._waits = {each: why for each, why in self._waits.items() if each in self._installed}
        for installed in list(self._installed.values()):
            folder = self._playbook_of(installed.workspace)
            if self._playbooks.get(installed.workspace) == folder:
                continue
            try:
                known = await self._learnt(folder)
            except UserError as error:
                if self.is_lone:
                    raise
                if self._waits.get(installed.workspace) != error.what:
                    self._waits[installed.workspace] = error.what
                    log.warning("workspace_waits", workspace=installed.workspace, what=error.what)
                continue
            self._waits.pop(installed.workspace, None)
            if installed.workspace in self._installed:  # it may have gone while we learnt
                if self._has_begun and installed.workspace not in self._open:
                    self.unwritten.add(installed.workspace)
                self._open[installed.workspace] = self._open_parts(self._installed[installed.workspace], known)
                self._goes_by(installed.workspace, folder)
                if not self.is_lone:
                    log.info("workspace_open", workspace=installed.workspace)
        self._has_begun = True
        self.wake.person.set()
        self.wake.stream.set()
        self.wake.outbox.set()

    def _goes_by(self, workspace: str, folder: Path | None) -> None:
        """Note whose playbook it goes by from now on; None: it is gone."""
        before = self._playbooks.pop(workspace, None)
        if folder:
            self._playbooks[workspace] = folder
        if before and before not in self._playbooks.values():
            self._forget(before)
