"""A network namespace of one's own: whatever listens in it can be reached from nowhere else."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from tests.judges.npm import OutOfReach

LIFETIME = 150
"""Seconds after which everything in a namespace is killed, even when nobody is left to close it."""
PATIENCE = 40.0
"""Seconds that something awaited may take; nothing is said about how fast it should be."""

Found = TypeVar("Found")


def until(look: Callable[[], Found | None], what: str) -> Found:
    """What `look` finds once it finds something.

    Raises:
        TimeoutError: it found nothing in `PATIENCE` seconds.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise TimeoutError(f"waited {PATIENCE:.0f} seconds for {what}")


class Namespace:
    """A network namespace with loopback alone, and the processes in it; both end with the `with`.

    The namespace has no name: it lasts as long as a process in it, so nothing is left to delete.

    Raises:
        OutOfReach: this machine permits no network namespaces.
    """

    def __init__(self, port: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="aside-judge-"))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        try:
            make, enter = _ways()
            self._spawn("inside", [*make, sys.executable, str(_INSIDE), str(self.door), str(port)], None)
            self.holder = int(until(lambda: self.said("inside"), "the namespace"))
        except BaseException:
            self.close()
            raise
        self._enter = [*enter, "--target", str(self.holder), "--"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def door(self) -> Path:
        """A Unix socket that leads to the port inside."""
        return self.folder / "door"

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start a program inside; `env` is added to ours. It is killed after `LIFETIME` at the latest."""
        self._spawn(name, [*self._enter, *command], env)

    def stop(self, name: str) -> None:
        """Ask the program started under this name to end, and wait until it has."""
        _end(self._processes.pop(name))

    def run(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> str:
        """Run a program inside to its end; what it printed.

        Raises:
            AssertionError: it ended with anything but 0; the message is what it printed.
        """
        done = subprocess.run(
            [*self._enter, *command],
            check=False,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def said(self, name: str) -> str:
        """What the program started under this name has printed so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def request(self, method: str, path: str, body: object = None) -> Any:
        """One HTTP request to the port inside; the answer's JSON.

        Raises:
            OSError: nothing listens there yet.
        """
        with contextlib.closing(_Through(self.door)) as connection:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())

    def close(self) -> None:
        """End every process in the namespace, and with them the namespace."""
        for process in reversed(self._processes.values()):
            _end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self, name: str, command: Sequence[str], env: Mapping[str, str] | None) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                ["timeout", "--kill-after=2", str(LIFETIME), *command],
                cwd=self.folder,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes[name] = process


class _Through(http.client.HTTPConnection):
    """An HTTP connection through a Unix socket."""

    def __init__(self, door: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._door = door

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._door))


def _ways() -> tuple[list[str], list[str]]:
    """The command that makes a namespace here and the one that enters it: as root, else as anyone."""
    ways = [
        (["unshare", "--net"], ["nsenter", "--net"]),
        (
            ["unshare", "--user", "--map-root-user", "--net"],
            ["nsenter", "--user", "--net", "--preserve-credentials"],
        ),
    ]
    reason = "unshare and nsenter are not installed"
    for make, enter in ways:
        if shutil.which("unshare") and shutil.which("nsenter"):
            tried = subprocess.run([*make, "true"], check=False, capture_output=True, text=True, timeout=10)
            if tried.returncode == 0:
                return make, enter
            reason = tried.stderr.strip()
    raise OutOfReach(f"this machine permits no network namespace: {reason}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process and its children to end, then insist."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
            return


_INSIDE = Path(__file__).with_name("inside.py")
